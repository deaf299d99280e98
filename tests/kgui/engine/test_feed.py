from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from kgui.errors import DataError
from kgui.training import Data, Devices, Feed, Plan, Split

pytestmark = [pytest.mark.keras, pytest.mark.slow]

ROWS = 203


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    with h5py.File(tmp_path / "d.h5", "w") as file:
        file.create_dataset("x", data=np.arange(ROWS * 2, dtype=">i2").reshape(-1, 2), chunks=(10, 2))
        file.create_dataset("y", data=np.arange(ROWS, dtype="u1"), chunks=(16,))
    feeds = {"x": Feed("x", scale=0.5, offset=1)}, {"y": Feed("y")}
    return Plan(Data(str(tmp_path / "d.h5"), *feeds), Split(0.2, 1), batch_size=8, seed=5)


@pytest.fixture(params=["in memory", "streamed"])
def batches(request: pytest.FixtureRequest, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> Any:
    from kgui.engine import feed, samples

    if request.param == "streamed":
        monkeypatch.setattr(samples, "IN_MEMORY_BYTES", 0)
        # Windows of three batches.
        monkeypatch.setattr(feed, "WINDOW_BYTES", 3 * 8 * 5)
    return feed.Batches(plan, samples.load(plan), feed.Position())


def told(dataset: Any) -> list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    return [(x.numpy(), y.numpy()) for x, y in dataset]


def test_every_sample_comes_once_with_its_target_and_scaled(batches: Any) -> None:
    got = told(batches.training())
    assert [len(y) for _, y in got] == [8] * 20 + [2]
    assert batches.steps == len(got) == int(batches.training().cardinality())
    labels = np.concatenate([y for _, y in got])
    assert sorted(labels) == batches.samples.training.tolist()
    images = np.concatenate([x for x, _ in got])
    assert images.dtype == np.float32
    np.testing.assert_array_equal(images[:, 0], labels * 2 * 0.5 + 1)


def test_validation_comes_in_order(batches: Any) -> None:
    labels = np.concatenate([y for _, y in told(batches.validation())])
    assert labels.tolist() == batches.samples.validation.tolist()


def test_an_epoch_has_its_own_order_and_always_the_same(batches: Any) -> None:
    def order(epoch: int) -> list[int]:
        batches.position.epoch = epoch
        return [int(label) for _, y in told(batches.training()) for label in y]

    assert order(0) == order(0) != order(1)


def test_few_samples_that_are_left_go_into_the_last_batch(plan: Plan) -> None:
    from kgui.engine import feed, samples

    plan = plan.changed(devices=Devices("logical-cpu", 4))
    batches = feed.Batches(plan, samples.load(plan), feed.Position())
    # 162 samples: 20 batches of 8 and 2 samples on 4 devices. 41 for validation: 5 batches and 1 sample.
    assert [len(y) for _, y in told(batches.training())] == [8] * 19 + [10]
    assert [len(y) for _, y in told(batches.validation())] == [8] * 4 + [9]


def test_a_file_that_becomes_unreadable_is_told(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    from kgui.engine import feed, samples

    monkeypatch.setattr(samples, "IN_MEMORY_BYTES", 0)
    batches = feed.Batches(plan, samples.load(plan), feed.Position())
    batches.samples.source.close()
    with Path(plan.data.file).open("r+b") as file:
        file.truncate(2000)
    with pytest.raises(tf.errors.OpError):
        told(batches.training())
    assert isinstance(batches.failure, DataError)
    assert "damaged or cut short" in str(batches.failure)


def test_several_inputs_and_outputs_come_by_name(plan: Plan) -> None:
    from kgui.engine import feed, samples

    feeds = {"a": Feed("x"), "b": Feed("y", scale=0.1)}, {"c": Feed("y"), "d": Feed("x", offset=1)}
    plan = plan.changed(data=Data(plan.data.file, *feeds))
    batches = feed.Batches(plan, samples.load(plan), feed.Position())
    x, y = next(iter(batches.training()))
    assert x["a"].dtype == "int16"
    assert y["c"].dtype == "int64"
    np.testing.assert_allclose(x["b"], y["c"].numpy() * 0.1, rtol=1e-6)
    np.testing.assert_allclose(y["d"], x["a"].numpy() + 1.0)


def test_fewer_samples_than_devices_are_told(plan: Plan) -> None:
    from kgui.engine import samples

    plan = plan.changed(devices=Devices("logical-cpu", 64))
    with pytest.raises(DataError, match="41 samples for validation are fewer than the 64 devices"):
        samples.load(plan)

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgui import resources
from kgui.errors import FileError, PlanError
from kgui.training import Data, Devices, Feed, Plan, Project, Split, check

PLAN = {
    "data": {
        "file": "digits.h5",
        "inputs": {"image": {"dataset": "images", "scale": 0.0625}},
        "targets": {"digit": {"dataset": "labels"}},
    },
    "split": {"validation_fraction": 0.2, "seed": 1},
    "optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.003}},
    "loss": "sparse_categorical_crossentropy",
    "metrics": ["accuracy"],
    "epochs": 3,
    "batch_size": 32,
    "devices": {"kind": "logical-cpu", "count": 2},
    "seed": 1,
}


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    (tmp_path / "digits.h5").write_bytes(b"")
    return Plan.from_json(PLAN)


def messages(plan: Plan, folder: Path) -> list[str]:
    return [f"{problem.where}: {problem.message}. {problem.fix}" for problem in check(plan, folder)]


def test_a_plan_comes_back_as_it_was_written() -> None:
    plan = Plan.from_json(PLAN)
    assert plan.data.inputs["image"] == Feed("images", scale=0.0625)
    assert plan.devices == Devices("logical-cpu", 2)
    assert plan.devices.replicas == 2
    assert plan.to_json() == PLAN


def test_what_kgui_does_not_know_is_kept_at_every_depth() -> None:
    known = copy.deepcopy(PLAN)
    known["precision"] = "mixed_float16"
    known["data"]["inputs"]["image"]["augment"] = {"flip": True}
    known["split"]["by"] = "person"
    known["devices"]["note"] = "x"
    assert Plan.from_json(known).to_json() == known


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("epochs",), "three", "plan.epochs: Here should be a whole number, not 'three'."),
        (("epochs",), True, "plan.epochs: Here should be a whole number, not True."),
        (("seed",), -1, "plan.seed: Here should be a whole number from 0 to 4294967295, not -1."),
        (("data",), None, "plan.data: Here should be names with their values, not None."),
        (("data", "inputs", "image"), {"scale": 1}, 'plan.data.inputs.image: "dataset" is missing.'),
        (("devices", "kind"), "tpu", "plan.devices.kind: Here should be one of"),
        (("devices", "ids"), [0, "1"], "plan.devices.ids: Here should be a list of numbers of GPUs"),
        (("optimizer",), 3, "plan.optimizer: Here should be the name or the config of a Keras object, not 3."),
    ],
)
def test_a_wrong_key_is_named(path: tuple[str, ...], value: object, says: str) -> None:
    broken = copy.deepcopy(PLAN)
    place = broken
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(PlanError) as error:
        Plan.from_json(broken)
    assert str(error.value).startswith(says)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*PLAN, "x"]), inner, max_size=4),
    max_leaves=8,
)


@given(JSON)
def test_whatever_stands_in_a_file_is_a_plan_or_an_explained_error(value: object) -> None:
    try:
        json.dumps(Plan.from_json(value).to_json())
    except PlanError as error:
        assert error.where


def test_a_sound_plan_has_no_problems(plan: Plan, tmp_path: Path) -> None:
    assert messages(plan, tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"epochs": 0}, ["epochs: 0 epochs train nothing. Set at least 1."]),
        (
            {"devices": Devices("logical-cpu", 3)},
            ["batch_size: A batch of 32 samples cannot be split evenly over 3 devices. Set a batch size of 30 or 33."],
        ),
        ({"devices": Devices("gpu")}, ["devices.ids: No GPU is chosen. Choose at least one, or the CPU."]),
        ({"devices": Devices("gpu", ids=(1, 1))}, ["devices.ids: A GPU is chosen twice. Name each GPU once."]),
        (
            {"devices": Devices("logical-cpu", 0)},
            ["devices.count: There must be at least one device. Set a count of 1 or more."],
        ),
        ({"batch_size": 0}, ["batch_size: A batch of 0 samples is empty. Set at least 1."]),
        (
            {"split": Split(1.0)},
            [
                "split.validation_fraction: A validation fraction of 1 leaves nothing to train on. "
                "Set a fraction from 0 to below 1, like 0.2."
            ],
        ),
        (
            {"optimizer": {"class_name": "Adam", "config": {"gradient_accumulation_steps": 4}}},
            [
                "optimizer.gradient_accumulation_steps: Keras cannot accumulate gradients over several devices. "
                "Take gradient_accumulation_steps out, or train on one device."
            ],
        ),
    ],
)
def test_each_problem_says_what_mends_it(
    plan: Plan, tmp_path: Path, changes: dict[str, object], says: list[str]
) -> None:
    assert messages(plan.changed(**changes), tmp_path) == says


def test_a_missing_data_file_is_a_problem(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "digits.h5").unlink()
    assert messages(plan, tmp_path) == [
        f"data.file: The data file {tmp_path / 'digits.h5'} is missing. Choose the file where it is now."
    ]


@pytest.mark.parametrize(
    ("text", "devices", "told"),
    [
        ("cpu", Devices(), "the CPU"),
        ("2xcpu", Devices("logical-cpu", 2), "2 logical CPU devices"),
        ("gpu", Devices("gpu", ids=(0,)), "GPU 0"),
        ("gpu:0,2", Devices("gpu", ids=(0, 2)), "GPUs 0, 2"),
    ],
)
def test_devices_as_the_command_line_writes_them(text: str, devices: Devices, told: str) -> None:
    assert Devices.parse(text) == devices
    assert str(devices) == told


@pytest.mark.parametrize("text", ["", "tpu", "0xcpu", "xcpu", "gpu:", "gpu:a", "2xcpu3"])
def test_other_words_name_no_devices(text: str) -> None:
    with pytest.raises(PlanError, match="names no devices"):
        Devices.parse(text)


def test_a_project_comes_back_from_its_file(tmp_path: Path) -> None:
    plan = Plan(Data("d.npz", {"x": Feed("x")}, {"y": Feed("y")}), epochs=7)
    Project(tmp_path / "a.kgui", "Ä project", "m.keras", plan, {"window": {"zoom": 2}}).save()
    project = Project.load(tmp_path / "a.kgui")
    assert project.name == "Ä project"
    assert project.plan == plan
    assert project.extra == {"window": {"zoom": 2}}
    assert project.model_path == tmp_path / "m.keras"
    assert [path.name for path in tmp_path.iterdir()] == ["a.kgui"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "This is not a project file: it is not JSON"),
        ("[1]", "This is not a project file: it holds no JSON object"),
        ("{}", 'This is not a project file: it has no "kgui" version'),
        ('{"kgui": 99}', "This project was saved by a newer kgui"),
        ('{"kgui": 1}', "This project names no model"),
        ('{"kgui": 1, "model": "m.keras"}', "This project has no training plan"),
        ('{"kgui": 1, "model": "m.keras", "plan": {}}', 'plan: "data" is missing'),
        ("[" * 100_000, "This is not a project file: it is not JSON"),
    ],
)
def test_a_file_that_is_no_project_says_why(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "a.kgui"
    path.write_text(text)
    with pytest.raises((FileError, PlanError)) as error:
        Project.load(path)
    assert says in str(error.value)
    assert str(path) in str(error.value)


def test_the_bundled_sample_can_be_trained() -> None:
    project = Project.load(resources.path("samples", "digits.kgui"))
    assert project.model_path.is_file()
    assert check(project.plan, project.folder) == []
    assert project.plan.devices.replicas == 2

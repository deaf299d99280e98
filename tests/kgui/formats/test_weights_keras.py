"""Weights of models that Keras has just written, compared with Keras' own: number, order, shapes, dtypes, values."""

from __future__ import annotations

import importlib
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_kinds import KINDS, fill

from kgui.formats.checkpoint import Bundle, CheckpointStore
from kgui.formats.hdf5 import SafeHdf5
from kgui.formats.notes import Notes
from kgui.formats.open import open_model
from kgui.formats.structure import decode_model
from kgui.formats.weights_legacy import WeightsLegacy
from kgui.formats.weights_v3 import WeightsV3
from kgui.graph import Layer, Model

pytestmark = [pytest.mark.keras, pytest.mark.slow]

Truth = dict[str, list[tuple[tuple[int, ...], str, bool, np.ndarray]]]

# Low-rank layers are written merged into their kernel, so that the file has less than the model in memory.
MERGED = {"low_rank"}
# Keras 3 writes the quantized kernel after the bias here, as it trains it; names come from the file.
LEGACY_ORDER = {"quantized", "spectral_normalization"}


# tf_keras 2.21 cannot save these itself: an Ellipsis in a .keras file, a name with a space in a SavedModel.
NOT_SAVED = {"slicing", "odd_names"}

# A SavedModel takes TensorFlow seconds to write, so these stand for all.
SAVED = {
    "mlp", "cnn_sequential", "siamese", "nested_deep", "sequential_of_models", "bidirectional", "stacked_cells",
    "transformer", "custom_layer", "text", "time_distributed_model", "frozen_nested", "shared_layer",
    "image_preprocessing", "mixed_precision",
}  # fmt: skip


class Written:
    """A model in all the formats that its framework writes, and what its layers hold."""

    def __init__(self, folder: Path, name: str, framework: str) -> None:
        keras = importlib.import_module(framework)
        self.name, self.folder, self.framework = name, folder, framework
        model = KINDS[name].build(keras)
        fill(model)
        self.truth: Truth = {}
        self.total = sum(int(np.prod(weight.shape)) for weight in model.weights)
        self._note(model)
        self.zip, self.weights, self.legacy = (folder / f"{name}{end}" for end in (".keras", ".weights.h5", ".h5"))
        model.save(self.zip)
        model.save_weights(self.weights)
        self.graph = KINDS[name].graph
        if self.graph:
            model.save(self.legacy)
        if framework == "keras" and self.total:
            largest = max(int(np.prod(weight.shape)) * 4 for weight in model.weights)
            model.save_weights(folder / f"{name}.weights.json", max_shard_size=(largest + 64) / 1024**3)
        if framework == "tf_keras":
            if name in SAVED:
                model.save(folder / f"{name}_saved", save_format="tf")
            model.save_weights(folder / f"{name}_checkpoint" / "ck")

    def _note(self, layer: Any) -> None:
        trained = {id(weight) for weight in layer.trainable_weights}
        for inner in getattr(layer, "layers", ()):
            self._note(inner)
        self.truth.setdefault(
            layer.name,
            [
                (tuple(w.shape), np.asarray(w).dtype.name, id(w) in trained, np.asarray(w, dtype="float64"))
                for w in layer.weights
            ],
        )

    def model(self) -> Model:
        with zipfile.ZipFile(self.zip) as archive:
            version = json.loads(archive.read("metadata.json"))["keras_version"]
            return decode_model(json.loads(archive.read("config.json")), Notes(), version=version)


def build(folder: Path, framework: str) -> list[Written]:
    usable = [kind.name for kind in KINDS.values() if (kind.keras3 if framework == "keras" else kind.keras2)]
    left_out = MERGED if framework == "keras" else MERGED | NOT_SAVED
    return [Written(folder, name, framework) for name in usable if name not in left_out]


@pytest.fixture(scope="module", params=["keras", "tf_keras"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Written]:
    return build(tmp_path_factory.mktemp(request.param), request.param)


def leaves(model: Model) -> Iterator[Layer]:
    return (layer for _, layer in model.walk() if layer.model is None and not layer.implied)


def compare(model: Model, store: Any, truth: Truth, *, ordered: bool = True) -> list[str]:
    """What differs, in words."""
    wrong = []
    for layer in leaves(model):
        if layer.name not in truth or layer.is_operation:
            continue
        custom = (layer.module or "").startswith("model_kinds") or layer.registered_name is not None
        wanted = [(shape, dtype, trainable) for shape, dtype, trainable, _ in truth[layer.name]]
        found = [(w.shape, w.dtype, w.trainable) for w in layer.weights or ()]
        if custom:  # no file says which weights of a class that nobody knows are trained
            wanted = [(shape, dtype, None) for shape, dtype, _ in wanted]
            found = [(shape, dtype, None) for shape, dtype, _ in found]
        if not ordered:
            wanted, found = sorted(wanted, key=str), sorted(found, key=str)
            if any(trainable is None for *_, trainable in found):
                wanted, found = [x[:2] for x in wanted], [x[:2] for x in found]
        if wanted != found:
            wrong.append(f"{layer.name}: {wanted} but {found}")
        values = [store.read(w).astype("float64") for w in layer.weights or ()]
        sums = [float(v.sum()) for v in values]
        right = [float(v.sum()) for *_, v in truth[layer.name]]
        if not ordered:
            sums, right = sorted(sums), sorted(right)
        if not np.allclose(sums, right):
            wrong.append(f"{layer.name}: other values")
        if ordered and any(not np.array_equal(a, b[3]) for a, b in zip(values, truth[layer.name], strict=False)):
            wrong.append(f"{layer.name}: values in another order")
    return wrong


def total(model: Model) -> int:
    return sum({weight.path: weight.size for _, layer in model.walk() for weight in layer.weights or ()}.values())


def test_every_layer_gets_its_arrays_from_attribute_paths(written: list[Written]) -> None:
    wrong = {}
    for item in written:
        if not item.graph:
            continue
        model, store = item.model(), WeightsV3([SafeHdf5(item.weights)])
        notes = store.attach(model)
        found = [*compare(model, store, item.truth), *notes]
        if total(model) != item.total:
            found.append(f"{total(model)} parameters, not {item.total}")
        if found:
            wrong[item.name] = found
        store.close()
    assert wrong == {}
    assert len(written) > 55


def test_every_layer_gets_its_arrays_from_groups_by_name(written: list[Written]) -> None:
    wrong = {}
    for item in written:
        if not item.graph:
            continue
        model, store = item.model(), WeightsLegacy(SafeHdf5(item.legacy))
        notes = store.attach(model)
        found = [*compare(model, store, item.truth, ordered=item.name not in LEGACY_ORDER), *notes]
        if total(model) != item.total:
            found.append(f"{total(model)} parameters, not {item.total}")
        if found:
            wrong[item.name] = found
        store.close()
    assert wrong == {}


def test_inference_by_rule_names_the_same_weights(written: list[Written]) -> None:
    """The file is the judge of the rules, and the rules of how arrays are named."""
    wrong = {}
    for item in written:
        if not item.graph:
            continue
        with open_model(item.zip) as file:
            stack = [(file.model, file.inference)]
            while stack:
                model, inference = stack.pop()
                for layer in model.layers.values():
                    result = inference.layers[layer.id]
                    if layer.model is not None:
                        assert result.model is not None
                        stack.append((layer.model, result.model))
                    elif result.weights is not None and layer.registered_name is None:
                        ruled = [(w.name, w.shape, w.dtype, w.trainable) for w in result.weights]
                        found = [(w.name, w.shape, w.dtype, w.trainable) for w in layer.weights or ()]
                        if ruled != found and (layer.module or "").startswith("keras"):
                            wrong[f"{item.name}: {layer.name}"] = (ruled, found)
    assert wrong == {}


def test_files_without_architecture_have_all_the_parameters(written: list[Written]) -> None:
    wrong = {}
    for item in written:
        for path in (item.weights, *([item.zip] if not item.graph else [])):
            with open_model(path) as file:
                if total(file.model) != item.total:
                    wrong[path.name] = (total(file.model), item.total)
                for weight in (w for _, layer in file.model.walk() for w in layer.weights or ()):
                    assert file.read(weight).shape == weight.shape
    assert wrong == {}


def test_shards_hold_what_one_file_holds(written: list[Written]) -> None:
    sharded = [item for item in written if (item.folder / f"{item.name}.weights.json").is_file()]
    if written[0].framework != "keras":
        assert sharded == []
        return
    assert len(sharded) > 50
    for item in sharded:
        with open_model(item.folder / f"{item.name}.weights.json") as file:
            assert total(file.model) == item.total, item.name
        if item.graph:
            model = item.model()
            with open_model(item.folder / f"{item.name}.weights.json") as file:
                file.list_weights()
                assert file.store is not None
                assert file.store.attach(model) == [], item.name
                assert compare(model, file.store, item.truth) == [], item.name


def test_checkpoints_and_saved_models(written: list[Written]) -> None:
    wrong: dict[str, Any] = {}
    for item in written if written[0].framework == "tf_keras" else []:
        bundle = Bundle(item.folder / f"{item.name}_checkpoint" / "ck")
        if item.graph:
            model, store = item.model(), CheckpointStore(bundle)
            found = [*store.attach(model), *compare(model, store, item.truth)]
            if found:
                wrong[f"{item.name} checkpoint"] = found
        if item.name in SAVED:
            with open_model(item.folder / f"{item.name}_saved") as file:
                found = compare(file.model, file, item.truth)
                if found or total(file.model) != item.total:
                    wrong[f"{item.name} SavedModel"] = found or total(file.model)
        alone = Model("weights")
        CheckpointStore(bundle).attach(alone)
        if total(alone) != item.total:
            wrong[f"{item.name} alone"] = (total(alone), item.total)
    assert wrong == {}


def test_stored_shapes_of_a_saved_model_are_those_of_keras(tmp_path: Path) -> None:
    import tf_keras

    model = KINDS["residual"].build(tf_keras)
    model.save(tmp_path / "saved", save_format="tf")
    with open_model(tmp_path / "saved") as file:
        assert file.keras_version is not None
        by_name = {layer.name: layer for layer in file.model.layers.values()}
        stored = {ref.layer: spec for ref, spec in file.model.stored.items()}
        checked = 0
        for layer in model.layers:
            if by_name[layer.name].id in stored and isinstance(layer.output_shape, tuple):
                spec = stored[by_name[layer.name].id]
                assert spec.shape is not None
                assert len(spec.shape) == len(layer.output_shape)
                assert all(a is None or a == b for a, b in zip(spec.shape, layer.output_shape, strict=True))
                checked += 1
        assert checked > 5


def test_exports_of_keras_3_show_their_variables(tmp_path: Path) -> None:
    import keras

    model = KINDS["mlp"].build(keras)
    model.export(str(tmp_path / "export"))
    with open_model(tmp_path / "export") as file:
        assert total(file.model) == model.count_params()
        assert "signature serving_default" in file.facts
        assert any("no layers" in note for note in file.notes)
        assert {layer.class_name for layer in file.model.layers.values()} == {"Dense"}
        assert file.container_risks == []

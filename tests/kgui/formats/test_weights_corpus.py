"""Real public files: the parameters in them are those of the manifest."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from kgui.errors import FileError
from kgui.formats.open import open_model

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "corpus"
MANIFEST = CORPUS / "MANIFEST.tsv"


def rows() -> list[dict[str, str]]:
    if not MANIFEST.is_file():
        return []
    with MANIFEST.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


ROWS = rows()
WITH_ARRAYS = [row for row in ROWS if row["params"] and row["format"] in ("h5", "h5-weights")]
WITHOUT_LAYERS = [row for row in ROWS if row["format"] in ("onnx", "tflite")]

pytestmark = pytest.mark.skipif(not ROWS, reason="the corpus is not here")


@pytest.mark.parametrize("row", WITH_ARRAYS, ids=[Path(row["file"]).name for row in WITH_ARRAYS])
def test_arrays_in_the_file_are_all_parameters(row: dict[str, str]) -> None:
    with open_model(CORPUS / row["file"]) as file:
        weights = [weight for _, layer in file.model.walk() for weight in layer.weights or ()]
        assert sum(weight.size for weight in weights) == int(row["params"])
        assert not [note for note in file.notes if "claims" in note or "no weights" in note]
        for weight in weights[:5]:
            assert file.read(weight).shape == weight.shape
        if row["format"] == "h5-weights":
            assert len(file.model.layers) == int(row["n_layers"])


@pytest.mark.parametrize("row", WITHOUT_LAYERS, ids=[row["format"] for row in WITHOUT_LAYERS])
def test_what_holds_no_layers_is_said_in_a_sentence(row: dict[str, str]) -> None:
    with pytest.raises(FileError, match=r"\d+ operators"):
        open_model(CORPUS / row["file"])


def test_a_saved_model_of_tensorflow_2_4_without_keras_metadata_file() -> None:
    folder = CORPUS / "spotify+basic-pitch/basic_pitch/saved_models/icassp_2022/nmp"
    with open_model(folder) as file:
        assert file.format == "saved-model"
        assert file.keras_version == "2.4.0"
        assert file.model.kind == "functional"
        assert sum(w.size for _, layer in file.model.walk() for w in layer.weights or ()) == 16_864
        assert file.container_risks == []
        shapes = {
            file.model.layers[ref.layer].name: spec.shape for ref, spec in file.model.stored.items() if not ref.tensor
        }
        # Custom layers, of which only the stored functions know the shapes.
        assert shapes["cq_t2010v2_1"] == (None, 172, 309)
        assert shapes["harmonic_stacking"] == (None, 172, 264, 8)
        kernel = file.model.named("conv2d_1")
        assert kernel is not None
        assert kernel.weights is not None
        assert file.read(kernel.weights[0], (0, slice(0, 2))).shape == (2, 8, 8)


def test_the_index_of_its_variables_is_a_checkpoint() -> None:
    path = CORPUS / "spotify+basic-pitch/basic_pitch/saved_models/icassp_2022/nmp/variables/variables.index"
    with open_model(path) as file:
        assert file.format == "checkpoint"
        assert sum(w.size for _, layer in file.model.walk() for w in layer.weights or ()) == 16_864

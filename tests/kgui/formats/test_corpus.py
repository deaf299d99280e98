"""Every file of the corpus of real public models: its graph, or a clear word where there is none."""

import csv
from pathlib import Path

import pytest

import kgui
from kgui.errors import KguiError
from kgui.formats.pairing import words_of

CORPUS = next(
    (path / "shared" / "corpus" for path in Path(__file__).parents if (path / "shared" / "corpus").is_dir()), None
)


def rows():
    if CORPUS is None:
        return []
    with (CORPUS / "MANIFEST.tsv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


pytestmark = pytest.mark.skipif(CORPUS is None, reason="the corpus is not here")

WITH_GRAPH = ("h5", "keras", "json", "yaml", "saved-model")
ERAS = {"0": "keras-0", "1": "keras-1", "2": "keras-2"}


@pytest.mark.parametrize("row", [row for row in rows() if row["format"] in WITH_GRAPH], ids=lambda row: row["file"])
def test_graph_and_parameters(row):
    with kgui.open_model(CORPUS / row["file"]) as opened:
        model = opened.model
        assert model.kind in ("functional", "sequential")
        assert model.class_name == row["top_class"]
        assert model.era == ERAS[row["keras_version"][0]]
        assert opened.inference.params == int(row["params"])
        assert opened.inference.complete or row["custom"]


@pytest.mark.parametrize("row", [row for row in rows() if row["format"] == "h5-weights"], ids=lambda row: row["file"])
def test_weights_alone(row):
    with kgui.open_model(CORPUS / row["file"]) as opened:
        assert opened.format == "weights"
        assert opened.model.kind == "weights"
        assert sum(weight.size for weight in opened.list_weights()) == int(row["params"])
        assert any("without an architecture" in note for note in opened.notes)


@pytest.mark.parametrize(
    "row", [row for row in rows() if row["format"] not in (*WITH_GRAPH, "h5-weights")], ids=lambda row: row["file"]
)
def test_everything_else_is_opened_or_said(row):
    path = CORPUS / row["file"]
    try:
        with kgui.open_model(path) as opened:
            assert opened.model.layers or opened.notes, "what has no graph says so"
            assert opened.model.kind in ("weights", "subclassed", "functional")
    except KguiError as error:
        assert str(path) in str(error)
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    "row", [row for row in rows() if row["format"] in ("json", "yaml", "h5")], ids=lambda row: row["file"]
)
def test_written_back_in_its_own_words(row, tmp_path):
    from kgui.formats.structure import encode_model

    suffix = {"json": ".json", "yaml": ".yaml", "h5": ".h5"}[row["format"]]
    with kgui.open_model(CORPUS / row["file"]) as opened:
        if opened.model.era == "keras-0" and suffix == ".h5":
            pytest.skip("there are no such files")
        opened.save(tmp_path / f"again{suffix}")
        with kgui.open_model(tmp_path / f"again{suffix}", weights_path=opened.weights_path) as again:
            assert encode_model(again.model, lambda ref: None) == encode_model(opened.model, lambda ref: None)
            assert again.inference.params == opened.inference.params
            if suffix == ".h5":
                for one, other in zip(opened.list_weights(), again.list_weights(), strict=True):
                    assert one.path == other.path
                    assert (opened.read(one) == again.read(other)).all()


def test_every_architecture_is_paired_with_its_weights_and_no_others():
    weights = {CORPUS / row["file"] for row in rows() if row["format"] == "h5-weights"}
    paired, alone = {}, []
    for row in rows():
        if row["format"] in ("json", "yaml"):
            with kgui.open_model(CORPUS / row["file"]) as opened:
                assert not [note for note in opened.notes if "not taken" in note]
                if opened.weights_path is None:
                    alone.append(CORPUS / row["file"])
                    continue
                # Confirmed: every array of the file belongs to a layer, and no layer is without.
                assert sum(weight.size for weight in opened.list_weights()) == int(row["params"])
                assert not [note for note in opened.notes if "claims" in note or "no weights" in note]
                paired[opened.weights_path] = row["file"]
    print(f"{len(paired)} pairs, {len(alone)} architectures whose weights are not in the corpus")
    assert len(paired) >= 10
    by_name = {path: words_of(path.name) for path in weights}
    for path in alone:
        assert words_of(path.name) not in [words for other, words in by_name.items() if other.parent == path.parent]
    for path in weights - paired.keys():
        assert not [
            row["file"]
            for row in rows()
            if row["format"] in ("json", "yaml")
            and (CORPUS / row["file"]).parent == path.parent
            and words_of(Path(row["file"]).name) == by_name[path]
        ]

"""Pictures of models: SVG, PNG, PDF and DOT."""

import io
import re
import struct
import xml.etree.ElementTree as ElementTree

import pytest
from layout_models import Builder, nested, residual, siamese

from kgui.errors import FileError, LimitError
from kgui.graph import Model
from kgui.layout import card as measures
from kgui.layout.text import width
from kgui.reports.picture import PictureOptions, picture, save
from kgui.reports.picture_dot import dot
from kgui.reports.picture_pdf import pdf
from kgui.reports.picture_png import png
from kgui.reports.picture_shapes import Outline, Text
from kgui.reports.picture_svg import svg
from kgui.reports.plot import plot

SVG = "{http://www.w3.org/2000/svg}"


def said(drawing):
    return [text.text for text in drawing.texts()]


def draw(made, **options):
    return picture(made.model, made.inference, PictureOptions(**options))


@pytest.mark.parametrize(
    ("options", "there", "not_there"),
    [
        ({}, ["Conv2D", "stem", "64 · 3×3 · same"], ["(None, 32, 32, 64)"]),
        ({"show_shapes": True}, ["(None, 32, 32, 64)"], []),
        ({"show_dtype": True}, ["float32"], []),
        ({"show_shapes": True, "show_dtype": True}, ["(None, 10) float32"], []),
        ({"show_layer_names": False}, ["Conv2D"], ["stem", "out"]),
        ({"show_arguments": False}, ["stem"], ["64 · 3×3 · same"]),
        ({"show_arguments": False, "show_layer_activations": True}, ["softmax"], ["10 · softmax"]),
        ({"show_trainable": True}, ["10 · softmax · trainable"], []),
    ],
)
def test_the_options_of_keras_choose_what_stands_on_the_cards(options, there, not_there):
    texts = said(draw(residual(), **options))
    assert set(there) <= set(texts)
    assert not set(not_there) & set(texts)


def test_nested_models_are_opened_on_request_only():
    assert "stem" not in said(draw(nested(2)))
    opened = said(draw(nested(2), expand_nested=True))
    assert "stem" in opened and "Functional · inner0" in opened


@pytest.mark.parametrize("rankdir", ["TB", "LR"])
def test_everything_is_on_the_page(rankdir):
    drawing = draw(siamese(), rankdir=rankdir, expand_nested=True, show_shapes=True)
    for shape in drawing.shapes:
        if isinstance(shape, Text):
            assert shape.x >= 0 and shape.x + width(shape.text, shape.size, shape.face) <= drawing.width
            assert 0 <= shape.baseline <= drawing.height
        else:
            for _, *values in shape.segments:
                assert all(0 <= x <= drawing.width for x in values[::2])
                assert all(0 <= y <= drawing.height for y in values[1::2])


def test_from_left_to_right_is_wider_than_high():
    down, across = draw(residual()), draw(residual(), rankdir="LR")
    assert down.height > down.width and across.width > across.height


def test_svg_is_xml_in_which_every_name_is_text():
    root = ElementTree.fromstring(svg(draw(siamese(), expand_nested=True)).encode())
    texts = ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]
    assert '<b>&"lam�' in texts
    assert not list(root.iter(f"{SVG}script"))
    tags = {node.tag.removeprefix(SVG) for node in root.iter()}
    assert tags == {"svg", "title", "style", "rect", "path", "text"}


def test_svg_brings_its_fonts_along():
    text = svg(draw(residual()))
    assert text.count("@font-face") == 2
    assert "@font-face" not in svg(draw(residual()), embed_fonts=False)


def test_themes_colour_the_ground():
    assert draw(residual(), theme="light").background != draw(residual(), theme="dark").background
    assert draw(residual(), transparent=True).background is None


def test_a_custom_class_has_a_dashed_edge():
    dashed = [shape for shape in draw(siamese()).shapes if isinstance(shape, Outline) and shape.dash]
    assert len(dashed) == 1


@pytest.mark.parametrize("dpi", [48, 96, 150])
def test_png_has_the_wanted_dots_per_inch(dpi):
    pytest.importorskip("resvg_py")
    drawing = draw(residual())
    data = png(drawing, dpi)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    wide, high = struct.unpack(">II", data[16:24])
    assert wide == pytest.approx(drawing.width * dpi / 96, abs=1)
    assert high == pytest.approx(drawing.height * dpi / 96, abs=1)


def test_png_shows_the_colours_of_the_cards():
    pytest.importorskip("resvg_py")
    image = pytest.importorskip("PIL.Image")
    drawing = draw(residual())
    picture = image.open(io.BytesIO(png(drawing, 96))).convert("RGB")
    header = next(s for s in drawing.shapes if isinstance(s, Outline) and s.fill == "#667082")
    (_, x, y), *_ = header.segments
    assert picture.getpixel((int(x) + 2, int(y) + 4)) == (0x66, 0x70, 0x82)


def test_a_png_that_is_too_large_is_refused_with_a_way_out():
    drawing = draw(residual())
    with pytest.raises(LimitError, match="dpi, or write SVG or PDF"):
        png(drawing, 100_000)


def test_pdf_is_a_document_whose_table_finds_every_object():
    data = pdf(draw(siamese(), expand_nested=True, show_shapes=True))
    assert data.startswith(b"%PDF-1.7") and data.endswith(b"%%EOF\n")
    start = int(re.search(rb"startxref\n(\d+)", data)[1])
    table = data[start:].splitlines()
    count = int(table[1].split()[1])
    for number, row in enumerate(table[3 : 2 + count], 1):
        place = int(row.split()[0])
        assert data[place:].startswith(b"%d 0 obj" % number)


def test_the_text_of_a_pdf_can_be_selected():
    pdfium = pytest.importorskip("pypdfium2")
    document = pdfium.PdfDocument(pdf(draw(siamese(), show_shapes=True)))
    text = document[0].get_textpage().get_text_range()
    assert "MultiHeadAttention" in text and "(None, 32, 32, 3)" in text
    assert "shared 2/2" in text


def test_a_very_long_pdf_is_scaled_to_what_readers_can_show():
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf(draw(residual(300))))
    assert max(float(box[1]), float(box[2])) <= 14_400


def test_a_character_that_the_fonts_lack_does_not_break_the_pdf():
    made = Builder("模型")
    made.add("Dense", "卷积层")
    assert b"%%EOF" in pdf(picture(made.model))


def test_dot_has_a_node_per_call_and_an_edge_per_tensor():
    made = siamese()
    graph = dot(made.model, made.inference)
    assert len(graph.get_nodes()) - 1 == len(made.model.layers) + 1  # less the defaults, more the second call
    assert len(graph.get_edges()) == 10


def test_dot_opens_nested_models_as_clusters_and_survives_hostile_names():
    made = siamese()
    text = dot(made.model, made.inference, PictureOptions(expand_nested=True, rankdir="LR", dpi=70)).to_string()
    assert text.count("subgraph cluster_") == 2
    assert r"\<b\>&\"lam�" in text
    assert "rankdir=LR" in text and "dpi=70" in text


def test_dot_as_a_subgraph_is_a_cluster():
    pydot = pytest.importorskip("pydot")
    assert isinstance(dot(residual().model, subgraph=True), pydot.Cluster)


def test_a_file_is_written_in_the_format_of_its_name(tmp_path):
    made = residual()
    starts = {"svg": b"<?xml", "pdf": b"%PDF", "dot": b"digraph"}
    for ending, start in starts.items():
        path = tmp_path / f"model.{ending.upper()}"
        plot(made.model, made.inference, path, show_shapes=True)
        assert path.read_bytes().startswith(start)


@pytest.mark.parametrize("name", ["model.jpg", "model"])
def test_an_unknown_format_is_refused_in_words(tmp_path, name):
    made = residual()
    with pytest.raises(FileError, match="Let the name end with"):
        save(tmp_path / name, made.model)


def test_a_folder_that_is_not_there_is_said(tmp_path):
    made = residual()
    with pytest.raises(FileError, match="folder does not exist"):
        save(tmp_path / "nowhere" / "model.svg", made.model)


def test_an_empty_model_is_an_empty_picture():
    drawing = picture(Model("functional"))
    assert drawing.shapes == [] and drawing.width == 64
    assert b"%%EOF" in pdf(drawing) and "</svg>" in svg(drawing)


def test_text_stays_within_its_card():
    made = Builder()
    made.add("A" * 90, "b" * 200, shape=tuple(range(60)))
    drawing = picture(made.model, made.inference, PictureOptions(show_shapes=True))
    for text in drawing.texts():
        assert text.x + width(text.text, text.size, text.face) <= drawing.width - 32 - measures.PADDING / 2

"""The config dock: the raw config as a tree, unfolded bit by bit, copied as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication

from app.config.panel import ConfigPanel
from app.config.tree import AT_ONCE, ConfigTree, text_of
from app.session import Opened, Session
from kgui.graph.model import Layer, Model
from kgui.inference import infer

pytestmark = pytest.mark.gui

DENSE = {"name": "d", "units": 3, "kernel_initializer": {"class_name": "Zeros", "config": {}}, "text": "<b>x</b>"}


@pytest.fixture
def session(qapp: Any) -> Session:
    inner = Model("functional", "inner", layers={7: Layer(7, "deep", "Dense", {"units": 1})})
    layers = {0: Layer(0, "d", "Dense", DENSE), 1: Layer(1, "nest", "Functional", {}, model=inner)}
    model = Model("functional", "m", layers=layers, config={"name": "m"})
    return Session(Opened(None, model, infer(model)))


@pytest.fixture
def panel(qtbot: Any, session: Session) -> ConfigPanel:
    made = ConfigPanel()
    qtbot.addWidget(made)
    made.resize(320, 500)
    made.show()
    made.show_session(session)
    yield made
    made.show_session(None)


def found(tree: ConfigTree, *keys: str) -> QModelIndex:
    index = QModelIndex()
    for key in keys:
        while tree.canFetchMore(index):
            tree.fetchMore(index)
        index = next(
            child for child in (tree.index(row, 0, index) for row in range(tree.rowCount(index))) if child.data() == key
        )
    return index


def test_a_selected_layer_shows_its_config_unfolded(panel: ConfigPanel, session: Session) -> None:
    session.selection = (((0,), 0),)
    tree = panel.items
    config = found(tree, "config")
    assert panel.tree.isExpanded(config)
    units = found(tree, "config", "units")
    assert units.siblingAtColumn(1).data() == "3"
    assert tree.parent(units) == config
    assert found(tree, "config", "kernel_initializer").siblingAtColumn(1).data() == "Zeros"


def test_layers_are_made_when_they_are_unfolded(panel: ConfigPanel) -> None:
    tree = panel.items
    layers = found(tree, "layers")
    assert layers.siblingAtColumn(1).data() == "[2]" and tree.rowCount(layers) == 0
    assert found(tree, "layers", "1", "layers", "0", "config", "units").siblingAtColumn(1).data() == "1"


def test_a_value_is_copied_with_all_below_it(panel: ConfigPanel, session: Session) -> None:
    session.selection = (((0,), 0),)
    clipboard = QGuiApplication.clipboard()
    panel.copy(found(panel.items, "config"))
    assert json.loads(clipboard.text()) == DENSE
    panel.copy(found(panel.items, "config", "text"))
    assert clipboard.text() == "<b>x</b>"
    panel.tree.setCurrentIndex(found(panel.items, "config", "units"))
    panel._copy_entry()
    assert json.loads(clipboard.text()) == {"units": 3}
    session.selection = ()
    panel.copy(QModelIndex())
    assert json.loads(clipboard.text())["layers"][1]["layers"][0]["name"] == "deep"


def test_texts_are_plain_and_tooltips_no_markup(panel: ConfigPanel, session: Session) -> None:
    session.selection = (((0,), 0),)
    text = found(panel.items, "config", "text").siblingAtColumn(1)
    assert text.data() == "<b>x</b>" and "<b>" not in text.data(Qt.ItemDataRole.ToolTipRole)


def test_long_lists_grow_a_thousand_at_a_time(qapp: Any) -> None:
    tree = ConfigTree()
    tree.show({"values": list(range(2500)), "none": None})
    values = found(tree, "values")
    assert tree.rowCount(values) == 0 and tree.canFetchMore(values)
    tree.fetchMore(values)
    assert tree.rowCount(values) == AT_ONCE
    while tree.canFetchMore(values):
        tree.fetchMore(values)
    assert tree.rowCount(values) == 2500
    assert tree.index(2499, 1, values).data() == "2499"


def test_what_is_nested_too_deep_can_be_looked_at_and_is_no_crash(panel: ConfigPanel, session: Session) -> None:
    deep: Any = 0
    for _ in range(100_000):
        deep = [deep]
    layer = session.model.layers[0]
    layer.config = {"deep": deep}
    session.selection = (((0,), 0),)
    index = found(panel.items, "config", "deep", "0", "0")
    assert index.siblingAtColumn(1).data() == "[1]"
    panel.copy(index)
    assert "nested too deep" in panel.bars.bars()[0].text
    while isinstance(deep, list):
        # Taken apart by hand: Python's own end of such a list is as deep as the list.
        deep = deep.pop()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"), (True, "true"), ("a", "a"), ([1, 2], "[1, 2]"), ([[1]], "[1]"), ({}, "{0}"), ([], "[]"),
        ({"class_name": "L2", "config": {}}, "L2"), ({"name": "x"}, "{1}"), (1e-7, "1e-07"),
        ("x" * 999, "x" * 400 + "…"),
    ],
)  # fmt: skip
def test_values_read_as_json_has_them(value: Any, text: str) -> None:
    assert text_of(value) == text

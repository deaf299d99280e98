"""The summary with many rows, what it copies, and its estimate of memory."""

from __future__ import annotations

import time

import pytest
from layout_models import nested, residual
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.session import Opened, Session
from app.summary import SummaryPanel
from app.summary.memory import memory
from app.summary.rows import rows
from app.summary.table import COLUMNS
from kgui.graph import Call, Layer, Model, TensorRef, TensorSpec, Weight
from kgui.inference.result import CallResult, Inference, LayerResult

pytestmark = pytest.mark.gui


@pytest.fixture
def show(qapp, qtbot):
    """Shows a model in a panel of its own."""
    made = []

    def make(built) -> SummaryPanel:
        session = Session(Opened(None, built.model, built.inference))
        panel = SummaryPanel()
        panel.resize(1200, 300)
        panel.show()
        panel.show_session(session)
        made.append((panel, session))
        return panel

    yield make
    for panel, session in made:
        panel.show_session(None)
        panel.close()
        panel.deleteLater()
        session.deleteLater()


def column(name: str) -> int:
    return next(place for place, each in enumerate(COLUMNS) if each.id == name)


def test_ten_thousand_rows_are_sorted_filtered_and_selected_at_once(show) -> None:
    panel = show(residual(3_500))
    assert panel.table.rowCount() >= 10_000
    session = panel._session
    start = time.thread_time()
    panel.view.sortByColumn(column("class"), Qt.SortOrder.DescendingOrder)
    panel.search.setText("conv2d")
    session.selection = [panel.table.row(place).key for place in range(panel.table.rowCount())]
    took = time.thread_time() - start
    assert len(panel.view.selectionModel().selectedRows()) == panel.table.rowCount() > 4_000
    assert took < 1.0


def test_rows_come_back_to_the_order_of_the_file(show) -> None:
    panel = show(residual(4))
    names = [panel.table.row(place).name for place in range(panel.table.rowCount())]
    panel.view.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    assert [panel.table.row(place).name for place in range(len(names))] == sorted(names, reverse=True)
    panel.view.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
    assert [panel.table.row(place).name for place in range(len(names))] == names


def test_what_is_copied_is_what_is_shown(show) -> None:
    panel = show(residual(2))
    for place, each in enumerate(COLUMNS):
        panel.view.setColumnHidden(place, each.id not in ("name", "class"))
    panel.view.selectRow(1)
    panel.copy()
    assert QApplication.clipboard().text() == "stem\tConv2D"


def test_layers_of_nested_models_are_indented_below_them(show) -> None:
    panel = show(nested(2))
    depths = [panel.table.row(place).depth for place in range(panel.table.rowCount())]
    assert max(depths) == 2
    deep = depths.index(2)
    assert panel.table.index(deep, 0).data().startswith(" " * 10)
    panel.view.selectRow(deep)
    assert len(panel._session.selection[0][0]) == 3


def dense(*, trainable: bool = True, dtype: str = "float32") -> tuple[Model, Inference]:
    """Input of 8 values, a layer of 8 × 4 + 4 parameters that is called twice."""
    model = Model("functional", "m")
    model.layers[0] = Layer(0, "in", "InputLayer", calls=[Call()])
    model.layers[1] = Layer(1, "d", "Dense", calls=[Call([TensorRef(0)]), Call([TensorRef(0)])])
    weights = [Weight("kernel", (8, 4), dtype, None, trainable), Weight("bias", (4,), dtype, None, trainable)]
    call = CallResult([TensorSpec((None, 4), dtype)], "rule", 32, 16)
    result = LayerResult([call, call], weights, 36, 36 if trainable else 0)
    first = LayerResult([CallResult([TensorSpec((None, 8), dtype)], "rule", 0, 32)], [], 0, 0)
    return model, Inference({0: first, 1: result}, params=36, trainable_params=36 if trainable else 0)


def test_memory_counts_weights_once_and_every_call() -> None:
    known = memory(*dense(), None)
    assert (known.weights, known.activations, known.gradients, known.optimizer) == (144, 64, 144, 288)
    assert known.training(10) == 144 + 144 + 288 + 640
    assert known.complete and not known.compiled


def test_memory_of_what_is_frozen_or_of_half_precision() -> None:
    frozen = memory(*dense(trainable=False), None)
    assert (frozen.weights, frozen.gradients, frozen.optimizer) == (144, 0, 0)
    assert memory(*dense(dtype="float16"), None).weights == 72


@pytest.mark.parametrize(
    ("said", "slots"),
    [
        ({"class_name": "SGD", "config": {"momentum": 0.0}}, 0),
        ({"class_name": "SGD", "config": {"momentum": 0.9}}, 1),
        ({"class_name": "RMSprop", "config": {"centered": True, "momentum": 0.1}}, 3),
        ({"class_name": "Adam", "config": {"amsgrad": True}}, 3),
        ("adam", 2),
    ],
)
def test_memory_follows_the_optimizer_of_the_file(said, slots: int) -> None:
    known = memory(*dense(), {"compile_config": {"optimizer": said}})
    assert known.compiled and known.optimizer == slots * 144


def test_nested_models_count_their_insides_not_themselves() -> None:
    inner, known = dense()
    outer = Model("functional", "o")
    outer.layers[0] = Layer(0, "inner", "Functional", calls=[Call(), Call()], model=inner)
    result = LayerResult([CallResult([], "rule", 64, 1_000)] * 2, known.layers[1].weights, 36, 36, known)
    found = memory(outer, Inference({0: result}, params=36, trainable_params=36), None)
    assert found.weights == 144
    assert found.activations == 2 * 64


def test_rows_of_a_model_without_inference_say_that_nothing_is_known() -> None:
    model, _ = dense()
    assert [row.params for row in rows(model, Inference())] == [None, None, 0]

"""The weights panel in a real window, with real files and real reader processes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QApplication

from app.session import Opened
from app.weights import WeightsPanel
from app.window import Window
from kgui.inference import infer

pytestmark = [pytest.mark.gui, pytest.mark.slow]

RNG = np.random.default_rng(0)
CONV = RNG.normal(size=(3, 3, 3, 8)).astype("f4")
KERNEL = RNG.normal(size=(3000, 40)).astype("f4")
KERNEL[5, 5], KERNEL[6, 6], KERNEL[7] = np.nan, -np.inf, 0
BIAS = np.linspace(-1, 1, 40, dtype="f4")
EVIL = "<img src='file:///etc/hostname'>"


def layer(class_name: str, name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": {"name": name, **config}}


def write_model(path: Path, layers: list[dict[str, Any]], arrays: dict[str, dict[str, Any]]) -> Path:
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": layers}}
    with h5py.File(path, "w") as file:
        file.attrs["model_config"], file.attrs["keras_version"] = json.dumps(config), "2.4.0"
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [name.encode() for name in arrays]
        for name, held in arrays.items():
            group = weights.create_group(name.replace("/", "|"))
            group.attrs["weight_names"] = [f"{key}:0".encode() for key in held]
            for key, value in held.items():
                if isinstance(value, np.ndarray):
                    group[f"{key}:0"] = value
                else:
                    group.create_dataset(f"{key}:0", **value)
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    layers = [
        layer("Conv2D", "conv", filters=8, kernel_size=3, use_bias=False, batch_input_shape=[None, 12, 12, 3]),
        layer("Flatten", "flat"),
        layer("Dense", "dense", units=40),
    ]
    return write_model(
        tmp_path / "model.h5", layers, {"conv": {"kernel": CONV}, "flat": {}, "dense": {"kernel": KERNEL, "bias": BIAS}}
    )


@pytest.fixture
def opened(qtbot: Any, window: Window, model: Path) -> Window:
    return opened_in(qtbot, window, model)


def opened_in(qtbot: Any, window: Window, path: Path) -> Window:
    window.show_dock("weights")
    window.open_paths([path])
    qtbot.waitUntil(lambda: window.session is not None and not window.busy, timeout=30_000)
    return window


def panel_of(window: Window) -> WeightsPanel:
    return window.feature("weights")


def rest(qtbot: Any, window: Window) -> None:
    qtbot.waitUntil(lambda: not panel_of(window).busy and not window.busy, timeout=30_000)


def select(qtbot: Any, window: Window, name: str | None, array: str = "kernel") -> WeightsPanel:
    session, panel = window.session, panel_of(window)
    session.selection = () if name is None else (((session.model.named(name).id,), 0),)
    rest(qtbot, window)
    for place in range(panel.filter.rowCount()):
        if panel.filter.index(place, 0).data() == array:
            panel.list.selectRow(place)
    rest(qtbot, window)
    return panel


def names(panel: WeightsPanel) -> list[str]:
    return [panel.filter.index(row, 0).data() for row in range(panel.filter.rowCount())]


def said(panel: WeightsPanel) -> str:
    return panel._empty.text.text() if panel._stack.currentIndex() == 0 else ""


def test_a_selected_layer_shows_its_arrays(opened: Window, qtbot: Any) -> None:
    panel = select(qtbot, opened, "dense")
    rows = [[panel.filter.index(row, at).data() for at in range(4)] for row in range(2)]
    assert rows == [["kernel", "(3000, 40)", "480 kB", "float32"], ["bias", "(40,)", "160 B", "float32"]]
    assert panel.view.title.text() == "kernel"
    opened.session.selection = (((opened.session.model.named("conv").id,), 0),)
    rest(qtbot, opened)
    assert names(panel) == ["kernel"]
    assert panel.view.shown.row.weight.shape == (3, 3, 3, 8)


def test_without_a_selection_all_arrays_can_be_filtered_and_sorted(opened: Window, qtbot: Any) -> None:
    panel = select(qtbot, opened, None)
    assert names(panel) == ["conv/kernel", "dense/kernel", "dense/bias"]
    panel.list.sortByColumn(2, Qt.SortOrder.AscendingOrder)
    assert names(panel) == ["dense/bias", "conv/kernel", "dense/kernel"]
    panel.filter.set_filter("dense 3000")
    assert names(panel) == ["dense/kernel"]


def test_statistics_are_those_of_numpy(opened: Window, qtbot: Any) -> None:
    panel = select(qtbot, opened, "dense")
    found, finite = panel.view.statistics, KERNEL[np.isfinite(KERNEL)].astype("f8")
    assert (found.minimum, found.maximum) == (finite.min(), finite.max())
    assert found.mean == pytest.approx(finite.mean()) and found.std == pytest.approx(finite.std())
    assert (found.zeros, found.nan, found.inf, found.count) == (40, 1, 1, 120_000)
    assert found.histogram == np.histogram(finite, 64)[0].tolist()
    assert panel.view.facts["nan"].text().startswith("1 ")
    assert panel.view.facts["nan"].property("role") == "error"


def test_the_table_shows_the_values_of_the_file_wherever_it_is_scrolled(opened: Window, qtbot: Any) -> None:
    panel = select(qtbot, opened, "dense")
    numbers = panel.view.numbers
    panel.view.tabs.setCurrentIndex(1)
    for row, column in ((0, 0), (2999, 39), (1234, 20), (64, 32)):
        numbers.go_to(row, column)
        qtbot.waitUntil(lambda: not numbers.missing(), timeout=10_000)
        for at in range(numbers.top, min(3000, numbers.top + 8)):
            for across in range(numbers.left, min(40, numbers.left + 2)):
                assert numbers.value(at, across) == KERNEL[at, across] or np.isnan(KERNEL[at, across])
        assert numbers.value(row, column) == KERNEL[row, column]
    assert len(numbers._tiles) < 16, "only what was in sight has been read"


def test_any_plane_of_any_rank_can_be_stepped_to(opened: Window, qtbot: Any) -> None:
    panel = select(qtbot, opened, "conv")
    view = panel.view
    view.tabs.setCurrentIndex(1)
    view.slices.place([2, 1, 0, 0])
    rest(qtbot, opened)
    assert [[view.numbers.value(row, column) for column in range(3)] for row in range(3)] == CONV[2, 1, :, :3].tolist()
    view.slices._boxes[0].setValue(-1)
    rest(qtbot, opened)
    assert view.slices.shown == (0, 3)
    assert [view.numbers.value(row, 5) for row in range(3)] == CONV[:, 1, 0, 5].tolist()


def test_selected_cells_are_copied_for_spreadsheets(opened: Window, qtbot: Any) -> None:
    panel = select(qtbot, opened, "dense", "bias")
    panel.view.tabs.setCurrentIndex(1)
    rest(qtbot, opened)
    numbers = panel.view.numbers
    numbers.go_to(0, 0)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(numbers, key, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(numbers, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().split("\n") == [f"{value:.6g}" for value in BIAS[:3]]
    panel.view.copy()
    rest(qtbot, opened)
    assert np.array_equal(np.array(QGuiApplication.clipboard().text().split(), "f4"), BIAS)


def test_convolution_kernels_are_pictures_of_a_channel(opened: Window, qtbot: Any) -> None:
    view = select(qtbot, opened, "conv").view
    assert view.kernels.colored and view.kernels.isVisible() and not view.scale_bar.isVisible()
    view.places.boxes[2].setValue(1)
    rest(qtbot, opened)
    assert not view.kernels.colored and view.scale_bar.isVisible()
    np.testing.assert_array_equal(view.kernels._kernels, CONV[:, :, 1, :].transpose(2, 0, 1))
    cell = view.kernels._cell(4)
    assert view.kernels.told(QPointF(cell.topLeft()))[1] == (0, 0, 4)
    qtbot.mouseClick(view.kernels, Qt.MouseButton.LeftButton, pos=cell.topLeft() + QPoint(1, 1))
    rest(qtbot, opened)
    assert view.tabs.currentIndex() == 1
    assert view.numbers.value(*view.numbers.current) == CONV[0, 0, 1, 4]


def test_matrices_are_heat_maps_and_vectors_are_plots(opened: Window, qtbot: Any) -> None:
    view = select(qtbot, opened, "dense").view
    assert view.matrix.isVisible() and view.matrix.image.width() == 40
    assert view.matrix.image.height() == 500
    # Blocks of six rows: the NaN and the infinity of rows 5 and 6 are in the first and second one.
    assert np.isnan(view.matrix._plane.strongest[0, 5]) and view.matrix._plane.strongest[1, 6] == -np.inf
    view = select(qtbot, opened, "dense", "bias").view
    assert view.line.isVisible() and not view.matrix.isVisible()
    assert view.line.bars.opts["height"].tolist() == BIAS.tolist()


def test_what_is_not_seen_is_not_read(qtbot: Any, window: Window, model: Path) -> None:
    window.open_paths([model])
    qtbot.waitUntil(lambda: window.session is not None and not window.busy, timeout=30_000)
    window.session.reveal(((window.session.model.named("dense").id,), 0))
    QApplication.processEvents()
    assert window.processes.arrays.processes == []


def test_the_answer_for_another_array_never_shows(opened: Window, qtbot: Any) -> None:
    panel = select(qtbot, opened, "dense")
    for _ in range(10):
        for name in ("conv", "dense", "flat", "dense", "conv"):
            opened.session.selection = (((opened.session.model.named(name).id,), 0),)
            panel._show_chosen()
            QApplication.processEvents()
    rest(qtbot, opened)
    assert panel.view.shown.row.weight.shape == CONV.shape
    assert panel.view.statistics.count == CONV.size and panel.view.kernels.isVisible()


# Nothing to show


def test_a_layer_without_weights_says_so(opened: Window, qtbot: Any) -> None:
    assert said(select(qtbot, opened, "flat")) == "flat has no weights."


def test_a_file_without_weights_says_so(window: Window, qtbot: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    layers = [layer("Dense", EVIL, units=3, batch_input_shape=[None, 4])]
    path.write_text(json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": layers}}))
    opened_in(qtbot, window, path)
    rest(qtbot, window)
    panel = panel_of(window)
    assert said(panel) == "This file holds no weights, only what the model is made of."
    assert panel._empty.text.textFormat() == Qt.TextFormat.PlainText


def test_a_model_in_no_file_says_so_and_no_model_too(opened: Window) -> None:
    panel, session = panel_of(opened), opened.session
    session.replace(Opened(None, session.model, infer(session.model)))
    assert "in no file yet" in said(panel)
    panel.show_session(None)
    assert "Open a model" in said(panel)


def test_names_from_files_are_plain_text(window: Window, qtbot: Any, tmp_path: Path) -> None:
    layers = [layer("Dense", EVIL, units=40, batch_input_shape=[None, 3])]
    path = write_model(tmp_path / "evil.h5", layers, {EVIL: {"<b>kernel</b>": BIAS[None]}})
    with h5py.File(path, "a") as file:
        file["model_weights"].move(EVIL.replace("/", "|"), "x")
        file["model_weights"].attrs["layer_names"] = [b"x"]
    opened_in(qtbot, window, path)
    panel = select(qtbot, window, None)
    index = panel.filter.index(0, 0)
    assert "<b>" in index.data() and "<b>" not in index.data(Qt.ItemDataRole.ToolTipRole)
    panel.list.selectRow(0)
    rest(qtbot, window)
    assert panel.view.title.textFormat() == Qt.TextFormat.PlainText
    assert "<b>" not in panel.view.subtitle.toolTip()


def test_what_only_the_arrays_tell_reaches_the_whole_window(window: Window, qtbot: Any, tmp_path: Path) -> None:
    layers = [layer("Dense", "dense", units=40, batch_input_shape=[None, 3]), layer("Odd", "odd")]
    arrays = {"dense": {"bias": BIAS, "kernel": np.zeros((3, 40), "f4")}, "odd": {"secret": np.zeros((5, 2), "f4")}}
    path = write_model(tmp_path / "odd.h5", layers, arrays)
    with h5py.File(path, "a") as file:
        del file["model_weights/dense/bias:0"]
        file["model_weights/dense/bias:0"] = h5py.ExternalLink("/etc/passwd", "/x")
    window.open_paths([path])
    qtbot.waitUntil(lambda: window.session is not None and not window.busy, timeout=30_000)
    session = window.session
    assert (session.inference.params, session.inference.complete, session.opened.risks) == (160, False, [])
    window.show_dock("weights")
    qtbot.waitUntil(lambda: session.inference.complete, timeout=20_000)
    assert session.inference.params == 170, "those of the class that nobody knows are in the file"
    assert [risk.kind for risk in session.opened.risks] == ["external-link"]
    assert "listed, but not in the file" in session.opened.notes[0]


# Into files


def exported(qtbot: Any, panel: WeightsPanel, target: Path, kind: Any) -> bytes:
    panel.view.export(target, kind)
    qtbot.waitUntil(lambda: not panel.view.exports, timeout=30_000)
    assert [bar.kind for bar in panel.view.bars.bars()] == ["info"]
    return target.read_bytes()


@pytest.mark.parametrize(("name", "values"), [("conv", CONV), ("dense", KERNEL)])
def test_npy_is_what_numpy_saves(opened: Window, qtbot: Any, tmp_path: Path, name: str, values: Any) -> None:
    panel = select(qtbot, opened, name)
    wanted = io.BytesIO()
    np.save(wanted, values)
    assert exported(qtbot, panel, tmp_path / "x.npy", "npy") == wanted.getvalue()


def test_csv_is_read_back_to_the_last_figure(opened: Window, qtbot: Any, tmp_path: Path) -> None:
    exported(qtbot, select(qtbot, opened, "dense"), tmp_path / "x.csv", "csv")
    np.testing.assert_array_equal(np.loadtxt(tmp_path / "x.csv", delimiter=",", dtype="f4"), KERNEL)
    exported(qtbot, select(qtbot, opened, "conv"), tmp_path / "y.csv", "csv")
    lines = np.loadtxt(tmp_path / "y.csv", delimiter=",", skiprows=1)
    np.testing.assert_array_equal(lines[:, :3].astype(int), list(np.ndindex(3, 3, 3)))
    np.testing.assert_array_equal(lines[:, 3:].astype("f4"), CONV.reshape(27, 8))


def test_an_export_that_cannot_be_written_is_one_sentence(opened: Window, qtbot: Any, tmp_path: Path) -> None:
    panel = select(qtbot, opened, "conv")
    panel.view.export(tmp_path / "nowhere" / "x.npy", "npy")
    qtbot.waitUntil(lambda: not panel.view.exports, timeout=10_000)
    assert "The folder does not exist" in panel.view.bars.bars()[0].text


# Readers that die


def kill_readers(window: Window) -> None:
    for pid in window.processes.arrays.processes:
        # One that was killed before may be gone, and not have been missed yet.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_readers_killed_while_scrolling_cost_a_sentence_and_nothing_else(opened: Window, qtbot: Any) -> None:
    panel = select(qtbot, opened, "dense")
    numbers = panel.view.numbers
    panel.view.tabs.setCurrentIndex(1)
    random = np.random.default_rng(1)
    told: set[str] = set()
    for moment in range(50):
        numbers.go_to(int(random.integers(0, 2900)), int(random.integers(0, 40)))
        for _ in range(3):
            QApplication.sendEvent(numbers.viewport(), wheel(numbers.viewport(), -120))
        # Every second time while the reader has just been asked, else a little later.
        end = time.monotonic() + float(random.uniform(0, 0.003 if moment % 2 else 0.1))
        while time.monotonic() < end:
            QApplication.processEvents()
        kill_readers(opened)
        qtbot.waitUntil(lambda: not panel.busy, timeout=60_000)
        told |= {bar.text for bar in panel.view.bars.bars()}
    qtbot.waitUntil(lambda: not panel.busy, timeout=60_000)
    told |= {bar.text for bar in panel.view.bars.bars()}
    assert opened.isVisible() and len(panel.view.bars.bars()) <= 2
    assert any("The reader stopped" in text for text in told)
    panel.view._try_again((0, 0), lambda: None)
    numbers.go_to(1500, 10)
    qtbot.waitUntil(lambda: not panel.busy and not numbers.missing(), timeout=60_000)
    assert numbers.value(1500, 10) == KERNEL[1500, 10]
    assert panel_works(qtbot, opened)


def panel_works(qtbot: Any, window: Window) -> bool:
    view = select(qtbot, window, "conv").view
    return view.statistics is not None and view.statistics.count == CONV.size


def wheel(target: Any, by: int) -> QWheelEvent:
    middle = QPointF(target.rect().center())
    none = Qt.KeyboardModifier.NoModifier
    buttons, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    return QWheelEvent(middle, target.mapToGlobal(middle), QPoint(), QPoint(0, by), buttons, none, phase, False)


def test_a_reader_killed_over_the_list_is_asked_for_again(qtbot: Any, window: Window, model: Path) -> None:
    opened_in(qtbot, window, model)
    panel = panel_of(window)
    rest(qtbot, window)
    kill_readers(window)
    panel._listed = None
    panel.refresh()
    kill_readers(window)
    qtbot.waitUntil(lambda: not panel.busy, timeout=30_000)
    if said(panel):
        assert "reader stopped" in said(panel).lower()
        panel._again.click()
        rest(qtbot, window)
    assert names(panel) == ["conv/kernel", "dense/kernel", "dense/bias"]


# Large files


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """Two gigabytes of values of which the disk holds 1 MB: the rest are chunks that were never written."""
    layers = [layer("Dense", "big", units=16384, batch_input_shape=[None, 32768])]
    dataset = {"shape": (32768, 16384), "dtype": "f4", "chunks": (64, 4096), "fillvalue": 0.5}
    path = write_model(tmp_path / "large.h5", layers, {"big": {"kernel": dataset, "bias": np.zeros(16384, "f4")}})
    with h5py.File(path, "a") as file:
        file["model_weights/big/kernel:0"][32767, 16383] = 7
    return path


def test_two_gigabytes_open_like_two_kilobytes(opened: Window, qtbot: Any, large: Path) -> None:
    select(qtbot, opened, "dense").view.tabs.setCurrentIndex(1)
    rest(qtbot, opened)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.monotonic()
    opened_in(qtbot, opened, large)
    panel = select(qtbot, opened, "big")
    panel.view.numbers.go_to(32767, 16383)
    qtbot.waitUntil(lambda: not panel.busy and not panel.view.numbers.missing(), timeout=10_000)
    took = time.monotonic() - start
    assert panel.view.numbers.value(32767, 16383) == 7
    assert panel.view.statistics is None, "two gigabytes are gone over when the user says so"
    assert panel.view._compute.text() == "Compute from 2.1 GB" and panel.view._draw.text() == "Draw from 2.1 GB"
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100_000, f"{grown} kB"
    assert took < 5, f"{took:.2f} s"


def test_long_work_shows_progress_and_can_be_cancelled_while_the_table_goes_on(
    opened: Window, qtbot: Any, large: Path
) -> None:
    opened_in(qtbot, opened, large)
    panel = select(qtbot, opened, "big")
    panel.view.ask_statistics()
    qtbot.waitUntil(lambda: panel._work.isVisible() and panel._work_bar.maximum() == 1000, timeout=20_000)
    panel.view.tabs.setCurrentIndex(1)
    panel.view.numbers.go_to(20_000, 9_000)
    qtbot.waitUntil(lambda: panel.view.numbers.value(20_000, 9_000) == 0.5, timeout=10_000)
    assert panel.busy and panel._work.isVisible()
    panel.cancel()
    assert not panel._work.isVisible() and not panel.busy
    assert panel.view._compute.text() == "Compute from 2.1 GB"
    assert panel_of(opened).view.statistics is None


def test_an_export_can_be_cancelled_and_leaves_nothing(opened: Window, qtbot: Any, large: Path, tmp_path: Path) -> None:
    opened_in(qtbot, opened, large)
    panel = select(qtbot, opened, "big")
    folder = tmp_path / "out"
    folder.mkdir()
    panel.view.export(folder / "x.npy", "npy")
    qtbot.waitUntil(lambda: bool(panel.view.exports) and panel.view.exports[0].part > 0, timeout=20_000)
    panel.cancel()
    qtbot.waitUntil(lambda: not panel.view.exports, timeout=10_000)
    assert list(folder.iterdir()) == []
    panel.view.export(folder / "x.npy", "npy")
    qtbot.waitUntil(lambda: panel.view.exports[0].part > 0, timeout=20_000)
    opened.close()
    assert list(folder.iterdir()) == []


def test_a_table_of_more_rows_than_32_bits_is_scrolled_to_its_last(qtbot: Any) -> None:
    from app.weights.values import Numbers

    table = Numbers()
    qtbot.addWidget(table)
    table.resize(300, 300)
    table.show()
    rows = 1 << 40
    table.show_table(rows, 1, str)
    table.verticalScrollBar().setValue(table.verticalScrollBar().maximum())
    assert table.top == rows - table._rows_in_sight()
    qtbot.keyClick(table, Qt.Key.Key_End, Qt.KeyboardModifier.ControlModifier)
    assert table.current == (rows - 1, 0)
    tile = table.missing()[-1]
    assert table.span(tile)[0].stop == rows
    for _ in range(3):
        QApplication.sendEvent(table.viewport(), wheel(table.viewport(), 120))
    assert table.top == rows - table._rows_in_sight() - 9, "the wheel goes by rows, not by steps of the bar"


SCRIPT = """
    import sys
    from pathlib import Path
    from PySide6.QtCore import QTimer
    import app.start, app.window
    from app.main import main

    class Watched(app.window.Window):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            self.timer = QTimer(self, interval=50)
            self.timer.timeout.connect(self.look)
            self.timer.start()

        def look(self):
            if self.session is None or self.busy:
                return
            self.show_dock("weights")
            model = self.session.model
            if not self.session.selection:
                self.session.selection = (((model.named("conv").id,), 0),)
            view = self.feature("weights").view
            if view is not None and view.statistics is not None and not self.busy:
                self.timer.stop()
                names = ("tensorflow", "keras", "h5py", "numpy", "pyqtgraph")
                print("loaded", [name for name in names if name in sys.modules])
                self.close()

    app.start.Window = Watched
    sys.exit(main(sys.argv[1:]))
"""


def test_the_window_reads_arrays_without_h5py(model: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "KGUI_DATA_DIR": str(tmp_path), "HOME": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), str(model)],
        capture_output=True, text=True, timeout=120, env=environment, check=False,
    )  # fmt: skip
    assert "loaded ['numpy', 'pyqtgraph']" in result.stdout, result.stderr

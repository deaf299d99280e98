"""Export, code, settings and the pages of Help, in a real window with real files."""

from __future__ import annotations

import csv
import io
import os
import time
from importlib import metadata
from pathlib import Path

import pytest
from model_files import FIRST, SECOND, write, write_subclassed
from PySide6.QtGui import QColor, QDesktopServices, QImage
from PySide6.QtWidgets import QApplication, QDialog
from shiboken6 import isValid

from app.actions import TABLE
from app.export import PictureDialog, SummaryDialog
from app.preferences import AboutDialog, SettingsDialog, ShortcutsDialog
from app.python_code import CodeDialog
from app.settings import Settings
from app.theme import themes
from app.widgets.bar import MessageBar
from app.widgets.work import Job
from app.window import Window
from kgui.errors import KguiError

pytestmark = pytest.mark.gui

OURS = (
    "compare",
    "next_difference",
    "previous_difference",
    "export_picture",
    "export_summary",
    "python_code",
    "settings",
    "shortcuts",
    "about",
    "reload",
)


@pytest.fixture
def model(window: Window, tmp_path: Path, qtbot) -> Window:
    window.open_paths([write(tmp_path / "model.h5", FIRST)])
    qtbot.waitUntil(lambda: window.session is not None and not window.busy, timeout=30_000)
    return window


def show(window: Window, action: str, kind: type[QDialog]) -> QDialog:
    window.actions_table[action].trigger()
    [dialog] = [found for found in window.findChildren(kind) if found.isVisible()]
    return dialog


def quiet(dialog: QDialog, qtbot) -> None:
    qtbot.waitUntil(lambda: not dialog.busy, timeout=30_000)


def test_every_action_on_a_model_a_subclassed_model_and_a_comparison(window: Window, tmp_path: Path, qtbot) -> None:
    files = [
        write(tmp_path / "a.h5", FIRST),
        write_subclassed(tmp_path / "own.keras"),
        write(tmp_path / "b.h5", SECOND),
    ]
    window.open_paths(files)
    qtbot.waitUntil(lambda: len(window.sessions) == 3 and not window.busy, timeout=30_000)
    pages = [window.tabs.widget(place) for place in range(3)]
    pages += [window.tools.compare(files[0], files[2]), window.tools.compare(files[0], files[1])]
    qtbot.waitUntil(lambda: not window.busy, timeout=30_000)
    with qtbot.captureExceptions() as errors:
        for page in pages:
            window.tabs.setCurrentWidget(page)
            qtbot.waitUntil(lambda: not window.busy, timeout=30_000)
            for name in OURS:
                window.actions_table[name].trigger()
                QApplication.processEvents()
                for dialog in window.findChildren(QDialog):
                    dialog.reject()
            qtbot.waitUntil(lambda: not window.busy, timeout=30_000)
    assert errors == []
    assert {row.id for row in TABLE} >= set(OURS)


def closed(dialog: QDialog, qtbot) -> None:
    """Waits until a dialog has closed, and with that has been deleted."""
    qtbot.waitUntil(lambda: not isValid(dialog) or not dialog.isVisible(), timeout=30_000)


def colors_of(block) -> list[QColor]:
    ranges = block.layout().formats()
    formats = [found.format for found in ranges]
    brushes = [found.foreground() for found in formats]
    return [QColor(brush.color()) for brush in brushes]


# Pictures


@pytest.mark.parametrize("ending", ["svg", "pdf", "png", "dot"])
@pytest.mark.parametrize("what", ["canvas", "whole"])
def test_a_picture_is_written(model: Window, tmp_path: Path, qtbot, ending: str, what: str) -> None:
    dialog = show(model, "export_picture", PictureDialog)
    dialog.format.value = ending
    dialog.what.value = what
    path = tmp_path / f"out.{ending}"
    dialog.save_to(path)
    qtbot.waitUntil(path.exists, timeout=30_000)
    closed(dialog, qtbot)
    content = path.read_bytes()
    assert content.startswith({"svg": b"<?xml", "pdf": b"%PDF", "png": b"\x89PNG", "dot": b"digraph"}[ending])
    assert [file for file in tmp_path.iterdir() if file.name.endswith(".part")] == []
    if ending in ("svg", "dot"):
        assert b"middle" in content
    assert any(path.name in bar.text for bar in model.bars.findChildren(MessageBar))


def test_the_picture_is_as_large_as_it_says(model: Window, tmp_path: Path, qtbot) -> None:
    dialog = show(model, "export_picture", PictureDialog)
    dialog.format.value = "png"
    dialog.width_field.setValue(400)
    said = dialog.size_label.text()
    dialog.save_to(tmp_path / "out.png")
    closed(dialog, qtbot)
    image = QImage(str(tmp_path / "out.png"))
    assert abs(image.width() - 400) <= 2
    assert said.startswith(f"{image.width():,} × ") or abs(int(said.split()[0]) - image.width()) <= 2


def test_what_the_user_moved_is_in_the_picture(model: Window, tmp_path: Path, qtbot) -> None:
    scene = model.tabs.currentWidget().scene
    scene.drag(0, scene.rect(0).x() + 900, scene.rect(0).y())
    scene.drop([0])
    qtbot.waitUntil(lambda: not model.busy, timeout=30_000)
    dialog = show(model, "export_picture", PictureDialog)
    moved = dialog._canvas_size()[0]
    dialog.save_to(tmp_path / "out.svg")
    closed(dialog, qtbot)
    head = (tmp_path / "out.svg").read_text()[:400]
    assert moved > 900 and f'width="{moved:.0f}' in head


def test_a_folder_that_cannot_be_written_to_is_told_in_the_dialog(model: Window, tmp_path: Path, qtbot) -> None:
    dialog = show(model, "export_picture", PictureDialog)
    dialog.save_to(tmp_path / "nowhere" / "out.svg")
    qtbot.waitUntil(lambda: dialog.error.isVisible(), timeout=30_000)
    assert "folder does not exist" in dialog.error.text() and dialog.isVisible()
    dialog.save_to(tmp_path / "out.svg")
    closed(dialog, qtbot)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_told_in_the_dialog(model: Window, qtbot) -> None:
    dialog = show(model, "export_picture", PictureDialog)
    dialog.save_to(Path("/dev/full"))
    qtbot.waitUntil(lambda: dialog.error.isVisible(), timeout=30_000)
    assert "full" in dialog.error.text().lower()
    dialog.reject()


def test_a_picture_without_measure_is_refused_before_it_is_drawn(model: Window, tmp_path: Path, qtbot) -> None:
    dialog = show(model, "export_picture", PictureDialog)
    dialog.format.value = "png"
    dialog._placement.width = 1e7
    dialog.dpi.setValue(1200)
    dialog._tell_size()
    assert "million pixels" in dialog.size_label.text()
    dialog.reject()


@pytest.mark.parametrize("ending", ["svg", "png", "dot"])
def test_a_picture_is_copied(model: Window, qtbot, qapp, ending: str) -> None:
    dialog = show(model, "export_picture", PictureDialog)
    dialog.format.value = ending
    dialog.copy_button.click()
    quiet(dialog, qtbot)
    clipboard = qapp.clipboard()
    if ending == "png":
        assert clipboard.image().width() > 100
    else:
        assert "middle" in clipboard.text()
    dialog.format.value = "pdf"
    assert not dialog.copy_button.isEnabled()
    dialog.reject()


def test_giving_up_leaves_no_file(window: Window, tmp_path: Path, qtbot) -> None:
    def work(control) -> bytes:
        return control.run(["sleep", "30"], b"")

    job = Job(work, tmp_path / "out.png", window)
    job.start()
    started = time.monotonic()
    qtbot.wait(100)
    with qtbot.waitSignal(job.stopped, timeout=10_000):
        job.stop()
    assert time.monotonic() - started < 5
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_fails_is_a_sentence(window: Window, qtbot) -> None:
    job = Job(lambda control: control.run(["false"], b""), None, window)
    with qtbot.waitSignal(job.failed, timeout=10_000) as told:
        job.start()
    assert told.args[0].startswith(str(KguiError("The picture could not be drawn"))[:-1])


# Tables


@pytest.mark.parametrize("ending", ["csv", "md", "txt"])
def test_the_summary_is_written_and_copied(model: Window, tmp_path: Path, qtbot, qapp, ending: str) -> None:
    dialog = show(model, "export_summary", SummaryDialog)
    dialog.format.value = ending
    assert "hidden" in dialog.preview.toPlainText()
    dialog.copy_button.click()
    quiet(dialog, qtbot)
    copied = qapp.clipboard().text()
    path = tmp_path / f"out.{ending}"
    dialog.save_to(path)
    qtbot.waitUntil(path.exists, timeout=30_000)
    assert path.read_text(encoding="utf-8") == copied
    if ending == "csv":
        rows = list(csv.DictReader(io.StringIO(copied)))
        assert [row["Layer"] for row in rows][-4:] == ["hidden", "drop", "middle", "out"]
    closed(dialog, qtbot)


# Code


def test_the_code_is_shown_copied_and_written(model: Window, tmp_path: Path, qtbot, qapp) -> None:
    dialog = show(model, "python_code", CodeDialog)
    quiet(dialog, qtbot)
    text = dialog.view.toPlainText()
    compile(text, "model.py", "exec")
    assert 'layers.Dense(8, activation="relu", name="hidden")' in text
    dialog.copy_button.click()
    assert qapp.clipboard().text() == text
    dialog.save_to(tmp_path / "model.py")
    qtbot.waitUntil((tmp_path / "model.py").exists, timeout=30_000)
    quiet(dialog, qtbot)
    assert (tmp_path / "model.py").read_text() == text
    dialog.save_to(tmp_path / "nowhere" / "model.py")
    qtbot.waitUntil(lambda: dialog.error.isVisible(), timeout=30_000)
    dialog.reject()


def test_the_code_has_colours_and_numbers(model: Window, qtbot) -> None:
    dialog = show(model, "python_code", CodeDialog)
    quiet(dialog, qtbot)
    for choice in ("light", "dark"):
        themes().choice = choice
        block = dialog.view.document().findBlockByNumber(0)
        while not block.text().startswith("import"):
            block = block.next()
        assert colors_of(block)[0] == themes().current.series["extra2"]
    assert dialog.view.number_width() > 20
    assert dialog.view.numbers.width() == dialog.view.number_width()
    dialog.reject()


def test_a_docstring_over_several_lines_has_one_colour(window: Window, qtbot) -> None:
    from app.python_code.view import CodeView

    view = CodeView(window)
    view.setPlainText('x = """one\ntwo # no comment\n"""\ny = 1  # a comment')
    colors = []
    block = view.document().firstBlock()
    while block.isValid():
        colors.append(colors_of(block))
        block = block.next()
    good, faint = themes().current["good"], themes().current["text_faint"]
    assert colors[0] == colors[1] == colors[2] == [good]
    assert colors[3][-1] == faint
    view.deleteLater()


# Settings and help


def test_settings_count_and_are_kept(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KGUI_READER_MEMORY", raising=False)
    dialog = show(window, "settings", SettingsDialog)
    dialog.theme.setCurrentIndex(dialog.theme.findData("dark"))
    assert themes().current.dark and window.actions_table["theme_dark"].isChecked()
    dialog.language.setCurrentIndex(dialog.language.findData("zh_CN"))
    dialog.restore.click()
    dialog.memory.setValue(3)
    assert dialog.memory.value() == 256
    assert os.environ["KGUI_READER_MEMORY"] == "256"
    dialog.reject()
    kept = Settings()
    assert (kept.language, kept.restore_files, kept.reader_memory) == ("zh_CN", False, 256)
    window.settings.reader_memory = 0
    window.settings.apply_reader_memory()
    assert "KGUI_READER_MEMORY" not in os.environ


def test_the_memory_limit_reaches_the_reader(window: Window, qtbot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGUI_READER_MEMORY", "777")
    window.settings.reader_memory = 512
    window.settings.apply_reader_memory()
    window.processes.reader.start()
    qtbot.waitUntil(lambda: window.processes.reader.state == "ready", timeout=30_000)
    limits = Path(f"/proc/{window.processes.reader.pid}/limits")
    if limits.exists():
        [line] = [line for line in limits.read_text().splitlines() if line.startswith("Max data size")]
        assert str(512 << 20) in line.split()


def test_shortcuts_are_found_by_name_and_by_key(window: Window) -> None:
    dialog = show(window, "shortcuts", ShortcutsDialog)
    everything = dialog.shown()
    with_keys = [row for row, action in window.actions_table if action.shortcuts()]
    assert len(everything) >= len(with_keys)
    dialog.search.setText("difference shift")
    assert dialog.shown() == [("Previous Difference", "Shift+F8")]
    dialog.search.setText("no such thing")
    assert dialog.shown() == [] and dialog._none.isVisible()
    dialog.reject()


def test_about_names_every_version_and_copies_them(window: Window, qapp) -> None:
    dialog = show(window, "about", AboutDialog)
    dialog.copy_button.click()
    copied = qapp.clipboard().text()
    for name in ("kgui", "Python", "Qt", "PySide6", "TensorFlow", "Keras", "h5py", "NumPy", "pyqtgraph"):
        assert any(line.startswith(name) for line in copied.splitlines()), name
    assert metadata.version("numpy") in copied
    dialog.reject()


def test_what_the_engine_says_comes_first(window: Window) -> None:
    dialog = AboutDialog({"keras": "9.9.9"}, "log", window)
    assert dialog.told["Keras"] == "9.9.9"
    dialog.deleteLater()


def test_help_opens_the_log(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    window.actions_table["log"].trigger()
    assert opened and opened[0].endswith("kgui.log")

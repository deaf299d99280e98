"""The window in the user's language: nothing untranslated, nothing cut, and no boxes where a font is missing."""

from __future__ import annotations

import importlib.util
import logging
import os
import re
import shutil
import string
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("PySide6")

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QFont, QFontDatabase, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QHeaderView, QLabel, QTabBar, QToolButton, QWidget

from app import language
from app.theme import MONO, SANS
from app.widgets.labels import ElidedLabel
from app.window import DOCKS, Window
from kgui import resources

pytestmark = pytest.mark.gui

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = resources.path("samples", "digits.kgui")
HEADER_PADDING = 22
"""Pixels of the style sheet's, at both sides of a column's title."""


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("packaging_translate", ROOT / "packaging" / "translate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


translate = _tool()
FILES = [translate.FOLDER / f"kgui_{code}.ts" for code in translate.LANGUAGES]
TEXTS = [(file.stem, *message) for file in FILES for message in translate.messages(file)]


@pytest.fixture
def clean_fonts() -> Iterator[None]:
    """The font for Chinese is named to Qt for this test only."""
    yield
    for family in (SANS, MONO):
        QFont.removeSubstitutions(family)


@pytest.fixture
def speak(qapp: QApplication, clean_fonts: None) -> Iterator[Callable[[str], None]]:
    """Makes the window speak a language for this test."""
    installed = []
    yield lambda choice: installed.extend(language.start(qapp, choice))
    for translator in installed:
        qapp.removeTranslator(translator)
        translator.deleteLater()


# The files of texts


def test_every_text_of_the_window_is_translated(tmp_path: Path) -> None:
    for file in FILES:
        shutil.copy(file, tmp_path)
    translate.update(tmp_path)
    for file in FILES:
        now = {text for text, _, _ in translate.messages(tmp_path / file.name)}
        shipped = {text for text, _, _ in translate.messages(file)}
        hint = f"run packaging/translate.py and translate what is new in {file.name}"
        assert not now - shipped, f"texts are new: {sorted(now - shipped)}; {hint}"
        assert not shipped - now, f"texts are gone: {sorted(shipped - now)}; {hint}"
        left = translate.unfinished(file)
        assert not left, f"texts are not translated in {file.name}: {left}"


def test_the_sources_hold_a_window_full_of_texts() -> None:
    found = {(text.context, text.source) for text in translate.collect(ROOT / "app")}
    assert len(found) > 300
    # One of each way in which a text is written down.
    assert {
        ("Window", "Opening {files} …"),
        ("actions", "Command Palette…"),
        ("inspector", "Inputs and outputs"),
        ("weights", "Logarithmic"),
        ("TrainingPanel", "{time} left"),
    } <= found


def _fields(text: str) -> list[tuple[str | None, str | None, str | None]]:
    return sorted(part[1:] for part in string.Formatter().parse(text) if part[1] is not None)


def test_a_translation_keeps_what_the_program_puts_into_it() -> None:
    for file, text, forms, _ in TEXTS:
        for form in filter(None, forms):
            assert _kept(form) == _kept(text.source), f"{file}, {text.context}: {text.source!r} is {form!r}"


def _kept(text: str) -> tuple[object, ...]:
    """Of a text, what every translation has to have too."""
    return (
        _fields(text),
        text.count("%n"),
        # The patterns of a file dialog.
        re.findall(r"\*[.\w]*", text),
        # Texts that stand beside others bring the space between them.
        len(text) - len(text.lstrip(" ")),
        len(text) - len(text.rstrip(" ")),
        text.endswith("…"),
        # "A/B" is menu B within menu A.
        len(re.findall(r"^[^\W\d_]+/[^\W\d_]", text)),
    )


def test_no_language_forgets_a_form_for_one() -> None:
    forms = {text.source: forms for file, text, forms, _ in TEXTS if file == "kgui_en" and text.plural}
    assert forms["{layers} layers  ·  {params} parameters"] == [
        "{layers} layer  ·  {params} parameters",
        "{layers} layers  ·  {params} parameters",
    ]
    assert all(len(found) == 2 and found[0] != found[1] for found in forms.values())


def test_what_the_window_loads_is_made_from_the_texts(tmp_path: Path) -> None:
    translate.release(translate.FOLDER, tmp_path)
    for file in FILES:
        name = f"{file.stem}.qm"
        assert (tmp_path / name).read_bytes() == (translate.FOLDER / name).read_bytes(), (
            f"{name} is older than {file.name}: run packaging/translate.py"
        )


def test_files_of_texts_name_no_lines() -> None:
    assert not [file.name for file in FILES if "<location" in file.read_text(encoding="utf-8")]


@pytest.mark.parametrize(
    "call",
    ['self.tr(f"{count} layers")', 'self.tr("layers: " + names)', 'self.tr("{0}".format(name))', 'tr("nowhere")'],
)
def test_a_text_that_cannot_be_looked_up_is_found(tmp_path: Path, call: str) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "room.py").write_text(f"class Panel:\n    def show(self):\n        {call}\n", encoding="utf-8")
    with pytest.raises(translate.NotLiteral, match=r"app\.room, line 3"):
        translate.collect(folder)


def test_texts_are_found_however_they_are_written(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "words.py").write_text(
        "def tr(source):\n    return QCoreApplication.translate('words', source)\n", encoding="utf-8"
    )
    (folder / "room.py").write_text(
        "from app import words\n"
        "from app.words import tr\n"
        "N = QT_TRANSLATE_NOOP\n"
        "ROW = N('rows', 'a row')\n"
        "class Panel:\n"
        "    def show(self):\n"
        "        self.tr('one ' 'text')\n"
        "        self.tr('{n} texts', '', 3)\n"
        "        tr('of \"all\"')\n"
        "        words.tr('two\\nlines')\n"
        "        tr(ROW)\n",
        encoding="utf-8",
    )
    assert {(text.context, text.source, text.plural) for text in translate.collect(folder)} == {
        ("rows", "a row", False),
        ("Panel", "one text", False),
        ("Panel", "{n} texts", True),
        ("words", 'of "all"', False),
        ("words", "two\nlines", False),
    }


# Which language


@pytest.mark.parametrize(
    ("languages", "found"),
    [
        (["zh-Hans-CN", "zh-CN", "zh-Hans", "zh"], "zh_CN"),
        (["zh-Hant-TW", "zh-TW", "zh-Hant"], "en"),
        (["zh-Hans-SG"], "zh_CN"),
        (["en-Latn-US", "en-US", "zh-CN"], "en"),
        (["de-Latn-DE", "de-DE", "de", "zh-Hans-CN"], "zh_CN"),
        (["de-DE"], "en"),
        (["C"], "en"),
        ([], "en"),
    ],
)
def test_the_first_known_language_of_the_user_is_spoken(languages: list[str], found: str) -> None:
    assert language.of_system(languages) == found


def test_every_language_that_can_be_chosen_ships() -> None:
    assert set(language.NAMES) == set(translate.LANGUAGES)


def test_a_choice_is_heard_and_qt_speaks_the_same_language(speak: Callable[[str], None]) -> None:
    if not QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese):
        pytest.skip("no font with Chinese characters here")
    speak("zh_CN")
    assert QCoreApplication.translate("actions", "File") == "文件"
    # Of Qt's own file dialog.
    assert QCoreApplication.translate("QFileDialog", "File &name:").startswith("文件名")


def test_english_counts_in_english(speak: Callable[[str], None]) -> None:
    speak("en")
    said = [
        QCoreApplication.translate("Window", "{layers} layers  ·  {params} parameters", "", number) for number in (1, 2)
    ]
    assert [text.split("  ")[0] for text in said] == ["{layers} layer", "{layers} layers"]


def test_without_a_chinese_font_the_window_speaks_english(
    speak: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class NoFonts(QFontDatabase):
        @staticmethod
        def families(system: QFontDatabase.WritingSystem = QFontDatabase.WritingSystem.Any) -> list[str]:
            return []

    monkeypatch.setattr(language, "QFontDatabase", NoFonts)
    with caplog.at_level(logging.WARNING, logger="kgui"):
        speak("zh_CN")
    assert QCoreApplication.translate("actions", "File") == "File"
    assert len([record for record in caplog.records if "font" in record.message]) == 1


# The window


@pytest.fixture
def chinese_window(speak: Callable[[str], None], new_window: Callable[..., Window], qtbot) -> Window:
    """The sample, in Chinese."""
    if not QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese):
        pytest.skip("no font with Chinese characters here")
    speak("zh_CN")
    window = new_window()
    window.open_paths([SAMPLE])
    qtbot.waitUntil(lambda: window.session is not None and not window.busy, timeout=30_000)
    return window


@pytest.mark.parametrize("size", [(1440, 900), (1100, 700)])
def test_nothing_in_the_chinese_window_is_cut(chinese_window: Window, size: tuple[int, int]) -> None:
    window = chinese_window
    window.resize(*size)
    cut: set[str] = set()
    for row in DOCKS:
        window.show_dock(row.id)
        for _ in range(5):
            QApplication.processEvents()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
        cut |= {text for widget in window.findChildren(QWidget) if widget.isVisible() for text in _cut(widget)}
    assert not cut


def _cut(widget: QWidget) -> list[str]:
    """The texts of a widget that do not fit into it. Those that end in an ellipsis with a tooltip are meant."""
    if isinstance(widget, ElidedLabel):
        return []
    if isinstance(widget, QLabel):
        return [widget.text()] if widget.text() and not _fits(widget) else []
    if isinstance(widget, QToolButton | QAbstractButton):
        return [widget.text()] if widget.text() and widget.width() < widget.minimumSizeHint().width() else []
    if isinstance(widget, QHeaderView) and widget.orientation() == Qt.Orientation.Horizontal:
        shown = [place for place in range(widget.count()) if not widget.isSectionHidden(place)]
        titles = {place: str(widget.model().headerData(place, Qt.Orientation.Horizontal) or "") for place in shown}
        room = {place: widget.sectionSize(place) - HEADER_PADDING for place in shown}
        return [titles[place] for place in shown if widget.fontMetrics().horizontalAdvance(titles[place]) > room[place]]
    if isinstance(widget, QTabBar):
        wide = widget.fontMetrics().horizontalAdvance
        texts = [(widget.tabText(place), widget.tabRect(place).width()) for place in range(widget.count())]
        return [text for text, width in texts if wide(text) > width]
    return []


def _fits(widget: QLabel) -> bool:
    if widget.wordWrap():
        return widget.heightForWidth(widget.width()) <= widget.height()
    return widget.minimumSizeHint().width() <= widget.width() + 1


def test_the_window_is_chinese_all_over(chinese_window: Window) -> None:
    """No text of kgui's own is left in English: what is not Chinese are names of the model, of classes and of keys."""
    window = chinese_window
    menus = [action.text() for action in window.menuBar().actions()]
    assert menus == ["文件", "编辑", "视图", "计算图", "训练", "帮助"]
    han = re.compile(r"[\u4e00-\u9fff]")
    titles = [dock.windowTitle() for dock in window.docks.values()]
    commands = [action.text() for _, action in window.actions_table]
    assert [text for text in titles + commands if not han.search(text) and text != "100%"] == []


# The whole program


@pytest.mark.slow
def test_a_picture_speaks_the_language_of_the_system_or_of_the_settings(tmp_path: Path) -> None:
    if not QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese):
        pytest.skip("no font with Chinese characters here")

    def picture(name: str, lang: str, chosen: str = "") -> QImage:
        home, target = tmp_path / name, tmp_path / f"{name}.png"
        (home / "kgui").mkdir(parents=True)
        if chosen:
            (home / "kgui" / "kgui.ini").write_text(f"[General]\nlanguage={chosen}\n", encoding="utf-8")
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG"))}
        environment |= {"LANG": lang, "XDG_CONFIG_HOME": str(home), "KGUI_DATA_DIR": str(home / "data")}
        command = [
            sys.executable,
            "-m",
            "app.main",
            "--screenshot",
            str(target),
            "--size",
            "1100x700",
            "--theme",
            "light",
        ]
        subprocess.run(command, env=environment, cwd=ROOT, check=True, timeout=120)
        # Without the status bar, where the reader may or may not have said yet that it is ready.
        return QImage(str(target)).copy(0, 0, 1100, 640)

    english, chinese = picture("english", "en_US.UTF-8"), picture("chinese", "zh_CN.UTF-8")
    assert not english.isNull() and not chinese.isNull()
    assert english != chinese
    assert picture("chosen english", "zh_CN.UTF-8", "en") == english
    assert picture("chosen chinese", "en_US.UTF-8", "zh_CN") == chinese

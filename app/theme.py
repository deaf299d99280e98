"""Colours, fonts and icons: every colour is a role of a theme file, every text a step of one type scale."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Literal, cast

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QApplication, QProxyStyle, QStyle, QWidget

from kgui import resources

Choice = Literal["system", "light", "dark"]

GRID = 8
"""Every distance is a multiple of this, or half of it."""

SANS = "Inter"
MONO = "JetBrains Mono"
FONT_FILES = ("Inter-Regular.otf", "Inter-SemiBold.otf", "JetBrainsMono-Regular.ttf", "JetBrainsMono-SemiBold.ttf")

SCALE = {"small": 11, "body": 13, "heading": 15, "title": 24}
"""The type scale, in device-independent pixels."""


@dataclass(frozen=True)
class Theme:
    """One theme file.

    Attributes:
        name: As the user sees it.
        dark: Whether its ground is dark.
        colors: Role to colour.
        series: Role of a curve to colour: "train", "validation", "extra1", ….
        categories: Category of a layer to the colour of its card's header.
    """

    name: str
    dark: bool
    colors: dict[str, QColor]
    series: dict[str, QColor]
    categories: dict[str, QColor]

    def __getitem__(self, role: str) -> QColor:
        return self.colors[role]

    def category(self, name: str) -> QColor:
        """The colour of a `kgui.layers.categories.Category`."""
        return self.categories[name.lower()]


@lru_cache
def load(name: str) -> Theme:
    """Reads a theme file by its name without the suffix."""
    text = resources.path("themes", f"{name}.toml").read_text(encoding="utf-8")
    values = tomllib.loads(text)
    tables = {
        key: {role: QColor(color) for role, color in values[key].items()} for key in ("colors", "series", "categories")
    }
    return Theme(values["name"], values["dark"], **tables)


class Themes(QObject):
    """Which theme is on the screen. Belongs to the application; see `themes`."""

    changed = Signal()
    """Colours are other ones: repaint what was painted with them."""

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._application = application
        self._choice: Choice = "system"
        self.current = load(self._wanted())
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_changed)

    @property
    def choice(self) -> Choice:
        """What the user chose; "system" follows the desktop at run time."""
        return self._choice

    @choice.setter
    def choice(self, value: Choice) -> None:
        self._choice = value
        self._show(load(self._wanted()))

    def start(self) -> None:
        """Fonts, style and colours, before the first widget is made."""
        for name in FONT_FILES:
            QFontDatabase.addApplicationFont(str(resources.path("fonts", name)))
        self._application.setStyle(_Style("Fusion"))
        self._application.setFont(font())
        self._paint()

    def _wanted(self) -> str:
        if self._choice != "system":
            return self._choice
        dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return "dark" if dark else "light"

    def _system_changed(self) -> None:
        if self._choice == "system":
            self._show(load(self._wanted()))

    def _show(self, theme: Theme) -> None:
        if theme is not self.current:
            self.current = theme
            self._paint()
            self.changed.emit()

    def _paint(self) -> None:
        self._application.setPalette(palette(self.current))
        self._application.setStyleSheet(style_sheet(self.current))


def themes() -> Themes:
    """The themes of this application, made on first use."""
    application = cast(QApplication, QApplication.instance())
    found = application.findChild(Themes)
    return found if found is not None else Themes(application)


def theme() -> Theme:
    """What is on the screen now."""
    return themes().current


def on_change(widget: QObject, call: Callable[[], None]) -> None:
    """Calls at every change of theme as long as the widget lives, and once now."""
    themes().changed.connect(_Listener(widget, call).hear)
    call()


class _Listener(QObject):
    """A child of a widget, so that Qt ends the connection with it. A plain function would be called for the dead."""

    def __init__(self, widget: QObject, call: Callable[[], None]) -> None:
        super().__init__(widget)
        self._call = call

    def hear(self) -> None:
        self._call()


def font(step: str = "body", *, strong: bool = False, mono: bool = False) -> QFont:
    """A font of the type scale.

    Args:
        step: "small", "body", "heading" or "title".
        strong: Semi-bold instead of regular.
        mono: All characters equally wide, for shapes and code.
    """
    made = QFont()
    # What the bundled fonts lack (Chinese, Japanese, Korean) comes from the system.
    made.setFamilies([MONO, SANS] if mono else [SANS])
    made.setPixelSize(SCALE[step] - 1 if mono and step == "body" else SCALE[step])
    made.setWeight(QFont.Weight.DemiBold if strong else QFont.Weight.Normal)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if not mono:
        # Figures of equal width: numbers that count do not dance.
        made.setFeature(QFont.Tag("tnum"), 1)
    return made


def icon(name: str, role: str = "text_dim") -> QIcon:
    """An icon of `resources/icons`, in the colour of a role, sharp at any scale, and right in any theme."""
    return QIcon(_IconEngine(name, role))


class _Style(QProxyStyle):
    """Fusion with the times and sizes that kgui wants."""

    HINTS: ClassVar = {
        QStyle.StyleHint.SH_ToolTip_WakeUpDelay: 400,
        QStyle.StyleHint.SH_EtchDisabledText: 0,
        QStyle.StyleHint.SH_ItemView_ActivateItemOnSingleClick: 0,
        QStyle.StyleHint.SH_DialogButtonBox_ButtonsHaveIcons: 0,
    }

    def styleHint(self, hint, option=None, widget=None, returnData=None):
        found = self.HINTS.get(hint)
        return found if found is not None else super().styleHint(hint, option, widget, returnData)


class _IconEngine(QIconEngine):
    """Paints an SVG whose colour is `currentColor` in the colour of a role of the present theme."""

    def __init__(self, name: str, role: str) -> None:
        super().__init__()
        self._name = name
        self._role = role

    def clone(self) -> QIconEngine:
        return _IconEngine(self._name, self._role)

    def paint(self, painter: QPainter, rect, mode: QIcon.Mode, state: QIcon.State) -> None:
        role = "text_faint" if mode == QIcon.Mode.Disabled else self._role
        color = theme()[role].name(QColor.NameFormat.HexRgb)
        _renderer(self._name, color).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        pixels = QPixmap(size)
        pixels.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixels)
        self.paint(painter, pixels.rect(), mode, state)
        painter.end()
        return pixels


@lru_cache(maxsize=512)
def _renderer(name: str, color: str):
    # QtSvg costs some milliseconds that a window without icons in sight should not pay.
    from PySide6.QtSvg import QSvgRenderer

    text = resources.path("icons", f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(text.replace("currentColor", color).encode()))


def palette(theme: Theme) -> QPalette:
    """The theme as Qt's own palette, for everything that the style sheet does not name."""
    role = QPalette.ColorRole
    roles = {
        role.Window: "window",
        role.WindowText: "text",
        role.Base: "base",
        role.AlternateBase: "alternate",
        role.Text: "text",
        role.PlaceholderText: "text_faint",
        role.Button: "base",
        role.ButtonText: "text",
        role.BrightText: "accent_text",
        role.Highlight: "accent_soft",
        role.HighlightedText: "text",
        role.Accent: "accent",
        role.Link: "accent",
        role.LinkVisited: "accent",
        role.ToolTipBase: "tooltip",
        role.ToolTipText: "tooltip_text",
        role.Light: "base",
        role.Midlight: "hover",
        role.Mid: "line",
        role.Dark: "field_line",
        role.Shadow: "line",
    }
    made = QPalette()
    for place, name in roles.items():
        made.setColor(place, theme[name])
    for place in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, place, theme["text_faint"])
    return made


def style_sheet(theme: Theme) -> str:
    """What Fusion does not do by palette alone: flat bars, tabs with a line, quiet scroll bars."""
    text = resources.path("themes", "style.qss").read_text(encoding="utf-8")
    # The longest names first: "text_dim" must not be taken for "text".
    for role in sorted(theme.colors, key=len, reverse=True):
        text = text.replace(f"@{role}", theme.colors[role].name(QColor.NameFormat.HexRgb))
    return text.replace("@icons", resources.path("icons").as_posix())


def set_role(widget: QWidget, role: str) -> None:
    """Names what a widget is for the style sheet: "heading", "dim", "primary", "danger", …."""
    widget.setProperty("role", role)
    widget.style().unpolish(widget)
    widget.style().polish(widget)

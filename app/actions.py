"""The one table of what the window can do. Menus, toolbar, shortcuts and the command palette are made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from app.theme import icon


@dataclass(frozen=True)
class Row:
    """One action.

    Attributes:
        id: How code and tests name it.
        title: What menus say.
        tip: What it does, as a sentence.
        menu: Title of the menu, or "" where it is in none. "A/B" is menu B within menu A.
        icon: Of `resources/icons`.
        shortcut: In Qt's words; several are separated by ", ".
        needs: Key of `REASONS`: the action is disabled unless the window says that this is there.
        group: Actions of one group are exclusive and checkable.
        checkable: Whether it can be on and off.
        separator: Whether a line stands above it in its menu.
    """

    id: str
    title: str
    tip: str
    menu: str = ""
    icon: str = ""
    shortcut: str = ""
    needs: str = ""
    group: str = ""
    checkable: bool = False
    separator: bool = False


FILE, VIEW, TRAIN, HELP = (
    QT_TRANSLATE_NOOP("actions", "File"),
    QT_TRANSLATE_NOOP("actions", "View"),
    QT_TRANSLATE_NOOP("actions", "Train"),
    QT_TRANSLATE_NOOP("actions", "Help"),
)
THEME = QT_TRANSLATE_NOOP("actions", "View/Theme")
RECENT = QT_TRANSLATE_NOOP("actions", "File/Open Recent")
SAMPLES = QT_TRANSLATE_NOOP("actions", "File/Samples")
PANELS = QT_TRANSLATE_NOOP("actions", "View/Panels")
MENUS = (FILE, QT_TRANSLATE_NOOP("actions", "Edit"), VIEW, TRAIN, HELP)
EDIT = MENUS[1]

REASONS = {
    "model": QT_TRANSLATE_NOOP("actions", "Open a model first."),
    "tab": QT_TRANSLATE_NOOP("actions", "No file is open."),
    "selection": QT_TRANSLATE_NOOP("actions", "Select a layer first."),
    "trainable": QT_TRANSLATE_NOOP(
        "actions", "Open a project first, such as a bundled sample: a project says what to train on."
    ),
    "running": QT_TRANSLATE_NOOP("actions", "Nothing is being trained."),
    "result": QT_TRANSLATE_NOOP("actions", "No run of this project has finished yet."),
    "file": QT_TRANSLATE_NOOP("actions", "Open a file first."),
    "comparison": QT_TRANSLATE_NOOP("actions", "Compare two models first."),
}
"""Why an action is disabled, for its tooltip."""


def _row(id: str, title: str, tip: str, menu: str = "", **more: object) -> Row:  # noqa: A002
    return Row(id, title, tip, menu, **more)  # type: ignore[arg-type]


N = QT_TRANSLATE_NOOP
TABLE = (
    _row(
        "open",
        N("actions", "Open…"),
        N("actions", "Open models or projects in tabs."),
        FILE,
        icon="open",
        shortcut="Ctrl+O",
    ),
    _row(
        "reload",
        N("actions", "Read Again"),
        N("actions", "Read the file of this tab from the disk again."),
        FILE,
        icon="reload",
        shortcut="F5",
        needs="file",
    ),
    _row(
        "compare",
        N("actions", "Compare With…"),
        N("actions", "Show side by side what differs between this model and another."),
        FILE,
        icon="diff",
        shortcut="Ctrl+D",
        needs="file",
        separator=True,
    ),
    _row(
        "close",
        N("actions", "Close Tab"),
        N("actions", "Close this tab."),
        FILE,
        icon="close",
        shortcut="Ctrl+W",
        needs="tab",
        separator=True,
    ),
    _row(
        "quit",
        N("actions", "Quit"),
        N("actions", "Close the window. A training run goes on by itself."),
        FILE,
        shortcut="Ctrl+Q",
        separator=True,
    ),
    _row(
        "copy_name",
        N("actions", "Copy Layer Name"),
        N("actions", "Copy the name of the selected layer."),
        EDIT,
        icon="copy",
        needs="selection",
    ),
    _row(
        "select_none",
        N("actions", "Select Nothing"),
        N("actions", "Show the model itself in the inspector."),
        EDIT,
        shortcut="Ctrl+Shift+A",
        needs="selection",
    ),
    _row(
        "go_to_selection",
        N("actions", "Go to Selection"),
        N("actions", "Bring the selected layer into sight everywhere."),
        EDIT,
        icon="search",
        shortcut="Ctrl+J",
        needs="selection",
    ),
    _row(
        "next_difference",
        N("actions", "Next Difference"),
        N("actions", "Go to the next layer that differs."),
        EDIT,
        icon="down",
        shortcut="F8",
        needs="comparison",
        separator=True,
    ),
    _row(
        "previous_difference",
        N("actions", "Previous Difference"),
        N("actions", "Go to the layer before that differs."),
        EDIT,
        icon="up",
        shortcut="Shift+F8",
        needs="comparison",
    ),
    _row(
        "command_palette",
        N("actions", "Command Palette…"),
        N("actions", "Find and run any command by its name."),
        VIEW,
        icon="command",
        shortcut="Ctrl+Shift+P",
    ),
    _row(
        "theme_system",
        N("actions", "As the System"),
        N("actions", "Light or dark as the desktop is."),
        THEME,
        icon="system",
        group="theme",
        checkable=True,
    ),
    _row(
        "theme_light",
        N("actions", "Light"),
        N("actions", "Dark text on a light ground."),
        THEME,
        icon="sun",
        group="theme",
        checkable=True,
    ),
    _row(
        "theme_dark",
        N("actions", "Dark"),
        N("actions", "Light text on a dark ground."),
        THEME,
        icon="moon",
        group="theme",
        checkable=True,
    ),
    _row(
        "next_tab",
        N("actions", "Next Tab"),
        N("actions", "Go to the tab on the right."),
        VIEW,
        shortcut="Ctrl+Tab, Ctrl+PgDown",
        needs="tab",
        separator=True,
    ),
    _row(
        "previous_tab",
        N("actions", "Previous Tab"),
        N("actions", "Go to the tab on the left."),
        VIEW,
        shortcut="Ctrl+Shift+Tab, Ctrl+PgUp",
        needs="tab",
    ),
    _row(
        "full_screen",
        N("actions", "Full Screen"),
        N("actions", "Give the whole screen to the window."),
        VIEW,
        shortcut="F11",
        checkable=True,
    ),
    _row(
        "reset_panels",
        N("actions", "Reset Panels"),
        N("actions", "Put every panel back to its first place."),
        VIEW,
        icon="panel",
    ),
    _row(
        "train",
        N("actions", "Train"),
        N("actions", "Train the model of this project in a process of its own."),
        TRAIN,
        icon="train",
        shortcut="Ctrl+R",
        needs="trainable",
    ),
    _row(
        "pause",
        N("actions", "Pause"),
        N("actions", "Pause the training after this step, or go on with it."),
        TRAIN,
        icon="pause",
        shortcut="Ctrl+Shift+R",
        needs="running",
        checkable=True,
    ),
    _row(
        "stop",
        N("actions", "Stop"),
        N("actions", "End the training after this step and keep the model as it is then."),
        TRAIN,
        icon="stop",
        shortcut="Ctrl+.",
        needs="running",
    ),
    _row(
        "open_result",
        N("actions", "Open Trained Model"),
        N("actions", "Open the model that this project's last run has trained."),
        TRAIN,
        icon="model",
        needs="result",
        separator=True,
    ),
    _row(
        "shortcuts",
        N("actions", "Keyboard Shortcuts"),
        N("actions", "All shortcuts on one page."),
        HELP,
        icon="command",
        shortcut="Ctrl+/",
    ),
    _row(
        "log",
        N("actions", "Open Log File"),
        N("actions", "Show the file with everything that went wrong."),
        HELP,
        icon="console",
    ),
    _row(
        "about",
        N("actions", "About kgui"),
        N("actions", "Versions of kgui and of what it is made of."),
        HELP,
        icon="info",
        separator=True,
    ),
)
"""Every action, in the order of the menus."""

TOOLBAR = ("open", "compare", None, "command_palette")
TOOLBAR_RIGHT = ("pause", "stop")


def text(source: str) -> str:
    """A text of this table in the user's language."""
    return QCoreApplication.translate("actions", source)


class Actions:
    """The table as `QAction`s of one window.

    Args:
        parent: Owns the actions.
        handlers: What each action does, by its id. One for every row, and no other.
    """

    def __init__(self, parent: QObject, handlers: Mapping[str, Callable[[], None]]) -> None:
        if missing := {row.id for row in TABLE} ^ set(handlers):
            raise ValueError(f"rows and handlers of actions differ: {sorted(missing)}")
        self._groups: dict[str, QActionGroup] = {}
        self._made = {row.id: self._make(row, parent, handlers[row.id]) for row in TABLE}

    def __getitem__(self, name: str) -> QAction:
        return self._made[name]

    def __iter__(self) -> Iterator[tuple[Row, QAction]]:
        return ((row, self._made[row.id]) for row in TABLE)

    def allow(self, there: Mapping[str, bool]) -> None:
        """Enables what can be done now, and says of everything else why not.

        Args:
            there: For each key of `REASONS` whether it is there.
        """
        for row, action in self:
            enabled = not row.needs or there[row.needs]
            action.setEnabled(enabled)
            action.setToolTip(_tip(row, action) + ("" if enabled else "\n" + text(REASONS[row.needs])))

    def _make(self, row: Row, parent: QObject, call: Callable[[], None]) -> QAction:
        action = QAction(text(row.title), parent)
        action.setObjectName(row.id)
        if row.icon:
            action.setIcon(icon(row.icon))
        # A thin space: more air between icon and text in the toolbar than Qt gives.
        action.setIconText("\u2009" + text(row.title).replace("…", ""))
        if row.shortcut:
            action.setShortcuts([QKeySequence(part) for part in row.shortcut.split(", ")])
        action.setCheckable(row.checkable)
        if row.group:
            group = self._groups.setdefault(row.group, QActionGroup(parent))
            group.addAction(action)
        action.setToolTip(_tip(row, action))
        action.setStatusTip("")
        action.triggered.connect(lambda _checked=False: call())
        return action


def _tip(row: Row, action: QAction) -> str:
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    return f"{text(row.tip)} ({keys})" if keys else text(row.tip)

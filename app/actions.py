"""The one table of what the window can do. Menus, toolbar, shortcuts and the command palette are made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject, Qt
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
        local: Whether the shortcut counts only in the widget that the action is given to: single keys do.
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
    local: bool = False


FILE, VIEW, GRAPH, TRAIN, HELP = (
    QT_TRANSLATE_NOOP("actions", "File"),
    QT_TRANSLATE_NOOP("actions", "View"),
    QT_TRANSLATE_NOOP("actions", "Graph"),
    QT_TRANSLATE_NOOP("actions", "Train"),
    QT_TRANSLATE_NOOP("actions", "Help"),
)
THEME = QT_TRANSLATE_NOOP("actions", "View/Theme")
RECENT = QT_TRANSLATE_NOOP("actions", "File/Open Recent")
SAMPLES = QT_TRANSLATE_NOOP("actions", "File/Samples")
PANELS = QT_TRANSLATE_NOOP("actions", "View/Panels")
MENUS = (FILE, QT_TRANSLATE_NOOP("actions", "Edit"), VIEW, GRAPH, TRAIN, HELP)
EDIT = MENUS[1]

REASONS = {
    "model": QT_TRANSLATE_NOOP("actions", "Open a model first."),
    "tab": QT_TRANSLATE_NOOP("actions", "No file is open."),
    "graph": QT_TRANSLATE_NOOP("actions", "Open a model first: its graph is then here."),
    "nested": QT_TRANSLATE_NOOP("actions", "No other model is nested in this one."),
    "nested_selected": QT_TRANSLATE_NOOP("actions", "Select a nested model first."),
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
        "export_picture",
        N("actions", "Export Picture…"),
        N("actions", "Write the graph as SVG, PDF, PNG or DOT, or copy it."),
        FILE,
        icon="image",
        shortcut="Ctrl+Shift+S",
        needs="model",
        separator=True,
    ),
    _row(
        "export_summary",
        N("actions", "Export Summary…"),
        N("actions", "Write the table of layers as CSV, Markdown or text, or copy it."),
        FILE,
        icon="summary",
        needs="model",
    ),
    _row(
        "python_code",
        N("actions", "Python Code…"),
        N("actions", "Show Python that builds the same model."),
        FILE,
        icon="code",
        shortcut="Ctrl+K",
        needs="model",
    ),
    _row(
        "settings",
        N("actions", "Settings…"),
        N("actions", "Theme, language, what comes back at the next start, limits."),
        FILE,
        icon="settings",
        shortcut="Ctrl+,",
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
        "find",
        N("actions", "Find in Graph…"),
        N("actions", "Find layers by name, class, argument or shape."),
        EDIT,
        icon="search",
        shortcut="Ctrl+F",
        needs="graph",
        separator=True,
    ),
    _row(
        "fit",
        N("actions", "Fit"),
        N("actions", "Show all of the model."),
        GRAPH,
        icon="fit",
        shortcut="F",
        needs="graph",
        local=True,
    ),
    _row(
        "actual_size",
        N("actions", "100 %"),
        N("actions", "Show the graph in its own size."),
        GRAPH,
        shortcut="1",
        needs="graph",
        local=True,
    ),
    _row(
        "zoom_to_selection",
        N("actions", "Zoom to Selection"),
        N("actions", "Fill the view with what is selected."),
        GRAPH,
        shortcut="2",
        needs="graph",
        local=True,
    ),
    _row(
        "zoom_in",
        N("actions", "Zoom In"),
        N("actions", "One step nearer. The wheel does the same with Ctrl held down."),
        GRAPH,
        shortcut="+, =, Ctrl++",
        needs="graph",
        local=True,
    ),
    _row(
        "zoom_out",
        N("actions", "Zoom Out"),
        N("actions", "One step farther."),
        GRAPH,
        shortcut="-, Ctrl+-",
        needs="graph",
        local=True,
    ),
    _row(
        "direction_tb",
        N("actions", "Top to Bottom"),
        N("actions", "Lay the graph out from top to bottom."),
        GRAPH,
        needs="graph",
        group="direction",
        checkable=True,
        separator=True,
    ),
    _row(
        "direction_lr",
        N("actions", "Left to Right"),
        N("actions", "Lay the graph out from left to right."),
        GRAPH,
        needs="graph",
        group="direction",
        checkable=True,
    ),
    _row(
        "arrange",
        N("actions", "Arrange"),
        N("actions", "Forget where cards were put by hand, and lay everything out anew."),
        GRAPH,
        shortcut="Ctrl+L",
        needs="graph",
    ),
    _row(
        "fold",
        N("actions", "Fold Repeated Blocks"),
        N("actions", "Show a run of identical blocks as one of them, with how many there are."),
        GRAPH,
        shortcut="Ctrl+E",
        needs="graph",
        checkable=True,
        separator=True,
    ),
    _row(
        "expand_all",
        N("actions", "Open All Nested Models"),
        N("actions", "Open every nested model in its place, however deep."),
        GRAPH,
        shortcut="Ctrl+Shift+E",
        needs="nested",
    ),
    _row(
        "collapse_all",
        N("actions", "Close All Nested Models"),
        N("actions", "Show every nested model as one card."),
        GRAPH,
        needs="nested",
    ),
    _row(
        "open_nested",
        N("actions", "Open Nested Model in a Tab"),
        N("actions", "Show the selected nested model in a tab of its own. A double-click does the same."),
        GRAPH,
        shortcut="Ctrl+Return",
        needs="nested_selected",
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
        if row.local:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
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

"""The one window: bars, docks, tabs, and what brings them together. Features are made when they are first seen."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QPaintEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QDockWidget,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QProgressBar,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QTabWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import actions as table
from app import logs
from app.actions import Actions
from app.graphs import Graphs
from app.processes import Processes, Reply
from app.session import Opened, Session
from app.settings import Settings
from app.theme import icon, on_change, set_role, themes
from app.tools import Tools
from app.watching import FileWatch
from app.welcome import WelcomePage
from app.welcome.page import bundled, sample_name
from app.widgets.bar import MessageBars
from app.widgets.button import PrimaryButton
from app.widgets.dock import Dock
from app.words import about, devices, tip
from kgui.errors import KguiError, ProcessDied

if TYPE_CHECKING:
    from app.canvas import Arranged, CanvasState
    from app.running import Running, Snapshot
    from kgui.processes import Answer
    from kgui.training.project import Project

log = logging.getLogger("kgui")

Area = Qt.DockWidgetArea
STATE_VERSION = 2
"""Of the saved arrangement: raised when docks come or go, so that an older one is not taken for today's."""
PROGRESS_AFTER = 200
"""Milliseconds after which opening a file shows that it goes on, with a way to cancel it."""
ENGINE_AFTER = 1500
"""Milliseconds after the first painted window at which the engine is started behind it."""
ENGINE_AGAIN = 5000
"""Milliseconds after which this is tried again while a model is being trained."""

WARM_AFTER = 150
"""Milliseconds after the first painted window at which what opening a file needs is loaded behind it."""

OPEN_WITHIN = 20.0
"""Seconds without a word of the reader after which opening a file is given up: less than it gives itself."""
LEAVE_AFTER = 500
"""Milliseconds after which what is open now is noted for the next window."""

FILTERS = QT_TRANSLATE_NOOP(
    "window",
    "Models and projects (*.kgui *.keras *.h5 *.hdf5 *.json *.yaml *.yml *.pb *.index *.zip *.npz);;All files (*)",
)


@dataclass(frozen=True)
class DockRow:
    """One dock: where it first is, and which feature fills it."""

    id: str
    title: str
    area: Qt.DockWidgetArea


DOCKS = (
    DockRow("outline", QT_TRANSLATE_NOOP("window", "Outline"), Area.LeftDockWidgetArea),
    DockRow("runs", QT_TRANSLATE_NOOP("window", "Runs"), Area.LeftDockWidgetArea),
    DockRow("inspector", QT_TRANSLATE_NOOP("window", "Inspector"), Area.RightDockWidgetArea),
    DockRow("weights", QT_TRANSLATE_NOOP("window", "Weights"), Area.RightDockWidgetArea),
    DockRow("config", QT_TRANSLATE_NOOP("window", "Config"), Area.RightDockWidgetArea),
    DockRow("summary", QT_TRANSLATE_NOOP("window", "Summary"), Area.BottomDockWidgetArea),
    DockRow("differences", QT_TRANSLATE_NOOP("window", "Differences"), Area.BottomDockWidgetArea),
    DockRow("problems", QT_TRANSLATE_NOOP("window", "Problems"), Area.BottomDockWidgetArea),
    DockRow("training", QT_TRANSLATE_NOOP("window", "Training"), Area.BottomDockWidgetArea),
    DockRow("console", QT_TRANSLATE_NOOP("window", "Console"), Area.BottomDockWidgetArea),
)
"""Every dock, in the order of its tab."""

RAISED = ("outline", "inspector", "summary")
SIZES = {"outline": 224, "inspector": 312, "summary": 264}


SWITCH = 0.0005
"""Seconds after which a thread lets another one run. With Python's own 5 ms the window would stand still for as long at
every step in which it meets the thread that reads or lays out a large model, and it takes a dozen such steps."""


def _load_features() -> None:
    import app.canvas
    import app.inspector
    import app.opening
    import app.outline
    import app.summary  # noqa: F401
    from kgui.layers import specs

    specs.spec("Dense")


def _prepared(path: Path, answer: Answer, left_as: Any) -> tuple[Opened, CanvasState, Arranged]:
    """What the reader says of a file, and its first sight, made in the thread of the connection to the reader."""
    from app.canvas import CanvasState, prepare
    from app.opening import opened

    document = opened(path, answer)
    # Of a model that has become another one meanwhile, ids say nothing.
    same = isinstance(left_as, dict) and left_as.get("layers") == len(document.model.layers)
    state = CanvasState.from_json(left_as if same else None)
    return document, state, prepare(document, state)


def _moment(seconds: float) -> str:
    """The time of day, or the date of another day."""
    then = time.localtime(seconds)
    return time.strftime("%H:%M" if then[:3] == time.localtime()[:3] else "%Y-%m-%d", then)


class Window(QMainWindow):
    """The window.

    Args:
        settings: What earlier windows left.
        remember: Whether this one leaves anything: a window for a screenshot does not.
    """

    painted = Signal()
    """The first picture is on the screen."""
    session_changed = Signal()
    """Another tab is in front, or none."""

    def __init__(self, settings: Settings | None = None, *, remember: bool = True) -> None:
        super().__init__()
        sys.setswitchinterval(SWITCH)
        self.setObjectName("window")
        self.setWindowTitle("kgui")
        self.setWindowIcon(icon("kgui"))
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.setTabPosition(Area.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setMinimumSize(640, 420)
        self.settings = settings or Settings()
        self._remember = remember
        self._to_fill: list[str] = []
        self._runnings: list[Running] = []
        self._left: list[Session] = []
        self._untold_death = self._told_death = False
        self._to_add = 0
        self._leave_timer = QTimer(self, singleShot=True, interval=LEAVE_AFTER)
        self._leave_timer.timeout.connect(self._leave_open_files)
        self._fill_timer = QTimer(self, singleShot=True, interval=0)
        self._fill_timer.timeout.connect(self._fill_next)
        self._shown = False
        self._painted = False
        self._opening: dict[Path, Reply] = {}
        self._palette: QWidget | None = None
        self.recorder = logs.Recorder(self)
        self.settings.apply_reader_memory()
        self.processes = Processes(self)
        self.tools = Tools(self)
        self.graphs = Graphs(self)
        self.watch = FileWatch(self)
        self.watch.changed.connect(self._file_changed)
        self.watch.gone.connect(self._file_gone)
        self._front = self.settings.front if remember else None
        self.actions_table = Actions(self, self._handlers())
        self._make_menus()
        self._make_toolbar()
        self._make_centre()
        self._make_docks()
        self._make_status()
        self._watch_processes()
        themes().choice = self.settings.theme
        self.actions_table[f"theme_{self.settings.theme}"].setChecked(True)
        self.resize(1440, 900)
        if remember and not self.settings.geometry.isEmpty():
            self.restoreGeometry(self.settings.geometry)
        self._update_actions()
        on_change(self, self._recolor)

    # What is open

    @property
    def session(self) -> Session | None:
        """The document of the tab in front."""
        return self._session_at(self.tabs.currentIndex())

    @property
    def sessions(self) -> list[Session]:
        """All open documents, in the order of their tabs. Those of a comparison belong to it alone."""
        found = (self._session_at(place) for place in range(self.tabs.count()))
        return [session for session in found if session is not None and session.comparison is None]

    @property
    def busy(self) -> bool:
        """Whether something is being opened or read that is about to change the picture."""
        running = self.session.running if self.session is not None else None
        waiting = running is not None and running.shown is not None and running.snapshot is None
        comparison = self.tools.comparison()
        waiting = waiting or (comparison is not None and comparison.busy)
        reading = any(getattr(feature, "busy", False) for feature in self._features.values())
        return bool(self._opening or self.graphs.busy or self._to_fill or self._to_add) or waiting or reading

    def open_paths(self, paths: Sequence[Path], *, train: bool = False) -> None:
        """Opens files in tabs, behind the window; one that is open comes to the front.

        Args:
            paths: Models or projects.
            train: Start the training of each project at once.
        """
        for path in paths:
            self._open(path.absolute(), train=train)

    def _open(self, path: Path, *, train: bool = False, again: Session | None = None) -> None:
        known = next((session for session in self.sessions if session.path == path), None)
        if known is not None and again is None:
            self.tabs.setCurrentWidget(self._page_of(known))
            if train and known.running is not None:
                self._train()
            return
        if path in self._opening:
            return
        log.info("Opening %s", path)
        state = self.settings.view(path) if self._remember and again is None else None
        reply = self.processes.reader.request(
            "open",
            {"path": str(path)},
            convert=lambda answer: _prepared(path, answer, state),
            deadline=OPEN_WITHIN,
        )
        self._opening[path] = reply
        reply.done.connect(lambda value: self._opened(*value, train, again))
        reply.failed.connect(lambda error: self._not_opened(path, error))
        reply.cancelled.connect(lambda: self._opening.pop(path, None))
        for signal in (reply.done, reply.failed, reply.cancelled):
            signal.connect(self._update_progress)
        reply.progress.connect(self._on_progress)
        QTimer.singleShot(PROGRESS_AFTER, self, self._update_progress)

    def _opened(
        self,
        opened: Opened,
        state: CanvasState,
        arranged: Arranged,
        train: bool,
        again: Session | None,
    ) -> None:
        self._told_death = False
        path = opened.path
        if path is not None:
            self._opening.pop(path, None)
            if self._remember and opened.trained_by is None:
                self.settings.add_recent(path)
            self.watch.watch(path)
        if again is not None and again in self.sessions:
            again.replace(opened)
            self._update_actions()
            return
        session = Session(opened, self)
        if opened.project is not None:
            session.running = self._running_of(opened.project)
        elif opened.trained_by is not None:
            # The trained model's tab keeps the curves that led to it in sight.
            session.running = self._running_of(opened.trained_by)
            session.title = self.tr("{name} · trained {time}").format(
                name=opened.trained_by.path.stem, time=_moment(opened.trained_at)
            )
        self.add_session(session, state, arranged, train=train)

    def add_session(
        self,
        session: Session,
        state: CanvasState | None = None,
        arranged: Arranged | None = None,
        *,
        train: bool = False,
    ) -> None:
        """Shows a document in a tab of its own, in front.

        Args:
            session: The document. It is deleted with its tab.
            state: How its canvas was left.
            arranged: Its first sight, where that has been made already.
            train: Start its training at once.
        """
        # The canvas draws with the layout's code, which a window without a document should not load.
        from app.canvas import Canvas

        page = Canvas(session, state=state, arranged=arranged)
        self.graphs.adopt(page)
        session.selection_changed.connect(self._update_actions)
        session.model_changed.connect(self._update_actions)
        session.inference_changed.connect(self._count_problems)
        # What follows takes a turn of the event loop of its own, as the canvas has taken one.
        self._to_add += 1
        QTimer.singleShot(0, self, lambda: self._add_tab(page, session, train))

    def show_session(self, session: Session) -> None:
        """Brings the tab of a document to the front."""
        page = self._page_of(session)
        if page is not None:
            self.tabs.setCurrentWidget(page)

    def _file_changed(self, path: Path) -> None:
        session = self._session_of(path)
        if session is not None:
            text = self.tr("{file} has changed on the disk since it was read.").format(file=path.name)
            self.bars.tell("info", text, {self.tr("Read again"): lambda: self._read_again(path)}, about=path)

    def _file_gone(self, path: Path) -> None:
        if self._session_of(path) is not None:
            text = self.tr("{file} is no longer there. What is shown is what it was; its values cannot be read.")
            self.bars.tell("warning", text.format(file=path.name), about=path)

    def _read_again(self, path: Path) -> None:
        session = self._session_of(path)
        if session is not None:
            self._open(path, again=session)

    def _session_of(self, path: Path) -> Session | None:
        return next((session for session in self.sessions if session.path == path), None)

    def _running_of(self, project: Project) -> Running:
        """The runs of a project: one object for all tabs that show them."""
        known = (running for running in self._runnings if running.project.path == project.path)
        return next(known, None) or self._new_running(project)

    def _new_running(self, project: Project) -> Running:
        from app.running import Running

        running = Running(project, self)
        self._runnings.append(running)
        running.ended.connect(self._run_ended)
        for signal in (running.updated, running.shown_changed, running.runs_changed):
            signal.connect(self._update_actions)
        running.failed.connect(lambda error: log.error("%s", error))
        return running

    def _not_opened(self, path: Path, error: Exception) -> None:
        self._opening.pop(path, None)
        log.error("%s could not be opened: %s", path, error)
        if isinstance(error, ProcessDied):
            self._told_death, self._untold_death = not self._untold_death, False
            text = (
                self.tr("{file} was not read: the reader was stuck in it for {seconds} s and has been started again.")
                if self.processes.reader.timed_out
                else self.tr("{file} was not read: the reader ended while it was at it. It has been started again.")
            )
            text = text.replace("{seconds}", f"{OPEN_WITHIN:.0f}")
            self.bars.tell("error", text.format(file=path.name), {self.tr("Try again"): lambda: self._open(path)})
        elif isinstance(error, KguiError):
            # The name will do: a path as long as it can be leaves no room for the message.
            self.bars.tell("error", str(error).replace(str(path), path.name))
        else:
            text = self.tr("{file} could not be opened because of an error in kgui itself. The log says more.")
            self.bars.tell("error", text.format(file=path.name), {self.tr("Open the log"): self._open_log})

    def _tell_risks(self, session: Session) -> None:
        count = len(session.opened.risks)
        text = (
            self.tr(
                "{file} holds something that other programs would run or read: {where}. kgui has run nothing of it."
            )
            if count == 1
            else self.tr(
                "{file} holds {count} things that other programs would run or read. kgui has run nothing of them."
            )
        ).format(file=session.title, count=count, where=session.opened.risks[0].where)
        self.bars.tell("warning", text, {self.tr("Show what"): lambda: self._show_risks(session)}, about=session.path)

    def _show_risks(self, session: Session) -> None:
        self.show_session(session)
        self.show_dock("problems")

    def _add_tab(self, page: QWidget, session: Session, train: bool) -> None:
        self._to_add -= 1
        self._leave_timer.start()
        # In sight before the page is added, so that the canvas fits the model into the size that it really has.
        self.centre.setCurrentIndex(1)
        place = self._make_tab(page, session.title, str(session.path or session.title))
        session.title_changed.connect(lambda: self.rename_tab(page, session.title))
        # At the start several files are opened one after the other: that which was in front comes to the front.
        shown = self._session_at(self.tabs.currentIndex())
        if self._front is None or shown is None or shown.path != self._front:
            self.tabs.setCurrentIndex(place)
        if not self._opening and not self._to_add:
            self._front = None
        if session.opened.risks:
            self._tell_risks(session)
        if not session.model.layers and session.model.kind == "weights" and self.session is session:
            # There is no graph to see.
            self.show_dock("weights")
        if train and session.running is not None:
            self._train()

    def add_page(self, page: QWidget, title: str) -> None:
        """Shows a page that is no document in a tab of its own. The docks show its `session`, if it has one."""
        self.centre.setCurrentIndex(1)
        self.tabs.setCurrentIndex(self._make_tab(page, title, title))

    def rename_tab(self, page: QWidget, title: str) -> None:
        """Gives the tab of a page another title."""
        place = self.tabs.indexOf(page)
        self.tabs.setTabText(place, title)
        self.tabs.setTabToolTip(place, tip(title))

    def page_changed(self) -> None:
        """The page in front shows another document."""
        self._session_shown()

    def _make_tab(self, page: QWidget, title: str, told: str) -> int:
        place = self.tabs.addTab(page, title)
        self.tabs.setTabToolTip(place, tip(told))
        cross = QToolButton()
        cross.setIcon(icon("close"))
        cross.setIconSize(QSize(10, 10))
        cross.setToolTip(self.tr("Close this tab"))
        cross.setAutoRaise(True)
        cross.setFixedSize(20, 20)
        cross.setProperty("role", "cross")
        cross.clicked.connect(lambda: self._close_tab(self.tabs.indexOf(page)))
        self.tabs.tabBar().setTabButton(place, QTabBar.ButtonPosition.RightSide, cross)
        return place

    def _session_at(self, place: int) -> Session | None:
        page = self.tabs.widget(place) if place >= 0 else None
        return getattr(page, "session", None)

    def _page_of(self, session: Session) -> QWidget | None:
        pages = (self.tabs.widget(place) for place in range(self.tabs.count()))
        return next((page for page in pages if getattr(page, "session", None) is session), None)

    def _close_tab(self, place: int) -> None:
        page = self.tabs.widget(place)
        if page is None:
            return
        session = self._session_at(place)
        self._keep_view(page)
        if hasattr(page, "close_down"):
            page.close_down()
        self.tabs.removeTab(place)
        self._show_centre()
        if session is not None:
            self.graphs.closed(session)
        if session is not None and session.path is not None:
            self.bars.forget(session.path)
        page.deleteLater()
        if session is not None and session.comparison is None:
            running, session.running = session.running, None
            if running is not None and all(other.running is not running for other in self.sessions):
                self._runnings.remove(running)
                running.close()
                running.deleteLater()
            self._forget(session)

    def _keep_view(self, page: QWidget) -> None:
        session = getattr(page, "session", None)
        if session is None or session.path is None:
            return
        self.watch.forget(session.path)
        if self._remember and hasattr(page, "state"):
            self.settings.keep_view(session.path, {"layers": len(session.model.layers), **page.state().to_json()})

    def _forget(self, session: Session) -> None:
        # The docks show it until their turn to show another one: it must live as long.
        if self._to_fill:
            self._left.append(session)
        else:
            session.deleteLater()

    def _show_centre(self) -> None:
        if self.tabs.count() == 0:
            self.welcome.show_recent(self.settings.recent)
        self.centre.setCurrentIndex(1 if self.tabs.count() else 0)

    def _session_shown(self) -> None:
        session = self.session
        for row in DOCKS:
            if self.docks[row.id].made:
                self._fill_later(row.id)
        front = self.tabs.tabText(self.tabs.currentIndex()) if self.tabs.count() else ""
        title = front if self.tools.comparison() is not None or session is None else session.title
        self.setWindowTitle(f"{title} – kgui" if title else "kgui")
        self._update_actions()
        self._update_status()
        self._count_problems()
        self._leave_timer.start()
        self.session_changed.emit()

    # Making the window

    def _handlers(self) -> dict[str, Callable[[], None]]:
        return {
            "open": self._ask_for_files,
            "reload": self._reload,
            "close": lambda: self._close_tab(self.tabs.currentIndex()),
            "quit": self.close,
            "copy_name": self._copy_name,
            "select_none": self._select_none,
            "go_to_selection": self._go_to_selection,
            "command_palette": self._show_palette,
            "theme_system": lambda: self._choose_theme("system"),
            "theme_light": lambda: self._choose_theme("light"),
            "theme_dark": lambda: self._choose_theme("dark"),
            "next_tab": lambda: self._step_tab(1),
            "previous_tab": lambda: self._step_tab(-1),
            "full_screen": self._toggle_full_screen,
            "reset_panels": self._reset_panels,
            "train": self._train,
            "pause": self._pause,
            "stop": self._stop,
            "open_result": self._open_result,
            **self.graphs.handlers(),
            **self.tools.handlers(),
            "log": self._open_log,
        }

    def _make_menus(self) -> None:
        menus: dict[str, QMenu] = {}
        for title in table.MENUS:
            menus[title] = self.menuBar().addMenu(table.text(title))
            menus[title].setToolTipsVisible(True)
        for row, action in self.actions_table:
            if row.menu not in menus:
                parent, _, name = row.menu.partition("/")
                menus[row.menu] = menus[parent].addMenu(table.text(row.menu).rpartition("/")[2] or name)
            if row.separator:
                menus[row.menu].addSeparator()
            menus[row.menu].addAction(action)
            if row.id == "open":
                self._add_list_menu(menus[row.menu], table.RECENT, self._fill_recent)
                self._add_list_menu(menus[row.menu], table.SAMPLES, self._fill_samples)
        self._panels_menu = menus[table.VIEW].addMenu(table.text(table.PANELS).rpartition("/")[2])

    def _add_list_menu(self, parent: QMenu, title: str, fill: Callable[[QMenu], None]) -> None:
        menu = parent.addMenu(table.text(title).rpartition("/")[2])
        menu.aboutToShow.connect(lambda: fill(menu))

    def _fill_recent(self, menu: QMenu) -> None:
        self._fill_paths(menu, [(path.name, path) for path in self.settings.recent], self.tr("No file was open yet"))

    def _fill_samples(self, menu: QMenu) -> None:
        self._fill_paths(menu, [(sample_name(path), path) for path in bundled()], self.tr("No samples are installed"))

    def _fill_paths(self, menu: QMenu, entries: list[tuple[str, Path]], empty: str) -> None:
        menu.clear()
        for name, path in entries:
            action = menu.addAction(name.replace("&", "&&"))
            action.setToolTip(tip(str(path)))
            action.triggered.connect(lambda _=False, path=path: self.open_paths([path]))
        if not entries:
            menu.addAction(empty).setEnabled(False)

    def _make_toolbar(self) -> None:
        bar = QToolBar(self.tr("Toolbar"), self)
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setIconSize(QSize(16, 16))
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        bar.toggleViewAction().setEnabled(False)
        for name in table.TOOLBAR:
            if name is None:
                bar.addSeparator()
            else:
                bar.addAction(self.actions_table[name])
        space = QWidget()
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(space)
        self.device_label = QLabel()
        self.device_label.setTextFormat(Qt.TextFormat.PlainText)
        set_role(self.device_label, "dim")
        self.device_label.setContentsMargins(0, 0, 12, 0)
        bar.addWidget(self.device_label)
        for name in table.TOOLBAR_RIGHT:
            bar.addAction(self.actions_table[name])
        self.train_button = PrimaryButton(self.actions_table["train"], "train")
        bar.addWidget(self.train_button)
        self.addToolBar(bar)

    def _make_centre(self) -> None:
        self.tabs = QTabWidget(documentMode=True, movable=True)
        self.tabs.tabBar().setProperty("role", "documents")
        self.tabs.tabBar().setElideMode(Qt.TextElideMode.ElideMiddle)
        self.tabs.tabBar().setExpanding(False)
        self.tabs.currentChanged.connect(self._session_shown)
        self.welcome = WelcomePage(self.actions_table["open"])
        self.welcome.open_requested.connect(lambda path: self.open_paths([path]))
        self.welcome.show_recent(self.settings.recent)
        self.centre = QStackedWidget()
        self.centre.addWidget(self.welcome)
        self.centre.addWidget(self.tabs)
        self.bars = MessageBars()
        holder = QWidget()
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bars)
        layout.addWidget(self.centre, 1)
        self.setCentralWidget(holder)

    def _make_docks(self) -> None:
        self.setCorner(Qt.Corner.BottomLeftCorner, Area.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, Area.RightDockWidgetArea)
        makers = {
            "outline": self._make_outline,
            "runs": self._make_runs,
            "inspector": self._make_inspector,
            "weights": self._make_weights,
            "config": self._make_config,
            "summary": self._make_summary,
            "differences": self._make_differences,
            "problems": self._make_problems,
            "training": self._make_training,
            "console": self._make_console,
        }
        self.docks: dict[str, Dock] = {}
        self._features: dict[str, Any] = {}
        for row in DOCKS:
            title = QCoreApplication.translate("window", row.title)
            dock = Dock(row.id, title, lambda row=row: self._make_feature(row.id, makers[row.id]), self)
            self.docks[row.id] = dock
            self._panels_menu.addAction(dock.toggleViewAction())
            for signal in (dock.dockLocationChanged, dock.topLevelChanged, dock.visibilityChanged):
                signal.connect(self._later_fit_heads)
        self._fit_heads_timer = QTimer(self, singleShot=True, interval=0)
        self._fit_heads_timer.timeout.connect(self._fit_heads)
        self._arrange()

    def _arrange(self) -> None:
        last: dict[Qt.DockWidgetArea, QDockWidget] = {}
        for dock in self.docks.values():
            dock.moving = True
        for row in DOCKS:
            dock = self.docks[row.id]
            dock.setFloating(False)
            if row.area in last:
                self.tabifyDockWidget(last[row.area], dock)
            else:
                self.addDockWidget(row.area, dock)
            last[row.area] = dock
            dock.show()
        for name in RAISED:
            self.docks[name].raise_()
        self._size_docks()
        for dock in self.docks.values():
            dock.settle()

    def _size_docks(self) -> None:
        for names, way in (
            (("outline", "inspector"), Qt.Orientation.Horizontal),
            (("summary",), Qt.Orientation.Vertical),
        ):
            self.resizeDocks([self.docks[name] for name in names], [SIZES[name] for name in names], way)

    def _later_fit_heads(self) -> None:
        if hasattr(self, "_fit_heads_timer"):
            self._fit_heads_timer.start()

    def _fit_heads(self) -> None:
        for dock in self.docks.values():
            dock.fit_head()
        groups = {
            frozenset(each.windowTitle() for each in (dock, *self.tabifiedDockWidgets(dock)) if not each.isHidden())
            for dock in self.docks.values()
        }
        for bar in self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            # The tab bars that Qt makes for docks. Qt 6.11 leaves one behind, and visible, for each step in which a
            # group of tabs has grown; parts of it shine through between the docks.
            if frozenset(bar.tabText(place) for place in range(bar.count())) not in groups:
                bar.hide()
                continue
            bar.setExpanding(False)
            bar.setDocumentMode(True)
            bar.setElideMode(Qt.TextElideMode.ElideRight)

    def _make_feature(self, name: str, make: Callable[[], QWidget]) -> QWidget:
        self._features[name] = make()
        self._fill_dock(name)
        return self._features[name]

    def _fill_later(self, name: str) -> None:
        # Each dock in a turn of the event loop of its own: together they would stop the window for too long.
        if name not in self._to_fill:
            self._to_fill.append(name)
            self._fill_timer.start()

    def _fill_next(self) -> None:
        if self._to_fill:
            self._fill_dock(self._to_fill.pop(0))
        if self._to_fill:
            self._fill_timer.start()
            return
        for session in self._left:
            session.deleteLater()
        self._left.clear()

    def _fill_dock(self, name: str) -> None:
        feature = self._features.get(name)
        if feature is not None and hasattr(feature, "show_session"):
            feature.show_session(self.session)

    def _make_outline(self) -> QWidget:
        from app.outline import OutlinePanel

        return OutlinePanel()

    def _make_runs(self) -> QWidget:
        from app.runs import RunsPanel

        panel = RunsPanel()
        panel.chosen.connect(lambda: self.show_dock("training"))
        panel.result_requested.connect(lambda path: self.open_paths([path]))
        return panel

    def _make_inspector(self) -> QWidget:
        from app.inspector import InspectorPanel

        return InspectorPanel()

    def _make_weights(self) -> QWidget:
        from app.weights import WeightsPanel

        return WeightsPanel(self.processes.arrays)

    def _make_config(self) -> QWidget:
        from app.config import ConfigPanel

        return ConfigPanel()

    def _make_summary(self) -> QWidget:
        from app.summary import SummaryPanel

        panel = SummaryPanel()
        panel.activated.connect(lambda key: self.session.reveal(key) if self.session is not None else None)
        return panel

    def _make_differences(self) -> QWidget:
        from app.compare import DifferencesPanel

        return DifferencesPanel(self.actions_table["compare"])

    def _make_problems(self) -> QWidget:
        from app.problems import ProblemsPanel

        return ProblemsPanel()

    def _make_training(self) -> QWidget:
        from app.training import TrainingPanel

        actions = self.actions_table
        panel = TrainingPanel((actions["train"], actions["pause"], actions["stop"]))
        panel.sample_requested.connect(lambda: self.open_paths(bundled()[:1]))
        return panel

    def _make_console(self) -> QWidget:
        from app.console import ConsolePanel

        return ConsolePanel(self.recorder)

    def show_dock(self, name: str) -> None:
        """Brings a dock into sight and to the front of its tabs."""
        self.docks[name].show()
        self.docks[name].raise_()

    def feature(self, name: str) -> Any:
        """What fills a dock, made now if it was not seen yet."""
        self.docks[name].content()
        return self._features[name]

    def _make_status(self) -> None:
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        bar.setContentsMargins(8, 0, 8, 0)
        self.engine_label = QLabel()
        self.engine_label.setTextFormat(Qt.TextFormat.PlainText)
        self._engine_dot = QLabel()
        self.model_label = QLabel()
        self.model_label.setTextFormat(Qt.TextFormat.PlainText)
        left = QWidget()
        row = QHBoxLayout(left)
        row.setContentsMargins(4, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._engine_dot)
        row.addWidget(self.engine_label)
        row.addSpacing(16)
        row.addWidget(self.model_label)
        bar.addWidget(left)
        self.run_label = QLabel()
        self.work_label = QLabel()
        self.work_label.setTextFormat(Qt.TextFormat.PlainText)
        self.work_bar = QProgressBar(textVisible=False, minimum=0, maximum=0)
        self.work_bar.setFixedWidth(140)
        self.work_cancel = QToolButton()
        self.work_cancel.setIcon(icon("close"))
        self.work_cancel.setIconSize(QSize(10, 10))
        self.work_cancel.setToolTip(self.tr("Cancel"))
        self.work_cancel.clicked.connect(self._cancel_opening)
        for part in (self.work_label, self.work_bar, self.work_cancel, self.run_label):
            bar.addPermanentWidget(part)
        self._update_progress()

    # Processes

    def _watch_processes(self) -> None:
        self.processes.reader.died.connect(self._reader_died)
        for service in (self.processes.reader, self.processes.engine):
            service.state_changed.connect(self._update_status)

    def _reader_died(self, error: ProcessDied) -> None:
        # Who waits for an answer tells it with the name of the file, unless the answer was on its way already.
        self._untold_death = not self._told_death
        self._told_death = False
        self._tell_death()
        log.warning("%s", error)

    def _tell_death(self) -> None:
        if self._untold_death and not self._opening:
            self._untold_death = False
            self.bars.tell(
                "warning", self.tr("The reader ended by itself and has been started again. Nothing is lost.")
            )

    def start_processes(self, *, engine: bool = True) -> None:
        """Starts the children behind the window: the reader at once, the engine a little later."""
        self.processes.reader.start()

        def behind_the_window() -> None:
            QTimer.singleShot(WARM_AFTER, self, self._warm)
            if engine:
                QTimer.singleShot(ENGINE_AFTER, self, self._start_engine)

        # On a slow machine the first picture can take longer than that: counted from here, they would hinder it.
        if self._painted:
            behind_the_window()
        else:
            self.painted.connect(behind_the_window)

    def _warm(self) -> None:
        """Loads the code of the canvas and of the panels before a file asks for it, beside the window's own work."""
        # A daemon, and nobody waits for it: it ends by itself, and the end of the program need not.
        threading.Thread(target=_load_features, daemon=True, name="loading features").start()

    def _start_engine(self) -> None:
        if any(session.running is not None and session.running.active for session in self.sessions):
            # A training run is starting TensorFlow too; a second one at the same time would only slow it down.
            QTimer.singleShot(ENGINE_AGAIN, self, self._start_engine)
        else:
            self.processes.engine.start()

    def _update_status(self) -> None:
        engine, reader = self.processes.engine, self.processes.reader
        words = {
            "off": self.tr("Engine off"),
            "starting": self.tr("Engine starting …"),
            "ready": self.tr("Engine ready"),
            "busy": self.tr("Engine busy"),
        }
        versions = [
            f"{name} {engine.hello[key]}"
            for key, name in (("tensorflow", "TensorFlow"), ("keras", "Keras"))
            if engine.hello.get(key)
        ]
        parts = [words[engine.state], *versions] if engine.state != "off" else []
        if reader.state == "off" and self._shown:
            parts.insert(0, self.tr("Reader off"))
        if not parts:
            parts = [self.tr("Reader ready") if reader.state in ("ready", "busy") else self.tr("Reader starting …")]
        self.engine_label.setText("  ·  ".join(parts))
        good = engine.state in ("ready", "busy") or (engine.state == "off" and reader.state in ("ready", "busy"))
        role = "good" if good else "warning"
        self._engine_dot.setPixmap(icon("dot", role).pixmap(8, 8))
        session = self.session
        self.model_label.setText(
            self.tr("{layers} layers  ·  {params} parameters", "", len(session.model.layers)).format(
                layers=f"{len(session.model.layers):,}", params=about(session.inference.params)
            )
            if session is not None
            else ""
        )

    def _update_progress(self) -> None:
        self._tell_death()
        self._leave_timer.start()
        names = [path.name for path in self._opening]
        busy = bool(names)
        self.work_label.setText(self.tr("Opening {files} …").format(files=", ".join(names)) if busy else "")
        for part in (self.work_label, self.work_bar, self.work_cancel):
            part.setVisible(busy)
        if not busy:
            self.work_bar.setRange(0, 0)

    def _on_progress(self, part: float | None, text: str) -> None:
        self.work_bar.setRange(0, 0 if part is None else 1000)
        if part is not None:
            self.work_bar.setValue(round(1000 * part))

    def _cancel_opening(self) -> None:
        for reply in list(self._opening.values()):
            reply.cancel()

    # Actions

    def _update_actions(self) -> None:
        session = self.session
        running = session.running if session is not None else None
        active = running is not None and running.active
        self.actions_table.allow(
            {
                "model": session is not None,
                "tab": self.tabs.count() > 0,
                **self.graphs.there(),
                "comparison": self.tools.comparison() is not None,
                "file": session is not None and session.path is not None,
                "selection": session is not None and bool(session.selection),
                "trainable": running is not None and not active,
                "running": active and running is not None and not running.starting,
                "result": running is not None and any(row.has_result for row in running.runs),
            }
        )
        if active:
            train = self.actions_table["train"]
            train.setToolTip(self.tr("This project is being trained now."))
        self.graphs.update()
        pause = self.actions_table["pause"]
        pausing = running is not None and running.pausing
        pause.setChecked(active and pausing)
        pause.setText(self.tr("Resume") if pausing else table.text("Pause"))
        pause.setIconText("\u2009" + pause.text())
        self.device_label.setText(self._device_text(running))
        self.run_label.setText(self._run_text(running))

    def _device_text(self, running: Running | None) -> str:
        told = devices(running.project.plan.devices) if running is not None else ""
        return told[:1].upper() + told[1:]

    def _run_text(self, running: Running | None) -> str:
        snapshot = running.snapshot if running is not None else None
        if running is None or not running.active:
            return ""
        if snapshot is None:
            return self.tr("Training starts …")
        return self.tr("Training: {percent} %").format(percent=int(100 * snapshot.done))

    def _ask_for_files(self) -> None:
        dialog = QFileDialog(self, self.tr("Open"), self._start_folder(), QCoreApplication.translate("window", FILTERS))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(lambda names: self.open_paths([Path(name) for name in names]))
        # Not exec(): the window goes on behind the dialog, and the curves with it.
        dialog.open()

    def _start_folder(self) -> str:
        recent = self.settings.recent
        return str(recent[0].parent if recent else Path.home())

    def _reload(self) -> None:
        session, comparison = self.session, self.tools.comparison()
        if comparison is not None:
            comparison.start()
            return
        if session is not None and session.path is not None:
            self._open(session.path, again=session)

    def _copy_name(self) -> None:
        session = self.session
        layer = session.layer(session.current[0]) if session is not None and session.current is not None else None
        if layer is not None:
            QGuiApplication.clipboard().setText(layer.name)

    def _select_none(self) -> None:
        if self.session is not None:
            self.session.selection = ()

    def _go_to_selection(self) -> None:
        if self.session is not None and self.session.current is not None:
            self.session.reveal_requested.emit(self.session.current)

    def _show_palette(self) -> None:
        from app.commands import CommandPalette

        if self._palette is None:
            self._palette = CommandPalette(self.actions_table, self)
        self._palette.open()

    def _choose_theme(self, choice: Any) -> None:
        themes().choice = choice
        self.actions_table[f"theme_{choice}"].setChecked(True)
        if self._remember:
            self.settings.theme = choice

    def _step_tab(self, by: int) -> None:
        if self.tabs.count():
            self.tabs.setCurrentIndex((self.tabs.currentIndex() + by) % self.tabs.count())

    def _toggle_full_screen(self) -> None:
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def _reset_panels(self) -> None:
        self._arrange()
        self._later_fit_heads()

    def _train(self) -> None:
        session = self.session
        if session is not None and session.running is not None and not session.running.active:
            self.show_dock("training")
            session.running.start()
            self._update_actions()

    def _pause(self) -> None:
        session = self.session
        if session is not None and session.running is not None:
            session.running.pause(not session.running.pausing)
            self._update_actions()

    def _stop(self) -> None:
        session = self.session
        if session is not None and session.running is not None:
            session.running.stop()

    def _open_result(self) -> None:
        session = self.session
        if session is not None and session.running is not None:
            row = next((row for row in session.running.runs if row.has_result), None)
            if row is not None:
                self._open(row.run.result_path)

    def _run_ended(self, snapshot: Snapshot) -> None:
        log.info("%s: %s", snapshot.run.name, snapshot.state.sentence)
        if snapshot.state.kind in ("done", "stopped") and snapshot.run.result_path.exists():
            self._open(snapshot.run.result_path)

    def _open_log(self) -> None:
        if not logs.file().exists():
            log.info("The log begins here")
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(logs.file())))

    # Qt's own events

    def showEvent(self, event: QShowEvent) -> None:
        """Restores the arrangement, once the window has its size."""
        super().showEvent(event)
        if not self._shown:
            self._shown = True
            if self._remember and not self.settings.arrangement.isEmpty():
                self.restoreState(self.settings.arrangement, STATE_VERSION)
            else:
                # Sizes count only from now on, when the window has its own.
                self._size_docks()
            self._fit_heads()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Says so once everything has been painted for the first time."""
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            # The children are painted within the same turn of the event loop.
            QTimer.singleShot(0, self, self.painted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leaves everything as the next window should find it. Runs go on."""
        if self._remember:
            self.settings.geometry = self.saveGeometry()
            self.settings.arrangement = self.saveState(STATE_VERSION)
            self._leave_timer.stop()
            self._leave_open_files(at_end=True)
            for place in range(self.tabs.count()):
                self._keep_view(self.tabs.widget(place))
            self.settings.sync()
        for running in self._runnings:
            running.close()
        self.tools.close()
        self.processes.close()
        self.recorder.close()
        super().closeEvent(event)

    def _count_problems(self) -> None:
        session, dock = self.session, self.docks["problems"]
        found = 0
        if session is not None:
            found = len(session.opened.risks)
            found += sum(problem.severity != "info" for problem in session.inference.problems)
        title = QCoreApplication.translate("window", "Problems")
        dock.setWindowTitle(f"{title}  {found:,}" if found else title)
        dock.toggleViewAction().setText(title)

    def _leave_open_files(self, *, at_end: bool = False) -> None:
        """Notes what is open: a window that is killed has no later moment for it."""
        if not self._remember or (not at_end and (self._opening or self._to_add)):
            # What is being opened would be missing; once it has a tab, its turn comes again.
            return
        self.settings.open_files = [session.path for session in self.sessions if session.path is not None]
        self.settings.front = self.session.path if self.session is not None else None
        self.settings.sync()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files are welcome anywhere in the window."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self.welcome.zone.light(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """What was dragged is gone again."""
        self.welcome.zone.light(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Opens what was dropped."""
        self.welcome.zone.light(False)
        self.open_paths([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])
        event.acceptProposedAction()

    def _recolor(self) -> None:
        # Icons of actions are painted by role; buttons keep the picture that they had.
        for button in self.findChildren(QToolButton):
            button.update()
        self._update_status()
        self.update()

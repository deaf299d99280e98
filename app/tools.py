"""What can be done with an open model besides looking at it: compare it, export it, read its code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from app.words import place

if TYPE_CHECKING:
    from app.compare import ComparePage, Comparison
    from app.processes import Service
    from app.session import Session


class Tools(QObject):
    """The handlers of these actions.

    Args:
        window: The `app.window.Window` that they belong to.
    """

    def __init__(self, window: Any) -> None:
        super().__init__(window)
        self._window = window
        self._comparing: Service | None = None

    def handlers(self) -> dict[str, Callable[[], None]]:
        """By the id of the action."""
        return {
            "compare": self.choose_comparison,
            "next_difference": lambda: self.step_difference(1),
            "previous_difference": lambda: self.step_difference(-1),
            "export_picture": self.export_picture,
            "export_summary": self.export_summary,
            "python_code": self.show_code,
            "settings": self.show_settings,
            "shortcuts": self.show_shortcuts,
            "about": self.show_about,
        }

    # Comparing

    def choose_comparison(self) -> None:
        """Asks which file to compare the model of this tab with."""
        from app.compare import ChooseDialog

        session = self._session()
        if session is None or session.path is None:
            return
        first = session.path
        others = [other.path for other in self._window.sessions if other.path not in (None, first)]
        recent = [path for path in self._window.settings.recent if path != first and path not in others]
        dialog = ChooseDialog(first, others, recent, self._window)
        dialog.chosen.connect(lambda path: self.compare(first, path))
        dialog.browse_requested.connect(lambda: self._browse(first))
        _show(dialog)

    def compare(self, first: Path, second: Path) -> ComparePage:
        """Opens a tab with what differs between two files."""
        from app.canvas import Canvas
        from app.compare import ComparePage, Comparison
        from app.opening import opened

        comparison = Comparison((first.absolute(), second.absolute()), self._service(), opened)
        page = ComparePage(comparison, Canvas)
        page.step_requested.connect(self.step_difference)
        page.session_changed.connect(lambda: self._page_changed(page))
        comparison.paths_changed.connect(lambda: self._window.rename_tab(page, comparison.title))
        self._window.add_page(page, comparison.title)
        self._window.show_dock("differences")
        comparison.start()
        return page

    def step_difference(self, by: int) -> None:
        """Goes to the next difference of the comparison in front."""
        if self.comparison() is not None:
            self._window.show_dock("differences")
            self._window.feature("differences").step(by)

    def comparison(self) -> Comparison | None:
        """The comparison in front."""
        return getattr(self._window.tabs.currentWidget(), "comparison", None)

    def close(self) -> None:
        """Ends what was started: an export that is under way leaves no file."""
        for dialog in self._window.findChildren(QDialog):
            dialog.close()
        if self._comparing is not None:
            self._comparing.close()
            self._comparing = None

    def _service(self) -> Service:
        """A process of its own: who compares gigabytes can open files and look at weights meanwhile."""
        from app.processes import Service

        if self._comparing is None:
            self._comparing = Service("comparison", "kgui.reader", self)
        return self._comparing

    def _browse(self, first: Path) -> None:
        dialog = self._file_dialog(self.tr("Compare With"), first.parent)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda name: self.compare(first, Path(name)))
        dialog.open()

    def _page_changed(self, page: QWidget) -> None:
        if self._window.tabs.currentWidget() is page:
            self._window.page_changed()

    # Exporting

    def export_picture(self) -> None:
        """Asks what the picture of the graph shows, and writes it."""
        from app.export import PictureDialog

        session, canvas = self._session(), self._canvas()
        if session is not None and canvas is not None:
            scene = canvas.scene
            self._export(PictureDialog(session, scene.diagram, scene.placement, self._folder(session), self._window))

    def export_summary(self) -> None:
        """Asks for the form of the table of layers, and writes it."""
        from app.export import SummaryDialog

        if (session := self._session()) is not None:
            self._export(SummaryDialog(session, self._folder(session), self._window))

    def show_code(self) -> None:
        """Shows Python that builds the model."""
        from app.python_code import CodeDialog

        if (session := self._session()) is not None:
            self._export(CodeDialog(session, self._folder(session), self._window))

    def _export(self, dialog: Any) -> None:
        dialog.saved.connect(self._tell_saved)
        _show(dialog)

    def _tell_saved(self, path: Path) -> None:
        text = self.tr("Written: {file}").format(file=place(path))
        self._window.bars.tell("info", text, {self.tr("Open folder"): lambda: _open(path.parent)})

    def _canvas(self) -> Any:
        """The canvas in front; of a comparison, that of the side on which the user works."""
        page = self._window.tabs.currentWidget()
        comparison = self.comparison()
        if comparison is None:
            return page if hasattr(page, "scene") else None
        return page.canvases[comparison.side] if page.canvases else None

    def _folder(self, session: Session) -> Path:
        return session.path.parent if session.path is not None else Path.home()

    # Settings and help

    def show_settings(self) -> None:
        """Shows the settings."""
        from app.preferences import SettingsDialog

        dialog = SettingsDialog(self._window.settings, self._window)
        dialog.theme_chosen.connect(lambda choice: self._window.actions_table[f"theme_{choice}"].trigger())
        dialog.memory_changed.connect(lambda _: self._window.settings.apply_reader_memory())
        _show(dialog)

    def show_shortcuts(self) -> None:
        """Shows all shortcuts."""
        from app.preferences import ShortcutsDialog

        _show(ShortcutsDialog(self._window.actions_table, self._window))

    def show_about(self) -> None:
        """Shows the versions of everything."""
        from app import logs
        from app.preferences import AboutDialog

        _show(AboutDialog(self._window.processes.engine.hello, place(logs.file()), self._window))

    # Common

    def _session(self) -> Session | None:
        session: Session | None = self._window.session
        return session

    def _file_dialog(self, title: str, folder: Path) -> QFileDialog:
        dialog = QFileDialog(self._window, title, str(folder))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog


def _open(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _show(dialog: Any) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    # Not exec(): the window goes on behind the dialog.
    dialog.open()

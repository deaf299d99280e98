"""The dialog with the code of a model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.python_code.view import CodeView
from app.session import Session
from app.theme import set_role
from app.widgets.labels import ElidedLabel, label
from app.widgets.work import Control, Job

if TYPE_CHECKING:
    from kgui.graph.model import Model


class CodeDialog(QDialog):
    """Shows Python that builds the same model.

    Args:
        session: The model.
        folder: Where "Save…" begins.
        parent: The window.
    """

    saved = Signal(object)
    """The `Path` of the file that was written."""

    def __init__(self, session: Session, folder: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Python Code"))
        self._session = session
        self._folder = folder
        self._job: Job | None = None
        self.title = ElidedLabel(session.title, role="heading", mode=Qt.TextElideMode.ElideMiddle)
        self.facts = label(self.tr("Writing the code …"), "dim")
        self.view = CodeView()
        self.error = label(role="error", wrap=True)
        self.error.hide()
        self.copy_button = QPushButton(self.tr("Copy"))
        self.save_button = QPushButton(self.tr("Save…"))
        set_role(self.save_button, "primary")
        close = QPushButton(self.tr("Close"))
        self.copy_button.clicked.connect(self._copy)
        self.save_button.clicked.connect(self._ask_where)
        close.clicked.connect(self.reject)
        head = QHBoxLayout()
        head.setContentsMargins(24, 16, 24, 12)
        head.setSpacing(16)
        head.addWidget(self.title, 1)
        head.addWidget(self.facts)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(24, 12, 24, 16)
        buttons.setSpacing(8)
        buttons.addWidget(self.copy_button)
        buttons.addWidget(self.error, 1)
        buttons.addStretch(1)
        buttons.addWidget(close)
        buttons.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self.view, 1)
        layout.addLayout(buttons)
        self.resize(820, 640)
        self._let(False)
        self._start(_written(session), None, self._show, self._refuse)

    @property
    def busy(self) -> bool:
        """Whether the code is being written."""
        return self._job is not None

    def save_to(self, path: Path) -> None:
        """Writes the file."""
        content = self.view.toPlainText().encode()
        self._start(lambda control: content, path, self.saved.emit, self._fail)

    def _start(
        self,
        work: Callable[[Control], bytes],
        target: Path | None,
        done: Callable[[Any], Any],
        failed: Callable[[str], None],
    ) -> None:
        if self._job is not None:
            return
        self.error.hide()
        job = self._job = Job(work, target, self)

        def end(then: Callable[[Any], Any], value: Any) -> None:
            self._job = None
            job.deleteLater()
            then(value)

        job.done.connect(lambda value: end(done, value))
        job.failed.connect(lambda text: end(failed, text))
        job.stopped.connect(lambda: end(lambda _: None, None))
        job.start()

    def _show(self, content: bytes) -> None:
        self.view.setPlainText(content.decode())
        self.facts.setText(self.tr("Keras 3  ·  {count} lines").format(count=f"{self.view.blockCount():,}"))
        self._let(True)

    def _refuse(self, text: str) -> None:
        self.facts.setText("")
        self._fail(text)

    def _fail(self, text: str) -> None:
        self.error.setText(text)
        self.error.show()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.view.toPlainText())
        self.copy_button.setText(self.tr("Copied"))

    def _ask_where(self) -> None:
        path = self._session.path
        dialog = QFileDialog(self, self.tr("Save Python Code"), str(self._folder))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("py")
        dialog.setNameFilters([self.tr("Python (*.py)"), self.tr("All files (*)")])
        dialog.selectFile(f"{path.stem if path is not None else 'model'}.py")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.save_to(Path(name)))
        dialog.open()

    def _let(self, free: bool) -> None:
        for button in (self.copy_button, self.save_button):
            button.setEnabled(free)

    def done(self, result: int) -> None:
        """Leaves no thread behind."""
        if self._job is not None:
            self._job.close()
        super().done(result)


def _model_of(value: dict[str, Any], era: str) -> Model:
    # Only for the rare model that is an argument of a layer: its config has not been read yet.
    from kgui.formats.notes import Notes
    from kgui.formats.structure import decode_object

    return decode_object(value, era, Notes())


def _written(session: Session) -> Callable[[Control], bytes]:
    opened, name = session.opened, session.title

    def work(control: Control) -> bytes:
        from kgui.reports.code import code

        text = code(opened.model, opened.inference, training=opened.training, source=name, read_model=_model_of)
        return text.encode()

    return work

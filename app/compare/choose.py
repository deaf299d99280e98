"""Which file to compare with: another open tab, a recent file, or any other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.theme import icon
from app.widgets.labels import ElidedLabel, label
from app.words import place, tip

PATH = Qt.ItemDataRole.UserRole


class ChooseDialog(QDialog):
    """Asks for the second file of a comparison.

    Args:
        first: The first one.
        open_files: Those of other tabs.
        recent: Others that were open.
        parent: The window.
    """

    chosen = Signal(object)
    """The `Path` of the second file."""
    browse_requested = Signal()
    """The user wants to look for a file."""

    def __init__(self, first: Path, open_files: Sequence[Path], recent: Sequence[Path], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Compare With"))
        head = ElidedLabel(
            self.tr("Compare {file} with").format(file=first.name), role="heading", mode=Qt.TextElideMode.ElideMiddle
        )
        head.set_tip(place(first))
        self.search = QLineEdit(placeholderText=self.tr("Filter files"), clearButtonEnabled=True)
        self.search.addAction(icon("search", "text_faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._filter)
        self.list = QListWidget()
        self.list.setIconSize(QSize(14, 14))
        self.list.itemActivated.connect(lambda _: self.accept())
        for files, name, words in (
            (open_files, "model", self.tr("open in a tab")),
            (recent, "file", self.tr("opened before")),
        ):
            for path in files:
                item = QListWidgetItem(icon(name), f"{path.name}   ·   {words}   ·   {place(path.parent)}")
                item.setData(PATH, path)
                item.setToolTip(tip(place(path)))
                self.list.addItem(item)
        none = label(self.tr("No other model is open, and none was. Choose a file."), "dim", wrap=True)
        none.setVisible(not self.list.count())
        self.list.setVisible(bool(self.list.count()))
        self.search.setVisible(self.list.count() > 6)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.compare_button = QPushButton(self.tr("Compare"))
        self.compare_button.setProperty("role", "primary")
        self.compare_button.setDefault(True)
        self.browse_button = QPushButton(self.tr("Other file…"))
        buttons.addButton(self.browse_button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.compare_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.browse_button.clicked.connect(self._browse)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(12)
        for widget in (head, self.search, self.list, none, buttons):
            layout.addWidget(widget)
        self.list.currentItemChanged.connect(lambda *_: self._update())
        self.list.setCurrentRow(0)
        self._update()
        self.resize(560, 360 if self.list.count() else 160)

    def accept(self) -> None:
        """Compares with what is chosen."""
        item = self.list.currentItem()
        if item is not None and not item.isHidden():
            super().accept()
            self.chosen.emit(item.data(PATH))

    def _browse(self) -> None:
        self.reject()
        self.browse_requested.emit()

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        rows = [self.list.item(row) for row in range(self.list.count())]
        for item in rows:
            item.setHidden(not all(word in item.text().casefold() for word in words))
        shown = [item for item in rows if not item.isHidden()]
        if shown and (self.list.currentItem() is None or self.list.currentItem().isHidden()):
            self.list.setCurrentItem(shown[0])
        self._update()

    def _update(self) -> None:
        item = self.list.currentItem()
        self.compare_button.setEnabled(item is not None and not item.isHidden())

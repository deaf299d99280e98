"""All shortcuts on one page, made from the table of actions and searched while one types."""

from __future__ import annotations

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QHeaderView, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from app.actions import Actions, text
from app.theme import font, icon
from app.widgets.labels import label
from app.words import tip

CANVAS = QT_TRANSLATE_NOOP("shortcuts", "On the canvas")
GESTURES = (
    (QT_TRANSLATE_NOOP("shortcuts", "Go along the wires, or to the card beside"), "Up, Down, Left, Right"),
    (QT_TRANSLATE_NOOP("shortcuts", "Open or close the selected nested model"), "Return"),
    (QT_TRANSLATE_NOOP("shortcuts", "Select all cards"), "Ctrl+A"),
    (QT_TRANSLATE_NOOP("shortcuts", "Move the canvas while dragging"), "Space"),
)
"""Keys that belong to the canvas and are no actions."""


class ShortcutsDialog(QDialog):
    """Every command by its menu, with its keys.

    Args:
        actions: The table.
        parent: The window.
    """

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard Shortcuts"))
        self.search = QLineEdit(placeholderText=self.tr("Filter by command or key"), clearButtonEnabled=True)
        self.search.addAction(icon("search", "text_faint"), QLineEdit.ActionPosition.LeadingPosition)
        self.search.textChanged.connect(self._filter)
        self.list = QTreeWidget(columnCount=2, headerHidden=True, rootIsDecorated=False, indentation=8)
        self.list.setUniformRowHeights(True)
        self.list.setSelectionMode(QTreeWidget.SelectionMode.NoSelection)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._none = label(self.tr("No command has such a name or key."), "dim")
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._none.hide()
        self._fill(actions)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)
        layout.addWidget(self._none, 1)
        self.resize(560, 640)

    def shown(self) -> list[tuple[str, str]]:
        """Commands and keys that the search leaves."""
        found = []
        for group in self._groups():
            rows = [group.child(place) for place in range(group.childCount())]
            found += [(row.text(0), row.text(1)) for row in rows if not row.isHidden()]
        return found

    def _fill(self, actions: Actions) -> None:
        groups: dict[str, QTreeWidgetItem] = {}
        for row, action in actions:
            title = text(row.menu.split("/")[0])
            keys = "   ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in action.shortcuts())
            self._add(groups, title, action.text().replace("…", ""), keys, text(row.tip))
        for words, keys in GESTURES:
            native = "   ".join(
                QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys.split(", ")
            )
            self._add(groups, _tr(CANVAS), _tr(words), native, "")
        self.list.expandAll()

    def _add(self, groups: dict[str, QTreeWidgetItem], title: str, name: str, keys: str, words: str) -> None:
        if not keys:
            return
        if title not in groups:
            group = groups[title] = QTreeWidgetItem([title])
            group.setFont(0, font(strong=True))
            self.list.addTopLevelItem(group)
        row = QTreeWidgetItem([name, keys])
        row.setFont(1, font(mono=True))
        row.setToolTip(0, tip(words))
        row.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        groups[title].addChild(row)

    def _groups(self) -> list[QTreeWidgetItem]:
        return [self.list.topLevelItem(place) for place in range(self.list.topLevelItemCount())]

    def _filter(self, typed: str) -> None:
        words = typed.casefold().split()
        for group in self._groups():
            hidden = []
            for place in range(group.childCount()):
                row = group.child(place)
                said = f"{group.text(0)} {row.text(0)} {row.text(1)} {row.toolTip(0)}".casefold()
                row.setHidden(not all(word in said for word in words))
                hidden.append(row.isHidden())
            group.setHidden(all(hidden))
        found = any(not group.isHidden() for group in self._groups())
        self.list.setVisible(found)
        self._none.setVisible(not found)


def _tr(source: str) -> str:
    return QCoreApplication.translate("shortcuts", source)

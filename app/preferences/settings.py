"""The settings dialog. Every change counts at once; there is nothing to confirm."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.language import NAMES
from app.settings import MOST_MEMORY, Settings
from app.widgets.labels import label
from app.words import place

STEP = 512


class SettingsDialog(QDialog):
    """Theme, language, what comes back at the next start, and how much memory a file may take.

    Args:
        settings: Where everything is kept.
        parent: The window.
    """

    theme_chosen = Signal(str)
    """The window shall look like this: "system", "light" or "dark"."""
    memory_changed = Signal(int)
    """Megabytes that reading a file may take from now on; 0 for kgui's own limit."""

    def __init__(self, settings: Settings, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Settings"))
        self._settings = settings
        self.theme = _combo(
            {"system": self.tr("As the system"), "light": self.tr("Light"), "dark": self.tr("Dark")}, settings.theme
        )
        self.language = _combo({"system": self.tr("As the system"), **NAMES}, settings.language)
        self.restore = QCheckBox(self.tr("Open the last files again"))
        self.restore.setChecked(settings.restore_files)
        self.memory = QSpinBox(
            minimum=0, maximum=MOST_MEMORY, singleStep=STEP, suffix=self.tr(" MB"), value=settings.reader_memory
        )
        self.memory.lineEdit().setTextMargins(4, 0, 0, 0)
        self.memory.setSpecialValueText(self.tr("2,048 MB (usual)"))
        self.memory.setKeyboardTracking(False)
        form = QFormLayout()
        form.setHorizontalSpacing(24)
        form.setVerticalSpacing(8)
        self._section(form, self.tr("Look"))
        self._row(form, self.tr("Theme"), self.theme)
        self._row(form, self.tr("Language"), self.language, self.tr("Counts from the next start of kgui."))
        self._section(form, self.tr("Start"))
        self._row(form, self.tr("Session"), self.restore, self.tr("The arrangement of the window always comes back."))
        self._section(form, self.tr("Files"))
        self._row(
            form,
            self.tr("Memory of the reader"),
            self.memory,
            self.tr("Larger ones are refused. Counts from the next start."),
        )
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(16)
        layout.addLayout(form)
        layout.addWidget(label(self.tr("Kept in {file}").format(file=place(settings.file)), "faint", wrap=True))
        layout.addWidget(buttons)
        self.theme.currentIndexChanged.connect(lambda _: self.theme_chosen.emit(self.theme.currentData()))
        self.language.currentIndexChanged.connect(self._language_chosen)
        self.restore.toggled.connect(self._restore_chosen)
        self.memory.valueChanged.connect(self._memory_chosen)
        self.setMinimumWidth(520)

    def _section(self, form: QFormLayout, text: str) -> None:
        title = label(text, "section")
        title.setContentsMargins(0, 8 if form.rowCount() else 0, 0, 0)
        form.addRow(title)

    def _row(self, form: QFormLayout, title: str, field: QWidget, note: str = "") -> None:
        name = label(title, "dim")
        name.setBuddy(field)
        field.setAccessibleName(title)
        form.addRow(name, field)
        if note:
            words = label(note, "faint")
            words.setContentsMargins(0, 0, 0, 4)
            form.addRow("", words)

    def _language_chosen(self) -> None:
        self._settings.language = self.language.currentData()

    def _restore_chosen(self, on: bool) -> None:
        self._settings.restore_files = on

    def _memory_chosen(self, megabytes: int) -> None:
        self._settings.reader_memory = megabytes
        # Below a quarter of a gigabyte, Python and h5py themselves have no room.
        self.memory.setValue(self._settings.reader_memory)
        self.memory_changed.emit(self._settings.reader_memory)


def _combo(options: dict[str, str], chosen: str) -> QComboBox:
    made = QComboBox()
    for key, text in options.items():
        made.addItem(text, key)
    made.setCurrentIndex(max(0, made.findData(chosen)))
    return made

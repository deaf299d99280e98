"""What the user chooses once: settings; and the pages of Help: shortcuts, versions."""

from app.preferences.about import AboutDialog
from app.preferences.settings import SettingsDialog
from app.preferences.shortcuts import ShortcutsDialog

__all__ = ["AboutDialog", "SettingsDialog", "ShortcutsDialog"]

"""Which language the window speaks: the one that was chosen, or else the first of the system's that kgui knows."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QApplication

from app.theme import MONO, SANS
from kgui import resources

log = logging.getLogger("kgui")

ENGLISH = "en"
CHINESE = "zh_CN"

NAMES = {ENGLISH: "English", CHINESE: "简体中文"}
"""Every language that ships, by the code in the names of its files, as it calls itself."""

_TAGS = {"en": ENGLISH, "zh": CHINESE, "zh-Hans": CHINESE, "zh-CN": CHINESE, "zh-SG": CHINESE}
"""Names that systems have for these languages. Traditional Chinese is not among them: nobody has translated it."""

_HAN_FONTS = (
    "PingFang SC",
    "Microsoft YaHei UI",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
)
"""Fonts for Simplified Chinese that go well with Inter, best first. Left alone, some systems take a Japanese one."""


def start(application: QApplication, choice: str = "system") -> list[QTranslator]:
    """Makes the window speak a language, before the first of its texts is made.

    Args:
        application: Gets the translators, and owns them.
        choice: A key of `NAMES`; anything else means the language of the system.

    Returns:
        What was installed.
    """
    language = choice if choice in NAMES else of_system(QLocale.system().uiLanguages())
    if language == CHINESE and not _prepare_fonts():
        log.warning("There is no font with Chinese characters here, so the window speaks English")
        language = ENGLISH
    return install(application, language)


def of_system(languages: Iterable[str]) -> str:
    """The first of the user's languages that kgui knows; English where it knows none.

    Args:
        languages: As `QLocale.uiLanguages` has them: "zh-Hans-CN", "zh-CN", ….
    """
    for tag in languages:
        # "en-Latn-US" is English as "en" is; "zh-Hant-TW" is not the Chinese that "zh" alone stands for.
        language, *script = tag.split("-")
        found = _TAGS.get(tag) or _TAGS.get("-".join((language, *script[:1])))
        found = found or (ENGLISH if language == "en" else None)
        if found is not None:
            return found
    return ENGLISH


def install(application: QApplication, language: str) -> list[QTranslator]:
    """Installs the texts of a language: Qt's own, for its dialogs and menus, and then kgui's, which come first."""
    installed = []
    for name, folder in (
        (f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)),
        (f"kgui_{language}", str(resources.path("translations"))),
    ):
        translator = QTranslator(application)
        if translator.load(name, folder):
            application.installTranslator(translator)
            installed.append(translator)
    return installed


def _prepare_fonts() -> bool:
    """Names the font for Chinese to Qt. False where there is none: every character would be an empty box."""
    families = QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese)
    if not families:
        return False
    best = next((name for name in _HAN_FONTS if name in families), families[0])
    for bundled in (SANS, MONO):
        QFont.insertSubstitution(bundled, best)
    return True

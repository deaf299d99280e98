"""Where the files are that ship with kgui: fonts, icons, themes, translations, samples."""

from __future__ import annotations

from pathlib import Path


def folder() -> Path:
    """The folder of the resources: beside the packages in a checkout, within `kgui` in an installed wheel."""
    installed = Path(__file__).parent / "_resources"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "resources"


def path(*parts: str) -> Path:
    """A file or folder of the resources: `path("fonts", "Inter-Regular.otf")`."""
    return folder().joinpath(*parts)

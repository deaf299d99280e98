"""Where the files are that come with kgui: themes, icons, fonts, translations, samples. The one locator for all of `app`."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def root() -> Path:
    """The folder of the resources: beside `app` in a checkout, within it in an installed wheel."""
    installed = Path(__file__).parent / "_resources"
    return installed if installed.is_dir() else Path(__file__).parents[1] / "resources"


def path(*parts: str) -> Path:
    """The place of one resource, whether it is there or not."""
    return root().joinpath(*parts)


def samples() -> list[Path]:
    """The bundled projects, by name."""
    return sorted(path("samples").glob("**/*.kgui"))

"""How wide a text is, without a screen: advance widths of the bundled fonts, Inter with tabular figures."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Literal

Face = Literal["regular", "strong", "mono"]
"""Inter Regular, Inter SemiBold, JetBrains Mono Regular."""

_FIRST = 32
_REGULAR = """
    281 278 403 631 638 812 639 222 362 362 500 659 280 460 276 357 625 464 605 636 642 608 624 571 616 624 276
    280 659 659 659 507 936 676 651 727 719 598 587 743 740 264 543 652 562 889 753 761 635 761 639 638 642 741
    676 949 642 665 625 362 357 362 469 452 497 564 621 558 621 582 361 609 591 237 237 544 237 869 585 597 609
    609 372 523 364 581 557 812 540 557 541 362 327 362 659
"""
_STRONG = """
    248 309 396 643 649 844 663 213 393 393 543 673 295 466 290 379 667 481 621 652 666 632 648 587 646 648 290
    295 673 673 673 544 999 724 657 744 724 608 586 755 744 275 561 677 566 906 741 775 643 776 651 649 660 734
    724 1007 690 705 653 393 379 393 481 468 497 575 630 577 630 593 377 625 613 261 261 569 261 898 610 608 625
    625 397 549 380 608 576 837 562 576 562 393 358 393 673
"""
_WIDTHS = {
    "regular": [int(word) for word in _REGULAR.split()],
    "strong": [int(word) for word in _STRONG.split()],
}
"""Thousandths of the font's size, from the `hmtx` tables of the fonts, for the characters from U+0020 to U+007E."""
_OTHERS = {"·": 290, "×": 673, "…": 821, "–": 500, "−": 673}
_ELLIPSIS = "…"


@lru_cache(maxsize=65_536)
def width(text: str, size: float, face: Face = "regular") -> float:
    """Width of a line of text in the unit of `size`.

    Characters that the table lacks count as wide as their East Asian width says, so that a Chinese name still fits.
    """
    return sum([_advance(character, face) for character in text]) * size / 1000


def _advance(character: str, face: Face) -> int:
    index = ord(character) - _FIRST
    if face == "mono":
        return 600 if index < 95 or character in _OTHERS else _unlisted(character, 600)
    widths = _WIDTHS[face]
    if 0 <= index < len(widths):
        return widths[index]
    return _OTHERS.get(character) or _unlisted(character, 680)


@lru_cache(maxsize=4096)
def _unlisted(character: str, usual: int) -> int:
    if unicodedata.combining(character):
        return 0
    return 1000 if unicodedata.east_asian_width(character) in "WF" else usual


def clean(text: str) -> str:
    """A text from a file as one line of plain characters: control and direction characters cannot disturb others."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if character.isprintable() else "�" for character in text)


@lru_cache(maxsize=65_536)
def elided(text: str, room: float, size: float, face: Face = "regular") -> str:
    """The text, or as much of its start as fits, with an ellipsis."""
    if width(text, size, face) <= room:
        return text
    left = room - width(_ELLIPSIS, size, face)
    kept = 0
    for character in text:
        left -= _advance(character, face) * size / 1000
        if left < 0:
            break
        kept += 1
    return text[:kept].rstrip() + _ELLIPSIS

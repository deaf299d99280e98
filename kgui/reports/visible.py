"""Strings from files made safe to print: nothing in them can move the cursor, hide, or turn the line around."""

from __future__ import annotations

import re

# Control characters, line and paragraph separators, bidirectional controls and isolates, invisible characters, tag
# characters, and halves of surrogate pairs (which cannot be printed at all).
_TRICKS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str, limit: int = 200) -> str:
    """The text with every trick character written as an escape, and with an ellipsis in the place of its middle.

    Args:
        text: Anything, as a file has it.
        limit: Characters that are kept at the most.
    """
    if len(text) > limit:
        text = f"{text[: limit * 2 // 3]}…{text[-(limit // 3 - 1) :]}"
    if text.isprintable():
        return text
    return _TRICKS.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)


def has_tricks(text: str) -> bool:
    """Whether `visible` would have to escape something."""
    # What `isprintable` calls printable has none of the categories that the tricks are of.
    return not text.isprintable() and _TRICKS.search(text) is not None

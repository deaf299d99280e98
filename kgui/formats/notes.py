"""What is found out about a file while it is read: remarks for the user, and marks for the writer."""

from __future__ import annotations

from typing import Any, Final

FORM: Final = "\u0001form"
"""Key in a `record` for how the file wrote something that can be written in several ways.

Only the codecs of this package read it. A control character, so that no file has the key by chance.
"""

MAX_NOTES = 40


class Notes:
    """Remarks for the user. A damaged file with 20,000 dangling references gets 40 remarks and a number."""

    def __init__(self) -> None:
        self._seen: dict[str, None] = {}
        self._dropped = 0

    def add(self, text: str) -> None:
        """Adds a remark, unless it is there already."""
        if text in self._seen:
            return
        if len(self._seen) >= MAX_NOTES:
            self._dropped += 1
            return
        self._seen[text] = None

    def texts(self) -> list[str]:
        """The remarks, in the order in which they came."""
        more = [f"{self._dropped} more remarks of this kind were left out."] if self._dropped else []
        return [*self._seen, *more]


def quoted(value: Any) -> str:
    """A name from a file for a sentence: quoted, on one line, and not longer than 80 characters."""
    text = value if isinstance(value, str) else repr(value)
    text = "".join(c if c.isprintable() else "�" for c in text)
    return f"'{text[:77]}…'" if len(text) > 78 else f"'{text}'"


def form_of(record: dict[str, Any]) -> dict[str, Any]:
    """What a record says about how it was written; empty for what kgui made itself."""
    form = record.get(FORM)
    return form if isinstance(form, dict) else {}

"""What in a model file could run code, read other files, or exhaust a machine, and which loader would let it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Risk:
    """One risk.

    Attributes:
        kind: A short name for programs: "lambda-bytecode", "import-gadget", "external-storage", ….
        where: The place in the file, as the user would name it: "layer 'lam'", "archive member 'x'".
        detail: What it is, as a sentence that a person understands.
        runs_when: Which loader would run it, and when.
    """

    kind: str
    where: str
    detail: str
    runs_when: str

"""The errors that kgui raises for what a user can cause.

Every one is a sentence: what happened, where, and what to do next. A bug in kgui is never one of these.
"""

from __future__ import annotations


class KguiError(Exception):
    """Something went wrong that the message explains to the user.

    Args:
        what: What happened, as a sentence without a full stop.
        where: The file, layer or argument that it happened to.
        hint: What to do next, as a sentence.
    """

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        self.what = what.rstrip(".")
        self.where = where
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}." if self.where else f"{self.what}."
        return f"{text} {self.hint}" if self.hint else text


class FileError(KguiError):
    """A file cannot be read or written: missing, damaged, not permitted, not of a known kind."""


class LimitError(FileError):
    """A file asks for more memory, time or nesting than kgui gives to a file that it does not trust."""


class ModelError(KguiError):
    """A model, layer or argument is not what Keras would accept."""


class DataError(KguiError):
    """A dataset cannot be read, or does not fit the model that it should feed."""


class PlanError(KguiError):
    """A training plan cannot be carried out as it stands."""


class ProcessDied(KguiError):
    """The reader, the engine or a training process ended before it answered.

    Args:
        role: The process, in a word that the user knows: "reader", "engine", "training".
        returncode: As `subprocess.Popen.returncode` has it: negative for a signal.
    """

    def __init__(self, role: str, returncode: int | None, *, hint: str | None = None) -> None:
        self.role = role
        self.returncode = returncode
        super().__init__(f"The {role} process ended before it answered ({exit_reason(returncode)})", hint=hint)


def exit_reason(returncode: int | None) -> str:
    """How a process ended, in words: "exit code 3", "killed by SIGKILL"."""
    import signal

    if returncode is None:
        return "reason unknown"
    if returncode >= 0:
        return f"exit code {returncode}"
    try:
        return f"killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"killed by signal {-returncode}"

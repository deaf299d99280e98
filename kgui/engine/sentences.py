"""What TensorFlow and Keras raise, in words for the user."""

from __future__ import annotations

import re

import tensorflow as tf

KINDS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str, str], ...] = (
    (
        (MemoryError, tf.errors.ResourceExhaustedError),
        "The memory is not enough for this model and batch",
        "Set a smaller batch size, or close other programs.",
    ),
    (
        tf.errors.InvalidArgumentError,
        "TensorFlow cannot compute this model with these data",
        "Check shapes, dtypes and label ranges; the log holds all of TensorFlow's message.",
    ),
    (
        (tf.errors.InternalError, tf.errors.UnknownError, tf.errors.UnavailableError, tf.errors.AbortedError),
        "TensorFlow failed",
        "The log holds all of its message.",
    ),
    (
        OSError,
        "A file of the run cannot be read or written",
        "Check that the disk is not full and the folder is writable.",
    ),
    (
        (ValueError, TypeError, RuntimeError),
        "Keras cannot train this model with this plan",
        "The log holds all of its message.",
    ),
)
"""Errors, most special first: what happened, and what to do."""


def sentence(error: BaseException) -> str:
    """What went wrong and what to do, on one line."""
    for kinds, what, hint in KINDS:
        if isinstance(error, kinds):
            return f"{what} ({gist(error)}). {hint}"
    return f"Training failed ({type(error).__name__}: {gist(error)}). The log holds all of the message."


def gist(error: BaseException) -> str:
    """The line of a message that says what is wrong; TensorFlow's begin with where in the graph it was."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    lines = [line for line in lines if not re.match(r"(Graph execution error|Detected at node|File \")", line)] or lines
    text = lines[0].rstrip(".:") if lines else type(error).__name__
    text = re.sub(r"\s*\[Op:\w+\].*$", "", re.sub(r"\{\{function_node \S+\}\}\s*", "", text))
    return text if len(text) <= 200 else text[:199] + "…"

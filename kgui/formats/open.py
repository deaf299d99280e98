"""The one front door for reading: any file or folder in, a `ModelFile` out."""

from __future__ import annotations

import gc
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from kgui.errors import FileError, KguiError, LimitError
from kgui.formats.recognise import recognise
from kgui.formats.source import Source, format_size, look_at, unreadable

if TYPE_CHECKING:
    from kgui.formats.file import ModelFile


def open_model(path: Path | str, *, weights: bool = True, weights_path: Path | str | None = None) -> ModelFile:
    """Opens a model file of any era, without Keras, and without running anything that it says.

    The format is told by the content, never by the name. An architecture without weights (JSON, YAML) is paired
    with the weights file that belongs to it, where one lies beside it under a fitting name.

    Args:
        path: A file or a folder.
        weights: Whether to list the weights at once. Without, the graph is there sooner, and
            `ModelFile.list_weights` lists them later.
        weights_path: The weights for a file that has only the architecture.

    Returns:
        The opened file. It holds the file open until `close`, or the end of its `with` block.

    Raises:
        FileError: The file cannot be read, is damaged, or holds no model.
        LimitError: It asks for more memory, time or nesting than a model could honestly need.
    """
    source = look_at(path, weights_path=weights_path)
    file = open_source(source)
    if weights:
        try:
            file.list_weights()
        except BaseException:
            file.close()
            raise
    return file


def open_source(source: Source) -> ModelFile:
    """Opens what has been looked at; the weights are not listed yet."""
    known = recognise(source)
    module, _, name = known.opener.partition(":")
    where = str(source.path)
    collects = gc.isenabled()
    # Parsing makes hundreds of thousands of objects and no garbage; looking for it doubles the time for 20,000 layers.
    gc.disable()
    try:
        file: ModelFile = getattr(importlib.import_module(module), name)(source)
    except KguiError:
        raise
    except RecursionError as error:
        raise LimitError("The file is nested deeper than any model", where=where) from error
    except MemoryError as error:
        raise LimitError("The file asks for more memory than there is", where=where) from error
    except OSError as error:
        raise unreadable(source.path, error) from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, ArithmeticError) as error:
        # A wrong type or a missing key deep in a damaged file. The codecs look for the likely ones and go on; this
        # is the net under them, so that a file can never show a traceback to the user.
        raise FileError(
            f"The {known.title} file is damaged or made up ({type(error).__name__} while reading it)",
            where=where,
            hint="Get a fresh copy of the file.",
        ) from error
    finally:
        if collects:
            gc.enable()
    if not source.is_folder:
        file.facts.setdefault("size", format_size(source.size))
    return file

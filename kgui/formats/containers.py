"""What every opened file gets once its graph is there: remarks, and the risks of its configuration."""

from __future__ import annotations

from kgui.formats.file import ModelFile
from kgui.formats.notes import Notes, quoted


def describe(file: ModelFile, notes: Notes) -> None:
    """Adds what `notes` has gathered, and what the kind of the model means for the user."""
    file.notes.extend(notes.texts())
    model = file.model
    if model.kind == "subclassed":
        file.notes.append(
            f"The model is of the class {quoted(model.class_name)}, whose graph is Python code that is not in the file."
        )
    elif model.kind == "weights":
        file.notes.append("The file holds weights without an architecture.")

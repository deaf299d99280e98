"""Whole models in HDF5 (Keras 1.0.7 to 3), whatever the file is called; and what else an HDF5 file can be.

The architecture is JSON in the root attribute "model_config", what the model was compiled with in "training_config".
Source: `keras.src.legacy.saving.legacy_h5_format` (3.15), `keras.models.save_model` (1.x, 2.x).
"""

from __future__ import annotations

from typing import Any

from kgui.errors import FileError
from kgui.formats.file import ModelFile
from kgui.formats.hdf5 import SafeHdf5
from kgui.formats.notes import Notes
from kgui.formats.source import Source
from kgui.formats.stores import is_weights, store_in_hdf5, weights_file
from kgui.formats.structure import decode_model
from kgui.formats.text import fill_in, parse_json
from kgui.reports.risk_kinds import Risk


def open_hdf5(source: Source) -> ModelFile:
    """Opens an HDF5 file: a whole model, or weights alone.

    Raises:
        FileError: It is neither, but data; or it is damaged.
    """
    hdf5 = SafeHdf5(source.path)
    try:
        text = hdf5.text("", "model_config")
        if text is not None:
            return _whole_model(source, hdf5, text)
        if is_weights(hdf5):
            return weights_file(source, hdf5)
    except BaseException:
        hdf5.close()
        raise
    hdf5.close()
    raise FileError(
        "This HDF5 file holds no Keras model and no Keras weights",
        where=str(source.path),
        hint="Data in it can feed a training.",
    )


def _whole_model(source: Source, hdf5: SafeHdf5, text: str) -> ModelFile:
    risks: list[Risk] = []
    notes = Notes()
    where = str(source.path)
    version = hdf5.text("", "keras_version") or hdf5.text("model_weights", "keras_version")
    value = parse_json(text, f"{where} (model_config)", risks)
    if not isinstance(value, dict):
        raise FileError("The attribute model_config describes no model", where=where)
    try:
        model = decode_model(value, notes, version=version)
    except FileError as error:
        raise FileError(error.what, where=where, hint=error.hint) from error
    key = "keras-hdf5" if source.path.suffix.lower() == ".keras" else "hdf5"
    file = ModelFile(source.path, key, model, keras_version=version, container_risks=risks)
    file.backend = hdf5.text("", "backend")
    fill_in(file, value, notes)
    if key == "keras-hdf5":
        file.notes.append("The file is HDF5, not the archive that its name says; Keras 3 refuses it under this name.")
    training = _training(hdf5, risks, where)
    if training is not None:
        file.training = training
    file.find_store = lambda opened: store_in_hdf5(opened, hdf5)
    file.on_close = hdf5.close
    return file


def _training(hdf5: SafeHdf5, risks: list[Risk], where: str) -> dict[str, Any] | None:
    text = hdf5.text("", "training_config")
    if text is None:
        return None
    value = parse_json(text, f"{where} (training_config)", risks)
    return value if isinstance(value, dict) else None

"""Which weight store fits an HDF5 file: told by its attributes and groups."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kgui.errors import FileError, LimitError
from kgui.formats.file import ModelFile
from kgui.formats.notes import Notes
from kgui.formats.source import Source, look_at
from kgui.graph import Model

if TYPE_CHECKING:
    from kgui.formats.archive import Archive
    from kgui.formats.hdf5 import SafeHdf5
    from kgui.formats.store import WeightStore

MAX_UNPACKED_BYTES = 256 << 20
"""Weights that someone has deflated must be unpacked into memory to be read at all."""


def store_in_archive(file: ModelFile, archive: Archive, name: str) -> WeightStore:
    """The store for a member of a Keras archive: read in place if it is stored, as Keras writes it.

    Raises:
        FileError: The member is damaged.
        LimitError: It is packed, and too large to be unpacked into memory.
    """
    place = archive.place(name)
    if name.endswith(".npz"):
        from kgui.formats.npz import store_in_window

        if place is None:
            return store_in_window(file.path, data=archive.read(name, MAX_UNPACKED_BYTES))
        return store_in_window(file.path, window=place)
    from kgui.formats.hdf5 import SafeHdf5, Window

    if place is not None:
        return store_in_hdf5(file, SafeHdf5(file.path, Window(*place)))
    size = archive.members[name].size
    if size > MAX_UNPACKED_BYTES:
        raise LimitError(
            "The weights in the archive are packed, and too large to be unpacked in memory",
            where=str(file.path),
            hint="Unpack the archive and open the folder.",
        )
    return store_in_hdf5(file, unpacked(file.path, archive.read(name, MAX_UNPACKED_BYTES)))


def unpacked(path: Path, data: bytes) -> SafeHdf5:
    """An HDF5 file that has been unpacked from an archive at `path`."""
    from kgui.formats.hdf5 import SafeHdf5, Window

    class Unpacked(SafeHdf5):
        """Reads from memory what `SafeHdf5` reads from a window of the file."""

        def _map(self, window: Window) -> memoryview:
            return memoryview(data)

    return Unpacked(path, Window(0, len(data)))


def store_in_file(file: ModelFile, path: Path) -> WeightStore:
    """The store for a weights file beside the architecture, of any kind.

    Raises:
        FileError: The file is damaged, or holds no weights.
    """
    from kgui.formats.hdf5 import SafeHdf5, is_hdf5
    from kgui.formats.open import open_source

    source = look_at(path)
    if not source.is_folder and is_hdf5(path):
        return store_in_hdf5(file, SafeHdf5(path))
    other = open_source(source)
    store = other.find_store(other) if other.find_store is not None else other.store
    if store is None:
        raise FileError("The file holds no weights", where=str(path))
    return store


def store_in_hdf5(file: ModelFile, hdf5: SafeHdf5) -> WeightStore:
    """The store for an HDF5 file of any era."""
    if is_legacy(hdf5):
        from kgui.formats.weights_legacy import WeightsLegacy

        return WeightsLegacy(hdf5)
    from kgui.formats.weights_v3 import WeightsV3

    return WeightsV3([hdf5])


def is_legacy(hdf5: SafeHdf5) -> bool:
    """True for the layout with a group per layer name: "layer_names" of Keras 1 on; and for Keras 0.x."""
    return (
        hdf5.attribute("", "nb_layers") is not None
        or hdf5.attribute("graph", "nb_params") is not None
        or hdf5.names("", "layer_names") is not None
        or hdf5.names("model_weights", "layer_names") is not None
    )


def is_weights(hdf5: SafeHdf5) -> bool:
    """True if an HDF5 file holds Keras weights of any era."""
    if is_legacy(hdf5):
        return True
    return any(path == "vars" or path.endswith("/vars") for path in hdf5.tree.groups)


def weights_file(source: Source, hdf5: SafeHdf5) -> ModelFile:
    """The opened file for weights without an architecture: layers are guessed from the groups when they are listed."""
    from kgui.formats.containers import describe

    era = "keras-3"
    version = hdf5.text("", "keras_version")
    model = Model("weights", name=source.path.name.split(".")[0], class_name="")
    if is_legacy(hdf5):
        era = "keras-0" if hdf5.names("", "layer_names") is None else "keras-1"
        if version:
            from kgui.formats.structure import era_of_version

            era = era_of_version(version)
    model.era = era  # type: ignore[assignment]
    file = ModelFile(source.path, "weights", model, keras_version=version, backend=hdf5.text("", "backend"))
    describe(file, Notes())
    file.find_store = lambda opened: store_in_hdf5(opened, hdf5)
    file.on_close = hdf5.close
    return file

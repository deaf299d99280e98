"""The archive of Keras 3 (tf.keras 2.12 on), zipped or as a folder: metadata.json, config.json, weights, assets.

Source: `keras.src.saving.saving_lib` (3.15).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kgui.errors import FileError
from kgui.formats.archive import Archive
from kgui.formats.file import ModelFile
from kgui.formats.notes import Notes
from kgui.formats.source import Source, look_at
from kgui.formats.structure import decode_model
from kgui.formats.text import MAX_TEXT_BYTES, fill_in, parse_json
from kgui.reports.risk_kinds import Risk

CONFIG, METADATA = "config.json", "metadata.json"
WEIGHTS = ("model.weights.h5", "model.weights.npz", "model.weights.json")
MAX_METADATA_BYTES = 1 << 20


def open_zip(source: Source) -> ModelFile:
    """Opens a zip archive: a Keras model, or else an error that says what it is."""
    archive = Archive(source.path)
    prefix = _prefix(archive)
    if prefix is None:
        raise _no_model(archive)
    where = str(source.path)
    config = archive.read(prefix + CONFIG, MAX_TEXT_BYTES)
    metadata = archive.read(prefix + METADATA, MAX_METADATA_BYTES) if prefix + METADATA in archive.members else None
    file = _decode(source.path, "keras-zip", config, metadata, archive.risks)
    start = prefix + "assets/"
    file.assets = {
        name[len(prefix) :]: member.size
        for name, member in archive.members.items()
        if name.startswith(start) and not name.endswith("/")
    }
    known = {prefix + name for name in (CONFIG, METADATA, *WEIGHTS)}
    odd = [name for name in archive.members if name not in known and not name.startswith(start) and name[-1:] != "/"]
    if odd:
        file.notes.append(f"The archive holds {len(odd)} members that Keras does not write: {', '.join(odd[:3])}.")
    held = [name for name in WEIGHTS if prefix + name in archive.members]
    if held:
        from kgui.formats.stores import store_in_archive

        file.find_store = lambda opened: store_in_archive(opened, archive, prefix + held[0])
    else:
        file.notes.append(f"The archive holds no weights ({where.rsplit('/', 1)[-1]}).")
    return file


def _prefix(archive: Archive) -> str | None:
    """The folder in the archive that holds config.json: "" as Keras writes it, or one that people zipped."""
    if CONFIG in archive.members:
        return ""
    found = [name for name in archive.members if name.endswith("/" + CONFIG) and name.count("/") == 1]
    return found[0][: -len(CONFIG)] if len(found) == 1 else None


def _no_model(archive: Archive) -> FileError:
    names = archive.members
    where = str(archive.path)
    for ending, what, hint in (
        ("saved_model.pb", "This is a zipped SavedModel", "Unpack it and open the folder."),
        ("data.pkl", "This is a PyTorch file, which can run any code when it is opened", "kgui opens Keras models."),
        ("[Content_Types].xml", "This is an office document", "Open a model file."),
        ("META-INF/MANIFEST.MF", "This is a Java archive", "Open a model file."),
        (".h5", "This is a zip archive with HDF5 files in it", "Unpack it and open what is in it."),
        (".keras", "This is a zip archive with Keras files in it", "Unpack it and open what is in it."),
        (".npy", "This is a NumPy archive", "Data such as this can feed a training."),
    ):
        if any(name.endswith(ending) for name in names):
            return FileError(what, where=where, hint=hint)
    if not names:
        return FileError("The archive is empty", where=where)
    return FileError("The archive holds no Keras model: there is no config.json in it", where=where)


def open_folder(source: Source) -> ModelFile:
    """Opens the same as a folder: `save(zipped=False)`, a model of the Hugging Face hub, or an unpacked archive."""
    config = look_at(source.inner(CONFIG)).read(MAX_TEXT_BYTES, CONFIG)
    metadata = None
    if METADATA in source.names:
        metadata = look_at(source.inner(METADATA)).read(MAX_METADATA_BYTES, METADATA)
    file = _decode(source.path, "keras-folder", config, metadata, [])
    if "assets/" in source.names:
        file.assets = _files_in(source.inner("assets"), source.path)
    held = [name for name in WEIGHTS if name in source.names]
    if held:
        from kgui.formats.stores import store_in_file

        file.weights_path = source.inner(held[0])
        file.find_store = lambda opened: store_in_file(opened, source.inner(held[0]))
    else:
        file.notes.append("The folder holds no weights.")
    return file


def _files_in(folder: Path, root: Path) -> dict[str, int]:
    """Files below a folder, links left out, in order; 10,000 at most."""
    found: dict[str, int] = {}
    stack = [folder]
    while stack and len(found) < 10_000:
        for item in sorted(stack.pop().iterdir(), reverse=True):
            if item.is_symlink():
                continue
            if item.is_dir():
                stack.append(item)
            elif item.is_file():
                found[item.relative_to(root).as_posix()] = item.stat().st_size
    return dict(sorted(found.items()))


def _decode(path: Path, key: str, config: bytes, metadata: bytes | None, risks: list[Risk]) -> ModelFile:
    where = str(path)
    notes = Notes()
    about: Any = {} if metadata is None else parse_json(metadata, f"{where} ({METADATA})", risks)
    if not isinstance(about, dict):
        about = {}
        notes.add(f"{METADATA} does not say what it should.")
    version = about.get("keras_version")
    version = version if isinstance(version, str) else None
    value = parse_json(config, f"{where} ({CONFIG})", risks)
    try:
        model = decode_model(value, notes, version=version)
    except FileError as error:
        raise FileError(error.what, where=where, hint=error.hint) from error
    file = ModelFile(path, key, model, keras_version=version, container_risks=risks)
    saved = about.get("date_saved")
    if isinstance(saved, str):
        file.facts["saved"] = saved.replace("@", " ")
    fill_in(file, value, notes)
    return file

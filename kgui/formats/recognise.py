"""Which format a file or folder has, by its content and never by its name.

Real files carry wrong names: one in five `.keras` files of the wild is HDF5, "weights" files hold whole models, and
the other way round (measured on 232 public files).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from kgui.errors import FileError
from kgui.formats.source import Source

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
TABLE_MAGIC = bytes.fromhex("57fb808b247547db")
"""The last 8 bytes of a checkpoint's index, which is a table as LevelDB writes it."""


class Format(NamedTuple):
    """One format.

    Attributes:
        key: Its short name, which `ModelFile.format` starts from.
        title: What people call it.
        test: Whether a source has it.
        opener: "module:function" within kgui that opens it; the function takes the `Source` and returns a `ModelFile`.
    """

    key: str
    title: str
    test: Callable[[Source], bool]
    opener: str


class Foreign(NamedTuple):
    """Something that is no model kgui could open, but that it can name."""

    what: str
    hint: str
    test: Callable[[Source], bool]


def _starts(*magics: bytes) -> Callable[[Source], bool]:
    return lambda source: source.head.startswith(magics)


def _has(*names: str) -> Callable[[Source], bool]:
    return lambda source: source.is_folder and any(name in source.names for name in names)


def is_hdf5(source: Source) -> bool:
    """HDF5 may begin after a user block of 512, 1,024, 2,048, … bytes."""
    if source.is_folder:
        return False
    if source.head.startswith(HDF5_MAGIC):
        return True
    if any(source.head[at : at + 8] == HDF5_MAGIC for at in (512, 1024, 2048)):
        return True
    try:
        with source.path.open("rb") as stream:
            at = 4096
            while at + 8 <= source.size and at <= 1 << 26:
                stream.seek(at)
                if stream.read(8) == HDF5_MAGIC:
                    return True
                at *= 2
    except OSError:
        return False  # it could be read a moment ago; the opener will say what is the matter now
    return False


def text_of(source: Source) -> str | None:
    """The beginning of a text file, or None where it is not text."""
    head = source.head
    if source.is_folder or not head:
        return None
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    if b"\0" in head:
        return None
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The last character may have been cut in two at the end of the head.
        if error.start < len(head) - 4:
            return None
        text = head[: error.start].decode("utf-8-sig")
    return text


def _is_json(source: Source) -> bool:
    text = text_of(source)
    return text is not None and text.lstrip()[:1] in ("{", "[")


_YAML_MODEL = re.compile(
    r"^\s*(?:-\s+)?[\"']?(?:class_name|config|backend|keras_version|layers|input_config|node_config|name)[\"']?\s*:",
    re.MULTILINE,
)


def _is_yaml(source: Source) -> bool:
    text = text_of(source)
    return text is not None and _YAML_MODEL.search(text) is not None


def _is_lfs_pointer(source: Source) -> bool:
    return source.head.startswith(b"version https://git-lfs")


def _is_checkpoint_index(source: Source) -> bool:
    return not source.is_folder and source.tail[-8:] == TABLE_MAGIC


def _is_checkpoint_state(source: Source) -> bool:
    text = text_of(source)
    return text is not None and text.lstrip().startswith("model_checkpoint_path:")


def _is_checkpoint_folder(source: Source) -> bool:
    return source.is_folder and ("checkpoint" in source.names or any(n.endswith(".index") for n in source.names))


def _is_orbax(source: Source) -> bool:
    if not source.is_folder:
        return False
    marks = {"_CHECKPOINT_METADATA", "_METADATA", "manifest.ocdbt", "_sharding", "commit_success.txt"}
    if marks & source.names:
        return True
    steps = [name for name in source.names if name[:-1].isdigit() and name.endswith("/")]
    return any((source.path / step / mark).exists() for step in steps[:20] for mark in (*marks, "pytree", "default"))


def _is_tfjs_folder(source: Source) -> bool:
    return source.is_folder and "model.json" in source.names and "config.json" not in source.names


def _is_hub_preset(source: Source) -> bool:
    marks = {"task.json", "tokenizer.json", "preprocessor.json", "image_converter.json", "audio_converter.json"}
    return source.is_folder and "config.json" in source.names and bool(marks & source.names)


def _is_keras_folder(source: Source) -> bool:
    return source.is_folder and "config.json" in source.names


def _is_saved_model_file(source: Source) -> bool:
    """SavedModel {1: schema version = 1, 2: MetaGraphDef}: the bytes 08 01 12."""
    return source.head.startswith(b"\x08\x01\x12") and source.path.name == "saved_model.pb"


def _is_keras_metadata_file(source: Source) -> bool:
    return source.head.startswith(b"\x0a") and b"_tf_keras_" in source.head and b"root" in source.head


def _is_onnx(source: Source) -> bool:
    """ModelProto: field 1 is a small version number, then strings and messages in the fields 2 to 20."""
    head = source.head
    if source.is_folder or len(head) < 8 or head[0] != 0x08 or not 1 <= head[1] <= 64:
        return False
    return head[2] in (0x12, 0x1A, 0x22, 0x3A, 0x42, 0x72)


def _is_numpy_zip(source: Source) -> bool:
    """An archive of arrays: its first member is called "….npy"."""
    head = source.head
    if not head.startswith(b"PK\x03\x04") or len(head) < 30:
        return False
    length = int.from_bytes(head[26:28], "little")
    return head[30 : 30 + length].endswith(b".npy")


FORMATS: tuple[Format, ...] = (
    Format("lfs-pointer", "Git LFS pointer", _is_lfs_pointer, "kgui.formats.other:open_lfs_pointer"),
    Format("npz", "NumPy archive", _is_numpy_zip, "kgui.formats.npz:open_npz"),
    Format("keras-zip", "Keras 3 archive", _starts(b"PK\x03\x04", b"PK\x05\x06"), "kgui.formats.keras_zip:open_zip"),
    Format("hdf5", "HDF5", is_hdf5, "kgui.formats.hdf5_model:open_hdf5"),
    Format(
        "saved-model",
        "SavedModel",
        _has("saved_model.pb", "saved_model.pbtxt"),
        "kgui.formats.saved_model:open_saved_model",
    ),
    Format("saved-model", "SavedModel", _is_saved_model_file, "kgui.formats.saved_model:open_saved_model"),
    Format("saved-model", "SavedModel", _is_keras_metadata_file, "kgui.formats.saved_model:open_saved_model"),
    Format("keras-hub", "KerasHub preset", _is_hub_preset, "kgui.formats.other:open_keras_hub"),
    Format("keras-folder", "unzipped Keras archive", _is_keras_folder, "kgui.formats.keras_zip:open_folder"),
    Format("orbax", "Orbax checkpoint", _is_orbax, "kgui.formats.other:open_orbax"),
    Format("tfjs", "TensorFlow.js model", _is_tfjs_folder, "kgui.formats.tfjs:open_tfjs"),
    Format("checkpoint", "TensorFlow checkpoint", _is_checkpoint_folder, "kgui.formats.checkpoint:open_checkpoint"),
    Format("checkpoint", "TensorFlow checkpoint", _is_checkpoint_index, "kgui.formats.checkpoint:open_checkpoint"),
    Format("checkpoint", "TensorFlow checkpoint", _is_checkpoint_state, "kgui.formats.checkpoint:open_checkpoint"),
    Format("json", "JSON", _is_json, "kgui.formats.text:open_json"),
    Format("tflite", "TensorFlow Lite", lambda s: s.head[4:8] == b"TFL3", "kgui.formats.other:open_tflite"),
    Format("onnx", "ONNX", _is_onnx, "kgui.formats.other:open_onnx"),
    Format("yaml", "YAML", _is_yaml, "kgui.formats.text:open_yaml"),
)
"""In the order in which they are tried: sure signs first."""

FOREIGN: tuple[Foreign, ...] = (
    Foreign(
        "This is a Python pickle, which can run any code when it is opened, so kgui does not open it",
        "Load it in the program that wrote it and save the model as .keras.",
        lambda s: s.head[:1] == b"\x80" and s.head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"),
    ),
    Foreign("This is a NumPy array, not a model", "Data such as this can feed a training.", _starts(b"\x93NUMPY")),
    Foreign("This is a gzip archive", "Unpack it and open what is in it.", _starts(b"\x1f\x8b")),
    Foreign("This is a Zstandard archive", "Unpack it and open what is in it.", _starts(b"\x28\xb5\x2f\xfd")),
    Foreign("This is a bzip2 archive", "Unpack it and open what is in it.", _starts(b"BZh")),
    Foreign("This is an xz archive", "Unpack it and open what is in it.", _starts(b"\xfd7zXZ")),
    Foreign("This is a 7-Zip archive", "Unpack it and open what is in it.", _starts(b"7z\xbc\xaf")),
    Foreign("This is a tar archive", "Unpack it and open what is in it.", lambda s: s.head[257:262] == b"ustar"),
    Foreign("This is a picture, not a model", "Open the model file.", _starts(b"\x89PNG", b"\xff\xd8\xff", b"GIF8")),
    Foreign("This is a PDF document, not a model", "Open the model file.", _starts(b"%PDF")),
    Foreign(
        "This is a web page, not a model",
        "The download went to a page about the file; download the file itself.",
        lambda s: (text_of(s) or "").lstrip()[:9].lower() in ("<!doctype", "<html>") or s.head[:5].lower() == b"<html",
    ),
    Foreign("This is an XML document, not a model", "Open the model file.", _starts(b"<?xml")),
    Foreign(
        "This is the data of a TensorFlow checkpoint, whose names and shapes stand in the .index file beside it",
        "Open the .index file.",
        lambda s: re.search(r"\.data-\d{5}-of-\d{5}$", s.path.name) is not None,
    ),
    Foreign(
        "This is a safetensors file, which Keras does not write",
        "Convert it with the program that it belongs to.",
        lambda s: s.head[8:9] == b"{" and 0 < int.from_bytes(s.head[:8], "little") <= s.size,
    ),
)


def recognise(source: Source) -> Format:
    """The format of a source.

    Raises:
        FileError: It is none that kgui opens; the message says what it is instead, where that can be told.
    """
    for known in FORMATS:
        if known.test(source):
            return known
    where = str(source.path)
    if source.is_folder:
        if not source.names:
            raise FileError("The folder is empty", where=where)
        raise FileError(
            "The folder holds no model",
            where=where,
            hint="A model folder has a saved_model.pb or a config.json. To open a file in it, name the file.",
        )
    for foreign in FOREIGN:
        if foreign.test(source):
            raise FileError(foreign.what, where=where, hint=foreign.hint)
    kind = "text file" if text_of(source) is not None else "file"
    raise FileError(
        f"This {kind} is not a model of any format that kgui knows",
        where=where,
        hint="kgui opens .keras, HDF5, SavedModel, checkpoints, JSON and YAML. The file may be damaged.",
    )

"""TensorFlow.js layers models: Keras' architecture in `model.json`, weights in binary files beside it.

Layout: https://github.com/tensorflow/tfjs/tree/master/tfjs-converter/python/tensorflowjs (converters, write_weights).
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgui.errors import FileError
from kgui.formats.checkpoint import leading, numpy_dtype
from kgui.formats.file import ModelFile
from kgui.formats.hdf5 import as_bfloat16, selected_bytes
from kgui.formats.notes import Notes, quoted
from kgui.formats.sharded import is_plain
from kgui.formats.source import Source, look_at, unreadable
from kgui.formats.structure import decode_model
from kgui.formats.text import MAX_TEXT_BYTES, fill_in, parse_json
from kgui.graph import Model, Weight
from kgui.reports.risks import Risk, risk

if TYPE_CHECKING:
    import numpy as np

    from kgui.formats.store import Selection

MAX_WEIGHTS = 200_000
_QUANTIZED = ("uint8", "uint16", "float16")


@dataclass(slots=True)
class JsArray:
    """An array of the manifest.

    Attributes:
        path: Its name.
        shape: Sizes.
        dtype: That the model has.
        stored: Dtype of the bytes in the files.
        scale: What the bytes are multiplied by, or None if they are the values.
        minimum: What is added then.
        group: Number of the group of files.
        offset: Where it starts in the group.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    stored: str
    scale: float | None
    minimum: float
    group: int
    offset: int


def open_tfjs(source: Source) -> ModelFile:
    """Opens a TensorFlow.js model by its `model.json` or its folder.

    Raises:
        FileError: It is damaged, or a graph model, which has TensorFlow's operations in the place of layers.
    """
    if source.is_folder:
        source = look_at(source.inner("model.json"))
    where = str(source.path)
    risks: list[Risk] = []
    value = parse_json(source.read(MAX_TEXT_BYTES, "The model"), where, risks)
    topology = value.get("modelTopology") if isinstance(value, dict) else None
    if not isinstance(topology, dict):
        raise FileError("The file is no TensorFlow.js model: it has no modelTopology", where=where)
    if value.get("format") == "graph-model" or "node" in topology:
        nodes = topology.get("node")
        count = f" ({len(nodes):,} operations)" if isinstance(nodes, list) else ""
        raise FileError(
            f"This is a TensorFlow.js graph model{count}, which has TensorFlow's operations and no Keras layers",
            where=where,
            hint="Open the Keras model or SavedModel that it was converted from.",
        )
    config = topology.get("model_config")
    model_object = config if isinstance(config, dict) else topology
    notes = Notes()
    version = topology.get("keras_version")
    version = version.removeprefix("tfjs-layers ") if isinstance(version, str) else None
    try:
        model = decode_model(model_object, notes, version=version)
    except FileError as error:
        raise FileError(error.what, where=where, hint=error.hint) from error
    file = ModelFile(source.path, "tfjs", model, keras_version=version, container_risks=risks)
    fill_in(file, {**model_object, "backend": topology.get("backend")}, notes)
    training = topology.get("training_config")
    if isinstance(training, dict):
        file.training = training
    for key in ("generatedBy", "convertedBy"):
        if isinstance(value.get(key), str):
            file.facts[key] = value[key]
    manifest = value.get("weightsManifest")
    if isinstance(manifest, list) and manifest:
        store = TfjsStore(source.path, manifest)
        risks.extend(store.risks)
        store.risks = []  # known before the weights are listed, so not to be found a second time then
        file.find_store = lambda _: store
    else:
        file.notes.append("The file lists no weights.")
    return file


class TfjsStore:
    """The weights of a TensorFlow.js model.

    Args:
        path: Of the `model.json`.
        manifest: Its "weightsManifest": groups of arrays, each with the files that hold them one after another.

    Attributes:
        risks: See `WeightStore`.
    """

    def __init__(self, path: Path, manifest: list[Any]) -> None:
        self.path = path
        self.risks: list[Risk] = []
        self._files: list[list[str]] = []
        self._notes: list[str] = []
        self._arrays: dict[str, JsArray] = {}
        for group in manifest:
            if isinstance(group, dict):
                self._files.append(self._names(group.get("paths")))
                for array in self._read_group(group.get("weights"), len(self._files) - 1):
                    self._arrays.setdefault(array.path, array)

    def _names(self, paths: Any) -> list[str]:
        names = []
        for name in paths if isinstance(paths, list) else []:
            if isinstance(name, str) and is_plain(name):
                names.append(name)
            elif isinstance(name, str):
                detail = f"The weights are said to be in {quoted(name)}, which leads out of the folder"
                self.risks.append(risk("outside-file", "weightsManifest", detail))
        return names

    def _read_group(self, items: Any, group: int) -> Iterator[JsArray]:
        offset = 0
        for item in (items if isinstance(items, list) else [])[:MAX_WEIGHTS]:
            array = _array(item, group, offset) if isinstance(item, dict) else None
            if array is None:
                self._notes.append("An entry of the list of weights is damaged; what follows it cannot be read.")
                return
            yield array
            offset += math.prod(array.shape) * numpy_dtype(array.stored, str(self.path))[1]

    def attach(self, model: Model) -> list[str]:
        """See `WeightStore`."""
        from kgui.formats.weights_legacy import Array, Assignment, Group

        names = {layer.name for _, layer in model.walk()}
        groups: dict[str, Group] = {}
        for array in self._arrays.values():
            parts = array.path.split("/")
            name = next(
                (found for end in range(len(parts), 0, -1) if (found := "/".join(parts[:end])) in names),
                next((part for part in parts if part in names), parts[0]),
            )
            groups.setdefault(name, Group(name, [])).arrays.append(Array(array.path, array))
        return list(dict.fromkeys(self._notes)) + Assignment(model).give(list(groups.values()))

    def entries(self) -> list[Weight]:
        """See `WeightStore`."""
        return [Weight(array.path, array.shape, array.dtype, array.path) for array in self._arrays.values()]

    def read(self, weight: Weight, selection: Selection | None = None) -> np.ndarray[Any, Any]:
        """See `WeightStore`."""
        import numpy as np

        array = self._arrays.get(weight.path or "")
        if array is None:
            raise FileError(f"There is no array {quoted(weight.path)}", where=str(self.path))
        dtype, itemsize = numpy_dtype(array.stored, str(self.path))
        nbytes = math.prod(array.shape) * itemsize
        selected_bytes(array.shape, nbytes, selection)
        first, rows, rest = leading(array.shape, selection)
        row = nbytes // array.shape[0] if array.shape and array.shape[0] else nbytes
        data = self._bytes(array, first * row, rows * row if array.shape else nbytes)
        values = np.frombuffer(data, dtype=dtype.newbyteorder("<"))
        values = values.reshape((rows, *array.shape[1:]) if array.shape else ())
        values = np.asarray(values[rest] if rest is not None and array.shape else values)
        if array.scale is not None:
            values = values.astype("float32") * np.float32(array.scale) + np.float32(array.minimum)
        if array.stored == "bfloat16":
            return as_bfloat16(values)
        return values.astype(array.dtype) if array.dtype in ("float32", "int32", "bool") else values

    def _bytes(self, array: JsArray, start: int, size: int) -> bytes:
        """Bytes of a group, whose files are one stream cut into pieces."""
        start += array.offset
        found = []
        for name in self._files[array.group]:
            path = self.path.with_name(name)
            try:
                with path.open("rb") as stream:
                    length = os.fstat(stream.fileno()).st_size
                    if start < length and size > 0:
                        stream.seek(start)
                        found.append(stream.read(min(size, length - start)))
                        size -= len(found[-1])
                        start = length
                    start -= length
            except OSError as error:
                raise unreadable(path, error) from error
        if size:
            raise FileError(f"The values of {quoted(array.path)} are not whole", where=str(self.path))
        return b"".join(found)

    def close(self) -> None:
        """See `WeightStore`: files are opened for each reading only."""


def _array(item: dict[str, Any], group: int, offset: int) -> JsArray | None:
    name, shape, dtype = item.get("name"), item.get("shape"), item.get("dtype")
    if not isinstance(name, str) or not isinstance(shape, list) or not isinstance(dtype, str):
        return None
    if len(shape) > 64 or not all(type(size) is int and 0 <= size < 1 << 40 for size in shape):
        return None
    if dtype not in ("float32", "int32", "bool", "float16", "bfloat16", "uint8", "int8", "uint16", "int16"):
        return None
    stored, scale, minimum = dtype, None, 0.0
    quantization = item.get("quantization")
    if isinstance(quantization, dict):
        stored = quantization.get("dtype", dtype)
        if stored not in _QUANTIZED:
            return None
        if stored != "float16":
            if not all(isinstance(quantization.get(key), (int, float)) for key in ("scale", "min")):
                return None
            scale, minimum = float(quantization["scale"]), float(quantization["min"])
    return JsArray(name, tuple(shape), dtype, stored, scale, minimum, group, offset)

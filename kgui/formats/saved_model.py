"""SavedModel folders, without TensorFlow: the architecture from Keras' metadata, shapes from the stored functions.

TensorFlow 2.5 to 2.15 keep Keras' JSON in `keras_metadata.pb`, 2.0 to 2.4 in `saved_model.pb` itself; what Keras 3
exports has none. Field numbers: `tensorflow/core/protobuf/{saved_model,meta_graph,saved_object_graph,struct}.proto`
and `tf_keras/protobuf/saved_metadata.proto`.
"""

from __future__ import annotations

import contextlib
import mmap
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kgui.errors import FileError, LimitError
from kgui.formats.checkpoint import DTYPES, Bundle, CheckpointStore, nodes_of_keys, parse_shape
from kgui.formats.file import ModelFile
from kgui.formats.notes import Notes, quoted
from kgui.formats.protobuf import Message, fields
from kgui.formats.source import Source, format_size, look_at, unreadable
from kgui.formats.structure import decode_model
from kgui.formats.text import fill_in, parse_json
from kgui.formats.trackables import Trackable, TrackableMapper, without_dangling
from kgui.graph import Layer, Model, TensorRef, TensorSpec, Weight
from kgui.reports.risks import Risk, risk

if TYPE_CHECKING:
    import numpy as np

    from kgui.formats.store import Selection

GRAPH_FILE, METADATA_FILE = "saved_model.pb", "keras_metadata.pb"
MAX_NODES = 2_000_000
MAX_METADATA_BYTES = 256 << 20
MAX_DEPTH = 50

_FILES = "reads or writes files of whoever runs the model"
_PYTHON = "calls Python code that is not in the file"
_NETWORK = "talks to other machines"
DANGEROUS_OPS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "ReadFile", "WriteFile", "MatchingFiles", "WholeFileReader", "WholeFileReaderV2", "TextLineReader",
            "TextLineReaderV2", "TFRecordReader", "TFRecordReaderV2", "FixedLengthRecordReader",
            "FixedLengthRecordReaderV2", "TextLineDataset", "TFRecordDataset", "TFRecordDatasetV2",
            "FixedLengthRecordDataset", "FixedLengthRecordDatasetV2", "SqlDataset", "LMDBDataset", "LoadDataset",
            "SaveDataset", "SaveDatasetV2", "CacheDataset", "MatchingFilesDataset", "CSVDataset", "CSVDatasetV2",
            "CreateSummaryFileWriter", "Save", "SaveSlices", "DebugIdentity", "DebugIdentityV2", "DebugIdentityV3",
        ),
        _FILES,
    ),
    **dict.fromkeys(("PyFunc", "PyFuncStateless", "EagerPyFunc", "GeneratorDataset"), _PYTHON),
    **dict.fromkeys(("DataServiceDataset", "DataServiceDatasetV2", "CreateSummaryDbWriter", "RpcCall"), _NETWORK),
}  # fmt: skip
"""Operations with effects outside the model. SaveV2, RestoreV2 and MergeV2Checkpoints are in every SavedModel."""

_TABLES = ("InitializeTableFromTextFile", "InitializeTableFromTextFileV2")
"""Harmless while the file is one of the model's own assets."""


class Signature(NamedTuple):
    """A function that a SavedModel serves: its tensors by name."""

    name: str
    inputs: dict[str, TensorSpec]
    outputs: dict[str, TensorSpec]


class SavedGraph:
    """What is in a `saved_model.pb`.

    Args:
        data: The whole file.

    Raises:
        FileError: It is damaged, or holds no graph.
    """

    def __init__(self, data: memoryview) -> None:
        graphs = [value for number, value in fields(data) if number == 2 and not isinstance(value, int)]
        if not graphs:
            raise FileError("The SavedModel holds no graph")
        self._meta = Message(graphs[0])
        about = self._meta.message(1)
        self.tags = about.texts(4)
        self.tensorflow_version = about.text(5)
        objects = self._meta.message(7)
        self.metadata: dict[int, str] = {}
        self.nodes: list[Trackable] = []
        self._functions: dict[int, list[str]] = {}
        for message in objects.messages(1):
            self._add_node(message)
        without_dangling(self.nodes)
        self._concrete = {entry.text(1): entry.data(2) for entry in objects.messages(2)}

    def _add_node(self, message: Message) -> None:
        """`SavedObject` {1: children {1: id, 2: name}, 4: user object {1, 3: JSON}, 6: function {1}, 7: variable}."""
        number = len(self.nodes)
        if number >= MAX_NODES:
            raise LimitError(f"The SavedModel has more than {MAX_NODES:,} objects")
        node = Trackable({child.text(2): child.number(1) for child in message.messages(1)})
        if 4 in message:
            user = message.message(4)
            if user.text(1).startswith("_tf_keras_") and 3 in user:
                self.metadata[number] = user.text(3)
        if 6 in message:
            self._functions[number] = message.message(6).texts(1)
        if 7 in message:
            variable = message.message(7)
            shape = tuple(size or 0 for size in parse_shape(variable.message(2)) or ())
            dtype = DTYPES.get(variable.number(1), "unknown")
            node.weight = Weight(variable.text(6), shape, dtype, f"\0{number}", bool(variable.number(3)))
        self.nodes.append(node)

    def assets(self) -> list[str]:
        """Names of the files that the graph takes from the folder `assets`."""
        return [asset.text(2) for asset in self._meta.messages(6)]

    def signatures(self) -> list[Signature]:
        """What can be called from outside, without the initialisers."""
        found = []
        for entry in self._meta.messages(5):
            name, value = entry.text(1), entry.message(2)
            if not name.startswith("__saved_model"):
                found.append(Signature(name, _tensors(value, 1), _tensors(value, 2)))
        return found

    def operations(self) -> dict[str, int]:
        """How often each operation occurs, in the graph and in its functions."""
        found: dict[str, int] = {}
        graph = self._meta.message(2)
        for node in graph.datas(1):
            _count(node, found)
        for function in graph.message(2).messages(1):
            for node in function.datas(3):
                _count(node, found)
        return found

    def prints_to_file(self) -> bool:
        """Whether a PrintV2 operation writes to a file instead of the usual streams."""
        graph = self._meta.message(2)
        bodies = [graph.datas(1), *(function.datas(3) for function in graph.message(2).messages(1))]
        return any(
            b"PrintV2" in bytes(node[:200]) and b"file://" in bytes(node[: 1 << 16]) for body in bodies for node in body
        )

    def outputs_of(self, node: int) -> list[TensorSpec] | None:
        """Output tensors of a layer, as its stored function has them; None where none is stored."""
        children = self.nodes[node].children
        for name in ("__call__", "call_and_return_conditional_losses"):
            function = children.get(name)
            for key in self._functions.get(-1 if function is None else function, ()):
                data = self._concrete.get(key)
                if data is not None:
                    specs: list[TensorSpec] = []
                    _structured(Message(data).message(4), specs, 0)
                    if specs:
                        return specs
        return None


def _count(node: memoryview, found: dict[str, int]) -> None:
    """`NodeDef` {1: name, 2: op}; the rest (constants of many megabytes) is skipped."""
    for number, value in fields(node):
        if number == 2 and not isinstance(value, int):
            name = bytes(value).decode("utf-8", "replace")
            found[name] = found.get(name, 0) + 1
            return


def _tensors(signature: Message, number: int) -> dict[str, TensorSpec]:
    """`SignatureDef` {1: inputs, 2: outputs}: maps of `TensorInfo` {2: dtype, 3: shape}."""
    found = {}
    for entry in signature.messages(number):
        info = entry.message(2)
        found[entry.text(1)] = TensorSpec(parse_shape(info.message(3)), DTYPES.get(info.number(2)))
    return found


def _structured(value: Message, found: list[TensorSpec], depth: int) -> None:
    """`StructuredValue` {33: TensorSpec {2: shape, 3: dtype}, 51: list, 52: tuple, 53: dict}: its tensors in order."""
    if depth > MAX_DEPTH:
        return
    if 33 in value:
        spec = value.message(33)
        found.append(TensorSpec(parse_shape(spec.message(2)), DTYPES.get(spec.number(3))))
    for number in (51, 52):
        if number in value:
            for item in value.message(number).messages(1):
                _structured(item, found, depth + 1)
    if 53 in value:
        entries = sorted(
            ((entry.text(1), entry.message(2)) for entry in value.message(53).messages(1)), key=lambda e: e[0]
        )
        for _, item in entries:
            _structured(item, found, depth + 1)


def parse_metadata(data: memoryview) -> dict[int, str]:
    """Keras' JSON by object number: `SavedMetadata` {1: objects {2: id, 5: JSON}}."""
    return {item.number(2): item.text(5) for item in Message(data).messages(1)}


# -- opening --------------------------------------------------------------------------------------------------------


def open_saved_model(source: Source) -> ModelFile:
    """Opens a SavedModel by its folder or by one of its two files.

    Raises:
        FileError: It is damaged, or in the text form that nobody writes.
    """
    folder = source.path if source.is_folder else source.path.parent
    where = str(source.path)
    try:
        return _open(source, folder)
    except FileError as error:
        if error.where:
            raise
        raise type(error)(error.what, where=where, hint=error.hint) from error


def _open(source: Source, folder: Path) -> ModelFile:
    graph: SavedGraph | None = None
    metadata: dict[int, str] = {}
    by_metadata = not source.is_folder and source.path.name != GRAPH_FILE and not source.head.startswith(b"\x08")
    metadata_path = source.path if by_metadata else folder / METADATA_FILE
    graph_path = folder / GRAPH_FILE if source.is_folder or by_metadata else source.path
    if graph_path.is_file():
        with _mapped(graph_path) as data:
            graph = SavedGraph(data)
        metadata = graph.metadata
    elif source.is_folder:
        raise FileError("The SavedModel is in text form, which kgui does not read", where=str(source.path))
    if metadata_path.is_file():
        data_of = memoryview(look_at(metadata_path).read(MAX_METADATA_BYTES, METADATA_FILE))
        metadata = parse_metadata(data_of) or metadata
    file = _decode(source, metadata, graph)
    if graph is not None:
        _fill_from_graph(file, graph, metadata, folder)
    return file


@contextlib.contextmanager
def _mapped(path: Path) -> Iterator[memoryview]:
    try:
        with path.open("rb") as stream:
            # Left to the garbage collector: the graph keeps views of it, which closing would refuse.
            yield memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError) as error:  # ValueError: an empty file
        raise unreadable(path, error) from error


def _decode(source: Source, metadata: Mapping[int, str], graph: SavedGraph | None) -> ModelFile:
    risks: list[Risk] = []
    notes = Notes()
    text = metadata.get(0)
    about: Any = parse_json(text, f"{source.path} ({METADATA_FILE})", risks) if text else None
    if not isinstance(about, dict):
        if graph is None:
            raise FileError("The file holds no Keras model", where=str(source.path))
        model = Model("subclassed", name=source.path.name.split(".")[0], class_name="", era="keras-3")
        file = ModelFile(source.path, "saved-model", model, container_risks=risks)
        file.notes.append(
            "The SavedModel has no description by Keras, as Keras 3 exports it: it has variables, signatures and "
            "TensorFlow's operations, but no layers."
        )
        return file
    value = about.get("model_config")
    if not isinstance(value, dict) or not isinstance(value.get("config"), dict):
        value = {key: about[key] for key in ("class_name", "config", "name") if key in about}
        value.setdefault("class_name", "Model")
    value = _without_wrapping(value)
    version = about.get("keras_version")
    version = version if isinstance(version, str) else None
    model = decode_model(value, notes, version=version or "2.4.0")
    if not model.name and isinstance(about.get("name"), str):
        model.name = about["name"]
    if isinstance(about.get("class_name"), str) and model.kind == "subclassed":
        model.class_name = about["class_name"]
    file = ModelFile(source.path, "saved-model", model, keras_version=version, container_risks=risks)
    fill_in(file, {**value, "backend": about.get("backend")}, notes)
    training = about.get("training_config")
    if isinstance(training, dict):
        file.training = _without_wrapping(training)
    return file


def _without_wrapping(value: Any) -> Any:
    """A configuration with lists for tuples, as every other format has them.

    Only here are tuples told from lists. In the arguments of calls it matters which they are, so those stay.
    """
    if isinstance(value, dict):
        items = value.get("items")
        if value.get("class_name") in ("__tuple__", "TensorShape") and isinstance(items, list):
            value = items
        else:
            return {key: inner if key == "inbound_nodes" else _without_wrapping(inner) for key, inner in value.items()}
    return [_without_wrapping(item) for item in value] if isinstance(value, list) else value


def _fill_from_graph(file: ModelFile, graph: SavedGraph, metadata: Mapping[int, str], folder: Path) -> None:
    if graph.tensorflow_version:
        file.facts["TensorFlow"] = graph.tensorflow_version
    if graph.tags:
        file.facts["tags"] = ", ".join(graph.tags)
    for signature in graph.signatures():
        file.facts[f"signature {signature.name}"] = f"{_shown(signature.inputs)} → {_shown(signature.outputs)}"
    operations = graph.operations()
    file.facts["operations"] = f"{sum(operations.values()):,} of {len(operations):,} kinds"
    file.container_risks.extend(_find_risks(graph, operations))
    for name in graph.assets():
        path = folder / "assets" / name
        if _is_inside(name) and path.is_file():
            file.assets[f"assets/{name}"] = path.stat().st_size
    _name_nodes(graph, metadata)
    _store_shapes(file.model, graph, 0)
    weights = look_at_size(folder / "variables")
    if weights:
        file.facts["variables"] = format_size(weights)
    file.find_store = lambda _: SavedModelStore(graph, folder)


def look_at_size(folder: Path) -> int:
    """Bytes of the files in a folder, 0 if there is none."""
    try:
        return sum(item.stat().st_size for item in folder.iterdir() if item.is_file())
    except OSError:
        return 0  # variables may be missing: shapes are in the graph, and reading values says what is wrong


def _shown(tensors: Mapping[str, TensorSpec]) -> str:
    shown = []
    for name, spec in list(tensors.items())[:8]:
        sizes = (
            "unknown shape" if spec.shape is None else ", ".join("None" if s is None else str(s) for s in spec.shape)
        )
        shown.append(f"{name}: {spec.dtype or 'unknown'} ({sizes})")
    return "; ".join(shown) + ("; …" if len(tensors) > 8 else "")


def _is_inside(name: str) -> bool:
    parts = re.split(r"[\\/]", name)
    return bool(name) and ".." not in parts and not name.startswith(("/", "\\")) and ":" not in parts[0]


def _find_risks(graph: SavedGraph, operations: Mapping[str, int]) -> list[Risk]:
    found = []
    for name, count in operations.items():
        if name in DANGEROUS_OPS:
            times = "once" if count == 1 else f"{count} times"
            found.append(risk("saved-model-op", f"operation {name}", f"{name}, {times}: {DANGEROUS_OPS[name]}"))
    assets = graph.assets()
    if not assets:
        for name in _TABLES:
            if name in operations:
                detail = f"{name} fills a table from a file that is none of the model's assets"
                found.append(risk("saved-model-op", f"operation {name}", detail))
    if "PrintV2" in operations and graph.prints_to_file():
        found.append(risk("saved-model-op", "operation PrintV2", "PrintV2 writes its text into a file"))
    for name in assets:
        if not _is_inside(name):
            detail = f"The asset {quoted(name)} leads out of the model's folder"
            found.append(risk("outside-file", f"asset {quoted(name)}", detail))
    return found


def _name_nodes(graph: SavedGraph, metadata: Mapping[int, str]) -> None:
    """Class and name of the objects of a model without a graph, of which the attributes are all that is known."""
    import json

    for number, text in list(metadata.items())[:20_000]:
        if 0 < number < len(graph.nodes) and len(text) < 1 << 20:
            try:
                about = json.loads(text)
            except (ValueError, RecursionError):
                continue  # what a layer is called is not worth refusing the file
            if isinstance(about, dict):
                name, class_name = about.get("name"), about.get("class_name")
                graph.nodes[number].name = name if isinstance(name, str) else ""
                graph.nodes[number].class_name = class_name if isinstance(class_name, str) else ""


def _store_shapes(model: Model, graph: SavedGraph, node: int) -> None:
    """Puts what the stored functions say into `Model.stored`, for layers that are called once."""
    children = graph.nodes[node].children if graph.nodes else {}
    listed = [x for x in model.layers.values() if not (x.is_input and (x.implied or model.kind == "sequential"))]
    for index, layer in enumerate(listed):
        child = children.get(f"layer-{index}")
        if child is None:
            continue
        if layer.model is not None:
            _store_shapes(layer.model, graph, child)
        _store_layer(model, layer, graph, child)


def _store_layer(model: Model, layer: Layer, graph: SavedGraph, node: int) -> None:
    if len(layer.calls) != 1:
        return
    for tensor, spec in enumerate(graph.outputs_of(node) or ()):
        ref = TensorRef(layer.id, 0, tensor)
        model.stored[ref] = _more_specific(model.stored.get(ref), spec)


def _more_specific(one: TensorSpec | None, other: TensorSpec) -> TensorSpec:
    """The specification that leaves less open: stored functions are often traced with open sizes."""
    if one is None or one.shape is None:
        return other
    if other.shape is None or one.shape.count(None) <= other.shape.count(None):
        return TensorSpec(one.shape, one.dtype or other.dtype)
    return other


class SavedModelStore:
    """The variables of a SavedModel. Shapes come from the graph; the folder `variables` is opened for values only.

    Args:
        graph: What is in `saved_model.pb`.
        folder: The SavedModel.

    Attributes:
        risks: See `WeightStore`.
    """

    def __init__(self, graph: SavedGraph, folder: Path) -> None:
        self._graph = graph
        self._folder = folder
        self._values: CheckpointStore | None = None
        self.risks: list[Risk] = []

    def attach(self, model: Model) -> list[str]:
        """See `WeightStore`."""
        notes = []
        prefix = self._folder / "variables" / "variables"
        try:
            bundle = Bundle(prefix)
            self._values = CheckpointStore(bundle)
            self._find_keys(bundle)
        except FileError as error:
            notes.append(f"The values of the variables cannot be read: {error}")
            self._forget_keys()
        return notes + TrackableMapper(self._graph.nodes).attach(model)

    def _find_keys(self, bundle: Bundle) -> None:
        """Which entry of the checkpoint each variable is: both have the same attributes from the root on."""
        try:
            saved: Sequence[Trackable] = bundle.object_graph()
        except FileError:
            saved = ()  # the data file is missing; the index alone gives the names
        saved = saved or nodes_of_keys(bundle.entries)
        seen: set[int] = set()
        stack = [(0, 0)]
        while stack and saved and self._graph.nodes:
            here, there = stack.pop()
            if here in seen:
                continue
            node, twin = self._graph.nodes[here], saved[there]
            if node.weight is not None and twin.weight is not None:
                node.weight.path = twin.weight.path
            if node.weight is None or twin.weight is not None:
                seen.add(here)
            for name, child in node.children.items():
                other = twin.children.get(name)
                if other is not None:
                    stack.append((child, other))

    def _forget_keys(self) -> None:
        self._values = None

    def entries(self) -> list[Weight]:
        """See `WeightStore`."""
        return [node.weight for node in self._graph.nodes if node.weight is not None]

    def read(self, weight: Weight, selection: Selection | None = None) -> np.ndarray[Any, Any]:
        """See `WeightStore`."""
        if self._values is None or not weight.path or weight.path.startswith("\0"):
            raise FileError(f"The values of {quoted(weight.name)} are not in the folder", where=str(self._folder))
        return self._values.read(weight, selection)

    def close(self) -> None:
        """See `WeightStore`: files are opened for each reading only."""

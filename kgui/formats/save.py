"""The one front door for writing: a model, edited or not, into a file that Keras loads. No TensorFlow is needed."""

from __future__ import annotations

import json
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kgui.atomic import replacing
from kgui.errors import FileError, LimitError, ModelError
from kgui.formats.file import ModelFile
from kgui.formats.order import in_keras_order
from kgui.formats.structure import Json, Specs, encode_model
from kgui.graph import Era, Model

SUFFIXES = {
    ".keras": "keras-zip",
    ".h5": "hdf5",
    ".hdf5": "hdf5",
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
}

VERSIONS: dict[Era, str] = {
    "keras-0": "0.3.3",
    "keras-1": "1.2.2",
    "keras-2": "2.3.1",
    "tf-keras": "2.15.0",
    "keras-3": "3.15.1",
}
"""What a file says it was written by, where the model came from a file that does not say."""


def save_model(
    model: ModelFile | Model,
    path: Path | str,
    *,
    format: str | None = None,  # noqa: A002 - the word that everybody expects
    weights: ModelFile | None = None,
) -> Path:
    """Writes a model. The file is there whole or not at all, whatever happens meanwhile.

    In its own format and era a model is written as it was: the same config, and weights bit by bit. Into `.keras` and
    `.h5` a model of an earlier era is translated to Keras 3. Layers that were added, and those whose weights no longer
    fit their arguments, get what their initializers give.

    Args:
        model: An opened file, or a model.
        path: Where to.
        format: "keras-zip", "hdf5", "json" or "yaml"; by default what the name's ending says.
        weights: The file that the values of the model's weights come from, if it is not `model` itself.

    Returns:
        `path`.

    Raises:
        FileError: The file cannot be written, or a value cannot be read.
        ModelError: The model cannot be said in that format.
    """
    path = Path(path)
    key = format or SUFFIXES.get(path.suffix.lower())
    if key not in _WRITERS:
        raise ModelError(
            f"kgui does not know in which format to write {path.suffix or 'a file without an ending'}"
            if format is None
            else f"kgui does not write the format {format!r}",
            where=str(path),
            hint="Use .keras, .h5, .json or .yaml.",
        )
    source = model if isinstance(model, ModelFile) else weights
    graph = model.model if isinstance(model, ModelFile) else model
    if graph.kind == "weights":
        raise ModelError("There is no architecture to write: the file holds weights alone", where=str(path))
    job = _Job(graph, source, path)
    try:
        with replacing(path) as part:
            _WRITERS[key](job, part)
    except (MemoryError, RecursionError) as error:
        raise LimitError("The model is larger than this computer can hold", where=str(path)) from error
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        # Arguments that no layer has, of a damaged file: a layer without a name, 10**30 units. They are shown, and can
        # be mended, but not written.
        text = str(error).partition("\n")[0][:120] or type(error).__name__
        raise ModelError(
            f"The model cannot be written as it is ({text})",
            where=str(path),
            hint="Mend the arguments of its layers first; the problems that kgui finds name them.",
        ) from error
    return path


class _Job:
    """One model on its way into one file."""

    def __init__(self, model: Model, source: ModelFile | None, path: Path) -> None:
        self.model = model
        self.source = source
        self.path = path

    @property
    def version(self) -> str:
        known = self.source.keras_version if self.source is not None else None
        return known or VERSIONS[self.model.era]

    def in_order(self) -> Model:
        """The model with its layers as Keras will order them, unless it is as the file has it."""
        return self.model if self.is_as_opened() else in_keras_order(self.model)

    def is_as_opened(self) -> bool:
        """Whether the graph is still the one that the source file has."""
        from kgui.formats.open import open_source
        from kgui.formats.source import look_at
        from kgui.formats.values import same_graph

        if self.source is None or not self.source.path.exists():
            return False
        return same_graph(open_source(look_at(self.source.path)).model, self.model)

    def config(self, model: Model) -> Json:
        if model.kind == "subclassed":
            return encode_model(model, lambda ref: None)
        from kgui.inference import infer

        return encode_model(model, Specs(model, infer(model)))


# Text ----------------------------------------------------------------------------------------------------------------


def _write_json(job: _Job, part: Path) -> None:
    part.write_text(json.dumps(_text_object(job)), encoding="utf-8")


def _write_yaml(job: _Job, part: Path) -> None:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes shared lists out: nobody who reads the file by eye looks an alias up."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    with part.open("w", encoding="utf-8") as stream:
        yaml.dump(_text_object(job), stream, Dumper=Dumper, sort_keys=False, allow_unicode=True)


def _text_object(job: _Job) -> Json:
    value = job.config(job.in_order())
    was_text = job.source is not None and job.source.format in ("json", "yaml")
    if job.model.era in ("keras-1", "keras-2", "tf-keras") and not was_text:
        value.setdefault("keras_version", job.version)
        backend = job.source.backend if job.source is not None else None
        if job.model.era != "keras-1":
            value.setdefault("backend", backend or "tensorflow")
    return value


# Keras archive -------------------------------------------------------------------------------------------------------


def _write_keras(job: _Job, part: Path) -> None:
    from kgui.formats import keras_zip
    from kgui.formats.convert import to_archive

    original = job.model
    model = to_archive(job.in_order(), job.version)
    version = job.version if model.era == original.era else VERSIONS[model.era]
    config = job.config(model)
    config.pop("keras_version", None)
    config.pop("backend", None)
    metadata = {"keras_version": version, "date_saved": time.strftime("%Y-%m-%d@%H:%M:%S")}
    with zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(keras_zip.METADATA, json.dumps(metadata))
        archive.writestr(keras_zip.CONFIG, json.dumps(config))
        place = _weights_as_they_are(job, model)
        if place is not None:
            with archive.open(keras_zip.WEIGHTS[0], "w", force_zip64=True) as stream:
                _copy_bytes(*place, stream)
        else:
            _pack_weights(job, model, archive, part)
        _copy_assets(job, archive)


def _weights_as_they_are(job: _Job, model: Model) -> tuple[Path, int, int] | None:
    """Where the weights can be copied from byte by byte: file, offset, size. None if anything has changed."""
    from kgui.formats.archive import Archive
    from kgui.formats.keras_zip import WEIGHTS

    source = job.source
    if source is None or source.format != "keras-zip" or model is not job.model or not job.is_as_opened():
        return None
    if source.container_risks:
        return None  # An odd file is written anew, so that its tricks do not live on.
    archive = Archive(source.path)
    place = archive.place(WEIGHTS[0]) if WEIGHTS[0] in archive.members else None
    return None if place is None else (source.path, *place)


def _copy_bytes(path: Path, offset: int, size: int, stream: Any) -> None:
    with path.open("rb") as source:
        source.seek(offset)
        while size > 0:
            data = source.read(min(size, 1 << 20))
            if not data:
                raise FileError("The file has become shorter while it was read", where=str(path))
            stream.write(data)
            size -= len(data)


def _pack_weights(job: _Job, model: Model, archive: zipfile.ZipFile, part: Path) -> None:
    from kgui.formats import write_v3
    from kgui.formats.keras_zip import WEIGHTS

    scratch = part.with_name(part.name + ".h5")
    try:
        with write_v3.open_for_writing(scratch) as file:
            write_v3.write(file, model, _values(job, model))
        with scratch.open("rb") as source, archive.open(WEIGHTS[0], "w", force_zip64=True) as stream:
            shutil.copyfileobj(source, stream, 1 << 20)
    finally:
        scratch.unlink(missing_ok=True)


def _values(job: _Job, model: Model) -> Any:
    from kgui.formats.values import Values
    from kgui.inference import infer

    if job.source is not None:
        job.source.list_weights()
    return Values(model, job.source, None, infer(model), era=job.model.era)


def _copy_assets(job: _Job, archive: zipfile.ZipFile) -> None:
    """Vocabularies, which belong to layers by their group, so that they move where their layers move."""
    from kgui.formats.assets import asset_files

    if job.source is None:
        return
    for name, data in asset_files(job.source, job.model):
        archive.writestr(name, data)


# Legacy HDF5 ---------------------------------------------------------------------------------------------------------


def _write_hdf5(job: _Job, part: Path) -> None:
    from kgui.formats import write_legacy, write_v3
    from kgui.formats.convert import to_hdf5

    original = job.model
    model = to_hdf5(job.in_order())
    version = job.version if model.era == original.era else VERSIONS[model.era]
    backend = (job.source.backend if job.source is not None else None) or "tensorflow"
    config = job.config(model)
    for key in ("keras_version", "backend", "compile_config"):
        config.pop(key, None)
    with write_v3.open_for_writing(part) as file:
        file.attrs["keras_version"] = version
        file.attrs["backend"] = backend
        file.attrs["model_config"] = json.dumps(config)
        training = job.source.training if job.source is not None else None
        if training is not None and job.source is not None and job.source.format in ("hdf5", "keras-hdf5"):
            file.attrs["training_config"] = json.dumps(training)
        write_legacy.write(file, model, _values(job, model), version, backend)


_WRITERS: dict[str, Callable[[_Job, Path], None]] = {
    "keras-zip": _write_keras,
    "hdf5": _write_hdf5,
    "json": _write_json,
    "yaml": _write_yaml,
}

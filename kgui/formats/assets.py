"""Files that a Keras archive carries for its layers: vocabularies."""

from __future__ import annotations

from collections.abc import Iterator

from kgui.formats.archive import Archive
from kgui.formats.file import ModelFile
from kgui.formats.source import look_at
from kgui.formats.write_v3 import prefixes
from kgui.graph import Model

MAX_ASSET_BYTES = 256 << 20


def asset_files(source: ModelFile, model: Model) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every asset of an opened archive, under the group that its layer has in `model` now.

    Assets of layers that are gone are left out.

    Raises:
        FileError: One of them is damaged.
        LimitError: One of them is larger than 256 MB.
    """
    if source.format not in ("keras-zip", "keras-folder") or not source.assets:
        return
    from kgui.formats.open import open_source

    was = {path: where for path, _, where in prefixes(open_source(look_at(source.path)).model, "layers")}
    now = {path: where for path, _, where in prefixes(model, "layers")}
    # Inner layers first, so that each asset moves with the layer that is nearest to it.
    moves = sorted(((old, now.get(path)) for path, old in was.items()), key=lambda move: -len(move[0]))
    archive = Archive(source.path) if source.format == "keras-zip" else None
    for name in source.assets:
        inner = name.removeprefix("assets/")
        old, new = next(((o, n) for o, n in moves if inner.startswith(f"{o}/")), ("", ""))
        if new is None or any(part in ("", ".", "..") for part in name.split("/")):
            continue
        if archive is not None:
            data = archive.read(name, MAX_ASSET_BYTES)
        else:
            data = look_at(source.path / name).read(MAX_ASSET_BYTES, name)
        yield f"assets/{new}{inner[len(old) :]}", data

"""Makes `kgui/reports/keras_words.json` from the installed Keras: `python tests/kgui/reports/keras_words_maker.py`.

The table has the words of Keras' public API that generated Python uses: for operations and other objects
their parameters in order, with defaults. A test compares it with the installed Keras.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parents[3] / "kgui" / "reports" / "keras_words.json"

FAMILIES = (
    "initializers",
    "regularizers",
    "constraints",
    "optimizers",
    "optimizers.schedules",
    "losses",
    "metrics",
    "dtype_policies",
    "quantizers",
)
OPERATION_MODULES = ("core", "numpy", "nn", "math", "linalg", "image", "einops")


def parameters(function: Any) -> tuple[list[list[Any]], bool]:
    """Parameters in order, each with its default if it has one; and whether any keyword is taken."""
    found: list[list[Any]] = []
    takes_any = False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.VAR_KEYWORD:
            takes_any = True
        elif parameter.kind is parameter.VAR_POSITIONAL:
            found.append([f"*{parameter.name}"])
        elif parameter.default is parameter.empty:
            found.append([parameter.name])
        else:
            found.append([parameter.name, plain(parameter.default)])
    return found, takes_any


def plain(value: Any) -> Any:
    """A default as JSON; one that is an object is None, so that the argument is always written."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else None


def snake(name: str) -> str:
    name = re.sub("([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub("([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def objects(keras: Any) -> dict[str, Any]:
    table = {}
    for family in FAMILIES:
        module = importlib.import_module(f"keras.{family}")
        for name, value in sorted(vars(module).items()):
            if inspect.isclass(value) and name == value.__name__:
                table[f"{family}.{name}"] = parameters(value.__init__)
    return table


def operations(keras: Any) -> dict[str, Any]:
    """For every operation the public function that makes it, the function's parameters, and those of the call."""
    public = {}
    for prefix in ("", "image.", "linalg.", "nn.", "numpy."):
        for name, value in vars(importlib.import_module(f"keras.ops.{prefix}".rstrip("."))).items():
            if inspect.isfunction(value):
                public.setdefault(name, prefix + name)
    table = {}
    for short in OPERATION_MODULES:
        module = importlib.import_module(f"keras.src.ops.{short}")
        for name, value in sorted(vars(module).items()):
            if not (inspect.isclass(value) and value.__module__ == module.__name__):
                continue
            if not issubclass(value, keras.Operation) or value is keras.Operation:
                continue
            function = _function_of(module, name, public)
            if function is not None:
                call = [item[0] for item in parameters(value.call)[0]]
                table[f"{short}.{name}"] = [public[function], parameters(getattr(module, function))[0], call]
    return table


def _function_of(module: Any, class_name: str, public: dict[str, str]) -> str | None:
    if snake(class_name) in public and hasattr(module, snake(class_name)):
        return snake(class_name)
    made = [
        name
        for name, value in vars(module).items()
        if name in public
        and inspect.isfunction(value)
        and value.__module__ == module.__name__
        and re.search(rf"\b{class_name}\(", inspect.getsource(value))
    ]
    return made[0] if len(made) == 1 else None


def make() -> dict[str, Any]:
    import keras

    return json.loads(json.dumps({"objects": objects(keras), "operations": operations(keras)}))


def written(table: dict[str, Any]) -> str:
    """The table as text, one class on a line."""
    sections = []
    for name, entries in table.items():
        lines = [f"  {json.dumps(key)}: {json.dumps(entry)}" for key, entry in entries.items()]
        sections.append(f" {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(sections) + "\n}\n"


if __name__ == "__main__":
    TABLE.write_text(written(make()), encoding="utf-8")

"""The values that go into a saved file: taken from an opened one where they still fit, fresh ones for what is new."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kgui.errors import LimitError, ModelError
from kgui.formats.file import ModelFile
from kgui.formats.notes import quoted
from kgui.formats.old_layouts import in_todays_layout
from kgui.formats.open import open_source
from kgui.formats.source import look_at
from kgui.graph import Era, Layer, Model, Weight
from kgui.inference.dtypes import quantization
from kgui.inference.result import Inference, LayerResult
from kgui.layers.eras import modern

Array = np.ndarray[Any, Any]
Path = tuple[int, ...]
Read = Callable[[Weight], Array]

MAX_FRESH = 1 << 30
"""Values that one layer may get anew, 4 GB of them: a few bytes of a damaged file can ask for any number."""


class Values:
    """Values of the weights of a model that is to be saved.

    Args:
        model: The model, maybe edited since it was opened.
        source: The file that its weights come from, or None for a model that was made anew.
        read: Values of a weight; by default `source.read`.
        inference: What holds within the model: which weights its layers need.
        era: Whose words the source is in, where `model` is a translation of it.

    Attributes:
        original: The model as the source has it, or None without one. Ids of layers are kept for life, so that it
            tells what has been changed.
        same: Whether nothing has been. What rules expect is then no reason to doubt what the file has.
        fresh: Names of layers whose weights got initial values.
    """

    def __init__(
        self,
        model: Model,
        source: ModelFile | None,
        read: Read | None,
        inference: Inference,
        *,
        era: Era | None = None,
    ) -> None:
        self._model = model
        self._era = era if era != model.era else None
        self._read = read or (source.read if source is not None else None)
        self._inference = inference
        self._random = np.random.default_rng()
        self.source = source
        self.original: Model | None = None
        self.fresh: list[str] = []
        if source is not None and source.path.exists():
            self.original = open_source(look_at(source.path)).model
        self.same = self._era is None and self.original is not None and same_graph(self.original, model)

    def __call__(self, path: Path, layer: Layer) -> list[tuple[Weight, Array]]:
        """Name, shape and values of the weights that a layer itself owns, in Keras' order.

        They are the file's where the layer has the weights that it needs, and else what its initializers give.

        Raises:
            LimitError: It would need more than `MAX_FRESH` of them anew.
            ModelError: The file has them in a layout of an earlier era that kgui cannot translate.
        """
        have = layer.weights or []
        if have and self._read is not None and self._era is not None and self._is_unedited(path, layer):
            return self._translated(path, layer, have, self._read)
        if have and self._read is not None and self._fits(path, layer, have):
            return [(weight, self._read(weight)) for weight in have]
        need = self._needed(path)
        if need:
            self.fresh.append(layer.name)
        if (count := sum(weight.size for weight in need)) > MAX_FRESH:
            raise LimitError(
                f"This layer would need {count:,} fresh values, more than any layer has",
                where=f"layer {quoted(layer.name)}",
                hint="Make it smaller; its arguments may be damaged.",
            )
        return [(weight, initial(weight, layer.config, self._random)) for weight in need]

    def keeps(self, path: Path, layer: Layer) -> bool:
        """Whether the layer's weights come from the file as they are there."""
        if self._era is not None:
            return False
        have = layer.weights or []
        if not have:
            return not self._needed(path)
        return self._read is not None and self._fits(path, layer, have)

    def _fits(self, path: Path, layer: Layer, have: list[Weight]) -> bool:
        if self.same:
            return True
        need = self._needed(path)
        if not need or _sizes(need) == _sizes(have):
            return True
        was = find(self.original, path)
        unchanged = was is not None and was.class_name == layer.class_name and was.config == layer.config
        # Of a layer that nobody changed the file may know better than the rules.
        return unchanged and (len(need) != len(have) or _is_odd(have))

    def _is_unedited(self, path: Path, layer: Layer) -> bool:
        """Whether a translated layer still is the one that the file has weights for, so that they must fit."""
        was = find(self.original, path)
        if was is None or self.original is None or self._era is None:
            return False
        class_name, config = modern(was.class_name, was.config, self._era)
        return class_name == layer.class_name and all(layer.config.get(key) == config.get(key) for key in _SIZES)

    def _translated(self, path: Path, layer: Layer, have: list[Weight], read: Read) -> list[tuple[Weight, Array]]:
        """The values of an earlier era in the layout of today."""
        assert self._era is not None
        backend = self.source.backend if self.source is not None else None
        arrays = in_todays_layout(
            layer.class_name, layer.config, [read(weight) for weight in have], era=self._era, backend=backend
        )
        need = self._needed(path)
        names = need if len(need) == len(arrays) else have
        if need and [weight.shape for weight in need] != [array.shape for array in arrays]:
            raise ModelError(
                f"The weights of this layer are laid out as {self._era.replace('-', ' ')} did it, "
                "and kgui cannot translate them",
                where=f"layer {quoted(layer.name)}",
                hint="Save as .json, and load the weights in a Keras of that time.",
            )
        return list(zip(names, arrays, strict=True))

    def _needed(self, path: Path) -> list[Weight]:
        result = result_at(self._inference, path)
        return list(result.weights or []) if result is not None and result.model is None else []


_SIZES = ("units", "filters", "kernel_size", "input_dim", "output_dim")
"""Arguments that the shapes of weights come from."""


def _sizes(weights: list[Weight]) -> list[tuple[int, ...]]:
    return [weight.shape for weight in weights]


def _is_odd(weights: list[Weight]) -> bool:
    """Quantized kernels have other shapes than the layer's arguments say; Keras 1 stored kernels in other layouts."""
    return any(weight.dtype.startswith(("int", "uint", "float8")) for weight in weights)


def same_graph(a: Model, b: Model) -> bool:
    """Whether two models have the same layers with the same names, arguments and calls, in the same order."""
    if a.kind == b.kind == "subclassed":
        # It has no graph; the layers that its weights were given a name by are made up.
        return (a.class_name, a.config) == (b.class_name, b.config)
    if (a.kind, a.inputs, a.outputs, list(a.layers)) != (b.kind, b.inputs, b.outputs, list(b.layers)):
        return False
    for one, other in zip(a.layers.values(), b.layers.values(), strict=True):
        if (one.name, one.class_name, one.module, one.config) != (
            other.name, other.class_name, other.module, other.config,
        ):  # fmt: skip
            return False
        if one.calls != other.calls or (one.model is None) != (other.model is None):
            return False
        if one.model is not None and other.model is not None and not same_graph(one.model, other.model):
            return False
    return True


def find(model: Model | None, path: Path) -> Layer | None:
    """The layer at the end of a path of ids."""
    layer = None
    for number in path:
        layer = model.layers.get(number) if model is not None else None
        if layer is None:
            return None
        model = layer.model
    return layer


def result_at(inference: Inference | None, path: Path) -> LayerResult | None:
    """What inference says about the layer at the end of a path of ids."""
    result = None
    for number in path:
        result = inference.layers.get(number) if inference is not None else None
        if result is None:
            return None
        inference = result.model
    return result


# Initial values ------------------------------------------------------------------------------------------------------


def initial(weight: Weight, config: dict[str, Any], random: np.random.Generator) -> Array:
    """Fresh values for a weight, from the layer's own initializer where it names one that is known."""
    name = weight.name.rpartition("/")[2]
    if name == "g_idx":
        policy = quantization(config.get("dtype"))
        block = (policy.block if policy is not None else None) or max(weight.size, 1)
        return np.arange(weight.size, dtype="float32") // block
    kind, options = _initializer(name, config)
    values = _INITIALIZERS[kind](weight.shape, options, random)
    return values.astype(weight.dtype if weight.dtype in _PLAIN else "float32")


_PLAIN = frozenset({"float16", "float32", "float64", "int8", "int32", "int64", "uint8", "uint32", "bool"})

_BY_NAME = {
    "bias": "Zeros", "beta": "Zeros", "moving_mean": "Zeros", "mean": "Zeros", "gamma": "Ones", "scale": "Ones",
    "moving_variance": "Ones", "variance": "Ones", "alpha": "Zeros", "count": "Zeros", "embeddings": "RandomUniform",
    "recurrent_kernel": "Orthogonal", "seed_generator_state": "Zeros",
}  # fmt: skip
"""Keras' own defaults (3.15) for layers whose config does not say."""


def _initializer(name: str, config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    value = config.get(f"{name}_initializer")
    options: dict[str, Any] = {}
    if isinstance(value, dict):
        given = value.get("config")
        options = given if isinstance(given, dict) else {}
        value = value.get("class_name")
    if isinstance(value, str):
        word = "".join(part[:1].upper() + part[1:] for part in value.split("_"))
        if word in _INITIALIZERS:
            return word, options
    default = (
        "Ones" if name.endswith("_scale") else "Zeros" if name.endswith(("_zero", "_history")) else "GlorotUniform"
    )
    return _BY_NAME.get(name, default), {}


def _fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """Inputs and outputs of one unit, as `keras.src.initializers.random_initializers.compute_fans` has it."""
    if len(shape) < 2:
        size = float(shape[0]) if shape else 1.0
        return size, size
    field = math.prod(shape[:-2])
    return float(shape[-2] * field), float(shape[-1] * field)


def _scaled(scale: float, mode: str, distribution: str) -> Callable[..., Array]:
    def make(shape: tuple[int, ...], options: dict[str, Any], random: np.random.Generator) -> Array:
        fan_in, fan_out = _fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[mode]
        variance = scale / max(1.0, fan)
        if distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return random.uniform(-limit, limit, shape)
        # A normal distribution cut at two deviations has 0.8796 times its deviation.
        return _truncated(shape, math.sqrt(variance) / 0.87962566103423978, random)

    return make


def _truncated(shape: tuple[int, ...], deviation: float, random: np.random.Generator) -> Array:
    values = random.normal(0.0, 1.0, shape)
    outside = np.abs(values) > 2
    while outside.any():
        values[outside] = random.normal(0.0, 1.0, int(outside.sum()))
        outside = np.abs(values) > 2
    return values * deviation


def _orthogonal(shape: tuple[int, ...], options: dict[str, Any], random: np.random.Generator) -> Array:
    if len(shape) < 2:
        return random.normal(0.0, 1.0, shape)
    rows, columns = math.prod(shape[:-1]), shape[-1]
    q, r = np.linalg.qr(random.normal(0.0, 1.0, (max(rows, columns), min(rows, columns))))
    q = q * np.sign(np.diag(r))
    values: Array = (q.T if rows < columns else q).reshape(shape)
    return values * float(options.get("gain", 1.0))


def _number(options: dict[str, Any], key: str, default: float) -> float:
    value = options.get(key, default)
    return float(value) if isinstance(value, (int, float)) else default


_INITIALIZERS: dict[str, Callable[..., Array]] = {
    "Zeros": lambda shape, options, random: np.zeros(shape),
    "Ones": lambda shape, options, random: np.ones(shape),
    "Constant": lambda shape, options, random: np.full(shape, _number(options, "value", 0.0)),
    "RandomUniform": lambda shape, options, random: random.uniform(
        _number(options, "minval", -0.05), _number(options, "maxval", 0.05), shape
    ),
    "RandomNormal": lambda shape, options, random: random.normal(
        _number(options, "mean", 0.0), abs(_number(options, "stddev", 0.05)), shape
    ),
    "TruncatedNormal": lambda shape, options, random: (
        _truncated(shape, _number(options, "stddev", 0.05), random) + _number(options, "mean", 0.0)
    ),
    "GlorotUniform": _scaled(1.0, "fan_avg", "uniform"),
    "GlorotNormal": _scaled(1.0, "fan_avg", "normal"),
    "HeUniform": _scaled(2.0, "fan_in", "uniform"),
    "HeNormal": _scaled(2.0, "fan_in", "normal"),
    "LecunUniform": _scaled(1.0, "fan_in", "uniform"),
    "LecunNormal": _scaled(1.0, "fan_in", "normal"),
    "Orthogonal": _orthogonal,
}

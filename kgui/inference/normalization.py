"""Rules for normalization layers."""

from __future__ import annotations

from kgui.graph import TensorSpec, Weight
from kgui.inference.rule import Answer, Ask, Misfit, Rule, axes_of, axis_of, known, plain


def _scale_and_shift(ask: Ask, shape: tuple[int, ...]) -> list[Weight]:
    weights = []
    if ask.flag("scale", True):
        weights.append(ask.weight("gamma", shape))
    if ask.flag("center", True):
        weights.append(ask.weight("beta", shape))
    return weights


def batch_normalization(ask: Ask) -> Answer:
    """BatchNormalization: two trained vectors, and two that follow the data."""
    shape = ask.shape()
    axis = ask.config.get("axis", -1)
    if type(axis) is not int:
        axis = plain(axis)
        axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis
    size = (known(shape[axis_of(axis, len(shape))], "size along its axis", "BatchNormalization"),)
    weights = _scale_and_shift(ask, size)
    weights.append(ask.weight("moving_mean", size, False))
    weights.append(ask.weight("moving_variance", size, False))
    if ask.config.get("renorm"):
        weights += [ask.weight(name, size, False) for name in ("moving_stddev", "renorm_mean", "renorm_stddev")]
    return Answer((TensorSpec(shape, ask.compute),), weights)


def layer_normalization(ask: Ask) -> Answer:
    """LayerNormalization: weights over one or several axes."""
    shape = ask.shape()
    axes = axes_of(ask.config.get("axis", -1), len(shape))
    if not ask.flag("scale", True) and not ask.flag("center", True):
        return Answer((TensorSpec(shape, ask.compute),))
    size = tuple(known(shape[axis], "size along its axis", "LayerNormalization") for axis in axes)
    if ask.config.get("rms_scaling"):  # of Keras 3.9 and before
        return Answer((TensorSpec(shape, ask.compute),), [ask.weight("gamma", size)])
    return Answer((TensorSpec(shape, ask.compute),), _scale_and_shift(ask, size))


def rms_normalization(ask: Ask) -> Answer:
    """RMSNormalization: a scale over one or several axes."""
    shape = ask.shape()
    axes = axes_of(ask.config.get("axis", -1), len(shape))
    size = tuple(known(shape[axis], "size along its axis", "RMSNormalization") for axis in axes)
    return Answer((TensorSpec(shape, ask.compute),), [ask.weight("scale", size)])


def group_normalization(ask: Ask) -> Answer:
    """GroupNormalization: the number of channels must be a multiple of the number of groups."""
    shape = ask.shape()
    axis = axis_of(ask.config.get("axis", -1), len(shape))
    size = known(shape[axis], "size along its axis", "GroupNormalization")
    groups = ask.whole("groups", 32, least=-1)
    groups = size if groups == -1 else groups
    if groups < 1 or size % groups:
        raise Misfit(
            f"GroupNormalization has {groups} groups, which do not divide {size} channels evenly.",
            "Use a number of groups that divides the channels.",
        )
    return Answer((TensorSpec(shape, ask.compute),), _scale_and_shift(ask, (size,)))


def unit_normalization(ask: Ask) -> Answer:
    """UnitNormalization: same shape; the axes must exist."""
    shape = ask.shape()
    axes_of(ask.config.get("axis", -1), len(shape))
    return Answer((TensorSpec(shape, ask.compute),))


def spectral_normalization(ask: Ask) -> Answer:
    """SpectralNormalization: the wrapped layer's kernel, and a vector that follows its largest singular value."""
    inner = ask.inner(ask.config.get("layer"), ask.args, {})
    named = {weight.name: weight for weight in inner.weights}
    kernel = named.get("kernel") or named.get("embeddings")
    if kernel is None:
        raise Misfit("SpectralNormalization needs a layer with a kernel or embeddings within it.")
    vector = Weight("vector_u", (1, kernel.shape[-1]), kernel.dtype, None, False)
    # The call ends with a cast to the input's dtype, but the declared output is in the layer's own.
    outputs = [TensorSpec(spec.shape, ask.compute) for spec in inner.outputs]
    # The wrapper holds the kernel as its own, so that it comes before what the layer has besides.
    rest = [weight for weight in inner.weights if weight is not kernel]
    return Answer(outputs, [kernel, vector, *prefixed("layer", rest)], inner.multiply_adds)


def prefixed(prefix: str, weights: object) -> list[Weight]:
    """The weights of a nested layer, under the name of the attribute that holds it."""
    return [
        Weight(f"{prefix}/{weight.name}", weight.shape, weight.dtype, None, weight.trainable)
        for weight in weights  # type: ignore[attr-defined]
    ]


RULES: dict[str, Rule] = {
    "BatchNormalization": batch_normalization,
    "LayerNormalization": layer_normalization,
    "RMSNormalization": rms_normalization,
    "GroupNormalization": group_normalization,
    "UnitNormalization": unit_normalization,
    "SpectralNormalization": spectral_normalization,
}

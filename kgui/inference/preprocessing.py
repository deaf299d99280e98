"""Rules for preprocessing layers: categories, text, images, sound."""

from __future__ import annotations

import math
from typing import Any

from kgui.graph import Shape, TensorSpec
from kgui.inference.convolution import join, padding_of, split, window_sizes
from kgui.inference.normalization import prefixed
from kgui.inference.rule import (
    Answer,
    Ask,
    Misfit,
    Rule,
    axes_of,
    known,
    need_rank,
    plain,
    same,
    show,
    whole,
)


def _vector(shape: Shape, depth: int | None) -> Shape:
    """The last axis becomes a vector of that length."""
    return (*shape[:-1], depth)


def _one_hot(shape: Shape, depth: int | None) -> Shape:
    """Every value becomes a vector; a last axis of 1 gives way to it."""
    return (*shape[:-1], depth) if len(shape) > 1 and shape[-1] == 1 else (*shape, depth)


def category_encoding(ask: Ask) -> Answer:
    """CategoryEncoding: indices to vectors of num_tokens."""
    shape = ask.shape()
    depth = ask.whole("num_tokens")
    mode = ask.config.get("output_mode", "multi_hot")
    return Answer((TensorSpec(_one_hot(shape, depth) if mode == "one_hot" else _vector(shape, depth), ask.compute),))


def hashing(ask: Ask) -> Answer:
    """Hashing: values to indices of bins, or to vectors."""
    shape = ask.shape()
    bins = ask.whole("num_bins")
    mode = ask.config.get("output_mode", "int")
    return Answer((TensorSpec(shape if mode == "int" else _vector(shape, bins), _own_dtype(ask, mode)),))


def _own_dtype(ask: Ask, mode: Any) -> str:
    """The dtype of a layer whose default one depends on its output_mode."""
    if ask.config.get("dtype") is None:
        return "int64" if mode == "int" else "float32"
    return ask.variable


def hashed_crossing(ask: Ask) -> Answer:
    """HashedCrossing: pairs of values to indices of bins, or to vectors."""
    specs = ask.tensors()
    if len(specs) != 2:
        raise Misfit(f"HashedCrossing takes two tensors, but gets {len(specs)}.", "Connect two.")
    first, second = (spec.shape for spec in specs)
    assert first is not None and second is not None
    if first[-1:] != second[-1:]:
        raise Misfit(f"HashedCrossing takes tensors of one shape, not {show(first)} and {show(second)}.")
    bins = ask.whole("num_bins")
    mode = ask.config.get("output_mode", "int")
    if mode == "int":
        shape: Shape = first
    elif mode == "one_hot" and first[-1:] != (1,):
        shape = (*first, bins)
    else:
        shape = _vector(first, bins)
    dtype = _own_dtype(ask, mode) if ask.config.get("dtype") is None else ask.compute
    return Answer((TensorSpec(shape, dtype),))


def discretization(ask: Ask) -> Answer:
    """Discretization: numbers to indices of bins, or to vectors."""
    shape = ask.shape()
    mode = ask.config.get("output_mode", "int")
    bounds = plain(ask.config.get("bin_boundaries"))
    depth = len(bounds) + 1 if isinstance(bounds, (list, tuple)) else ask.config.get("num_bins")
    if mode == "int":
        return Answer((TensorSpec(shape, "int32"),))
    depth = whole(depth, "num_bins")
    if mode == "one_hot":
        out = _one_hot(shape, depth)
    else:
        # As Keras declares it: the second axis goes, whatever the rank is.
        out = (shape[0], *shape[2:], depth) if len(shape) >= 2 else (depth,)
    return Answer((TensorSpec(out, "float32" if ask.config.get("dtype") is None else ask.compute),))


def _vocabulary_size(ask: Ask) -> int | None:
    """Entries of a vocabulary with its special tokens, from the arguments; None where the vocabulary is elsewhere."""
    if ask.config.get("pad_to_max_tokens") and ask.config.get("max_tokens") is not None:
        return ask.whole("max_tokens")
    size = ask.config.get("vocabulary_size")
    if size is not None:
        return whole(size, "vocabulary_size", least=0)
    words = plain(ask.config.get("vocabulary"))
    if not isinstance(words, (list, tuple)):
        return None
    special = _special(ask)
    return len(words) if words[: len(special)] == special else len(words) + len(special)


def _special(ask: Ask) -> list[Any]:
    text = ask.class_name == "TextVectorization"
    mask = "" if text else ask.config.get("mask_token")
    oov = "[UNK]" if text else ask.config.get("oov_token", "[UNK]" if ask.class_name == "StringLookup" else -1)
    number = 1 if text else whole(ask.config.get("num_oov_indices", 1), "num_oov_indices", least=0)
    with_mask = mask is not None and ask.config.get("output_mode", "int") == "int"
    return ([mask] if with_mask else []) + [oov] * number


def lookup(ask: Ask) -> Answer:
    """StringLookup and IntegerLookup: words to indices, or to vectors over the vocabulary."""
    shape = ask.shape()
    mode = ask.config.get("output_mode", "int")
    if mode == "int":
        return Answer((TensorSpec(shape, "int64"),))
    depth = _vocabulary_size(ask)
    out = _one_hot(shape, depth) if mode == "one_hot" else _vector(shape, depth)
    return Answer((TensorSpec(out, "float32"),), partly=depth is None)


def text_vectorization(ask: Ask) -> Answer:
    """TextVectorization: texts to indices of words, or to vectors over the vocabulary."""
    shape = ask.shape()
    mode = ask.config.get("output_mode", "int")
    if mode == "int":
        length = ask.config.get("output_sequence_length")
        size = None if length is None else whole(length, "output_sequence_length", least=0)
        return Answer((TensorSpec((shape[0] if shape else None, size), "int64"),))
    if ask.config.get("split", "whitespace") is not None:
        shape = (*shape, None)
    elif len(shape) <= 1:
        shape = (*shape, 1)
    depth = _vocabulary_size(ask)
    return Answer((TensorSpec(_vector(shape, depth), "float32"),), partly=depth is None)


def normalization(ask: Ask) -> Answer:
    """Normalization: mean and variance over the kept axes, unless they are arguments."""
    shape = ask.shape()
    axis = ask.config.get("axis", -1)
    axes = () if axis is None else tuple(sorted(axes_of(axis, len(shape))))
    size = tuple(known(shape[place], "size along its axis", "Normalization") for place in axes)
    weights = []
    if ask.config.get("mean") is None:
        weights = [ask.weight("mean", size, False), ask.weight("variance", size, False)]
        count = ask.weight("count", (), False)
        count.dtype = "int64"
        weights.append(count)
    return Answer((TensorSpec(shape, ask.compute),), weights)


def resized(ask: Ask) -> Answer:
    """Resizing, CenterCrop, RandomCrop: images of another height and width."""
    shape = ask.shape()
    if len(shape) not in (3, 4):
        raise Misfit(
            f"{ask.class_name} takes images of rank 3, or 4 with the batch, but the input has shape {show(shape)}.",
            "Reshape the input to images.",
        )
    height, width = ask.whole("height"), ask.whole("width")
    result = list(shape)
    place = -2 if ask.channels_first() else -3
    result[place], result[place + 1] = height, width
    return Answer((TensorSpec(tuple(result), ask.compute),))


def image(ask: Ask) -> Answer:
    """Augmentation: images, or a dict with images and labels, of the same shapes."""
    outputs = [TensorSpec(spec.shape, ask.compute) for spec in ask.any_tensors()]
    if not outputs:
        raise Misfit(f"{ask.class_name} takes images.", "Connect a tensor to it.")
    return Answer(outputs)


def unchanged(ask: Ask) -> Answer:
    """Layers that declare their input itself as their output."""
    return Answer([TensorSpec(spec.shape, ask.autocast(spec.dtype)) for spec in ask.any_tensors()])


def stretched(axis: int) -> Rule:
    """RandomHeight and RandomWidth of tf.keras: one size is not known any more."""

    def rule(ask: Ask) -> Answer:
        shape = list(ask.shape())
        shape[axis] = None
        return Answer((TensorSpec(tuple(shape), ask.compute),))

    return rule


def mel_spectrogram(ask: Ask) -> Answer:
    """MelSpectrogram: sound to bands over time."""
    shape = ask.shape()
    if len(shape) not in (1, 2):
        raise Misfit(f"MelSpectrogram takes sound of rank 1, or 2 with the batch, not {show(shape)}.")
    bands, stride = ask.whole("num_mel_bins", 128), ask.whole("sequence_stride", 512)
    length = shape[-1]
    frames = None if length is None else (length + stride + 1) // stride
    return Answer((TensorSpec((*shape[:-1], bands, frames), ask.compute),))


def stft_spectrogram(ask: Ask) -> Answer:
    """STFTSpectrogram: sound to frequencies over time, by convolution with fixed kernels."""
    shape = ask.shape()
    need_rank(shape, 3, "STFTSpectrogram")
    first = ask.channels_first()
    spatial, channels = split(shape, first)
    channels = known(channels, "number of channels", "STFTSpectrogram")
    frame = ask.whole("frame_length", 256)
    step = ask.config.get("frame_step")
    step = max(frame // 2, 1) if step is None else ask.whole("frame_step")
    length = ask.config.get("fft_length")
    length = 2 ** math.ceil(math.log2(frame)) if length is None else ask.whole("fft_length")
    mode = ask.config.get("mode", "log")
    bands = length // 2 + 1
    kernel = (frame, 1, bands)
    weights = [ask.weight("real_kernel", kernel)] if mode != "imag" else []
    if mode != "real":
        weights.append(ask.weight("imag_kernel", kernel))
    wide = bands * 2 if mode == "stft" else bands
    (frames,) = window_sizes(spatial, (frame,), (step,), (1,), padding_of(ask), "STFTSpectrogram")
    out = join(shape[0], (frames,), wide * channels, first)
    if ask.flag("expand_dims", False):
        out = (shape[0], channels, frames, wide) if first else (shape[0], frames, wide, channels)
    cost = None if frames is None else frames * frame * bands * channels * len(weights)
    return Answer((TensorSpec(out, ask.compute),), weights, cost)


def pipeline(ask: Ask) -> Answer:
    """Pipeline: layers one after the other."""
    layers = ask.config.get("layers")
    if not isinstance(layers, list):
        raise Misfit("Pipeline needs a list of layers.", "Give it layers.")
    args = ask.args
    weights: list[Any] = []
    answer = Answer(ask.any_tensors())
    for number, layer in enumerate(layers):
        answer = ask.inner(layer, args, {})
        weights += prefixed(f"layers/{number}", answer.weights)
        args = [answer.outputs[0]]
    return answer._replace(weights=weights)


_IMAGE = """AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization CutMix MixUp RandAugment RandomBrightness
    RandomColorDegeneration RandomColorJitter RandomContrast RandomElasticTransform RandomErasing RandomFlip
    RandomGaussianBlur RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation
    RandomSharpness RandomShear RandomTranslation RandomZoom Solarization MaxNumBoundingBoxes"""

RULES: dict[str, Rule] = {
    "CategoryEncoding": category_encoding,
    "Hashing": hashing,
    "HashedCrossing": hashed_crossing,
    "Discretization": discretization,
    "StringLookup": lookup,
    "IntegerLookup": lookup,
    "TextVectorization": text_vectorization,
    "Normalization": normalization,
    "Rescaling": same,
    "Resizing": resized,
    "CenterCrop": resized,
    "RandomCrop": resized,
    "RandomHeight": stretched(-3),
    "RandomWidth": stretched(-2),
    "Equalization": unchanged,
    "RandomGrayscale": unchanged,
    "MelSpectrogram": mel_spectrogram,
    "STFTSpectrogram": stft_spectrogram,
    "Pipeline": pipeline,
    **dict.fromkeys(_IMAGE.split(), image),
}

"""Quantized layers with Keras as the judge: each weight that it makes, by shape, dtype and trainable."""

import json

import pytest

from kgui.formats.notes import Notes
from kgui.formats.structure import decode_model
from kgui.inference import infer
from kgui.inference.dtypes import Quantization, is_quantized, quantization

POLICIES = [
    "int8_from_float32", "int8_from_mixed_bfloat16", "int4_from_float32", "int4/-1_from_float32", "int4/3_from_float32",
    "int4/128_from_bfloat16", "float8_from_float32", "gptq/4/-1_from_float32", "gptq/8/4_from_float32",
    "awq/4/3_from_float32",
]  # fmt: skip

LAYERS = {
    "dense": lambda keras, dtype: ((7,), keras.layers.Dense(5, dtype=dtype)),
    "no_bias": lambda keras, dtype: ((4, 6), keras.layers.Dense(5, use_bias=False, dtype=dtype)),
    "einsum": lambda keras, dtype: (
        (5, 6), keras.layers.EinsumDense("abc,cd->abd", (None, 7), bias_axes="d", dtype=dtype)
    ),
    "einsum_query": lambda keras, dtype: (
        (5, 16), keras.layers.EinsumDense("abc,cde->abde", (None, 3, 5), bias_axes="de", dtype=dtype)
    ),
    "einsum_output": lambda keras, dtype: (
        (5, 3, 5), keras.layers.EinsumDense("abcd,cde->abe", (None, 16), bias_axes="e", dtype=dtype)
    ),
    "einsum_dots": lambda keras, dtype: ((4, 5, 6), keras.layers.EinsumDense("...x,xy->...y", (7,), dtype=dtype)),
    "embedding": lambda keras, dtype: ((3,), keras.layers.Embedding(9, 7, dtype=dtype)),
    "reversible": lambda keras, dtype: ((3,), keras.layers.ReversibleEmbedding(9, 7, dtype=dtype)),
    "untied": lambda keras, dtype: ((3,), keras.layers.ReversibleEmbedding(9, 7, tie_weights=False, dtype=dtype)),
    "low_rank": lambda keras, dtype: ((7,), keras.layers.Dense(5, lora_rank=2, dtype=dtype)),
}  # fmt: skip

SOME_ONLY = {"einsum_dots": 1, "embedding": 6, "reversible": 6, "untied": 6, "low_rank": 7}
"""Layers that Keras does not quantize in every way, and in how many it does."""


def facts(weights):
    return [(tuple(w.shape), str(w.dtype), bool(w.trainable)) for w in weights]


@pytest.mark.keras
@pytest.mark.parametrize("name", LAYERS)
def test_the_weights_are_those_of_keras(name):
    keras = pytest.importorskip("keras")
    compared = 0
    for policy in POLICIES:
        try:
            shape, layer = LAYERS[name](keras, policy)
            inputs = keras.Input(shape)
            model = keras.Model(inputs, layer(inputs))
        except (ValueError, TypeError, AttributeError, NotImplementedError):
            assert name in SOME_ONLY, policy
            continue
        graph = decode_model(json.loads(model.to_json()), Notes())
        found = infer(graph)
        result = list(found.layers.values())[1]
        assert facts(result.weights) == facts(layer.weights), policy
        assert (result.params, found.params) == (layer.count_params(), model.count_params())
        compared += 1
    assert compared == SOME_ONLY.get(name, len(POLICIES))


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("int8_from_float32", Quantization("int8")),
        ({"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8"}}, Quantization("int8")),
        ({"class_name": "Int4DTypePolicy", "config": {"mode": "int4/128"}}, Quantization("int4", 4, 128)),
        ("gptq/2/-1_from_float32", Quantization("gptq", 2)),
        ("int8", None),
        ({"class_name": "DTypePolicy", "config": {"name": "int8"}}, None),
        ({"class_name": "Int4DTypePolicy", "config": {"mode": "int4/" + "9" * 5000}}, None),
        ({"class_name": "Int4DTypePolicy", "config": [1]}, None),
        (None, None),
        (3, None),
    ],
)  # fmt: skip
def test_what_a_policy_asks_for(dtype, expected):
    assert quantization(dtype) == expected


def test_names_of_policies_are_quantized_too():
    assert is_quantized("int8_from_float32")
    assert not is_quantized("mixed_float16")

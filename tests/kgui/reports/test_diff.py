"""Differences between models: what was edited is found, and nothing else."""

from __future__ import annotations

import copy
import json
import sys
import time

import numpy as np
import pytest

from kgui.graph import Call, Layer, Model, TensorRef, TensorSpec, Weight, map_refs
from kgui.inference.result import CallResult, Inference, LayerResult
from kgui.reports.align import align
from kgui.reports.diff import compare_values, diff


class Net:
    """A functional model made by hand."""

    def __init__(self, name="net"):
        self.model = Model("functional", name)

    def add(self, name, class_name, *inputs, weights=None, **config):
        key = max(self.model.layers, default=-1) + 1
        args = [TensorRef(item) for item in inputs]
        call = Call([args] if len(args) > 1 else args)
        self.model.layers[key] = Layer(key, name, class_name, config=config, calls=[call], weights=weights)
        return key

    def finish(self, *outputs):
        self.model.inputs = [TensorRef(key) for key, layer in self.model.layers.items() if layer.is_input]
        self.model.outputs = [TensorRef(key) for key in outputs]
        return self.model


def chain(*layers):
    net = Net()
    last = net.add("input", "InputLayer", batch_shape=[None, 8])
    for name, class_name, config in layers:
        last = net.add(name, class_name, last, **config)
    return net.finish(last)


def infer(model):
    results = {}
    for key, layer in model.layers.items():
        shape = (None, layer.config.get("units", layer.config.get("filters", 8)))
        results[key] = LayerResult([CallResult([TensorSpec(shape, "float32")], "rule") for _ in layer.calls])
    return Inference(results)


def compare(a, b, **options):
    return diff(a, b, infer(a), infer(b), **options)


def kinds(found):
    return {(change.old, change.new): change.kinds for change in found.layers}


def dense(name, units, **config):
    return name, "Dense", {"units": units, **config}


def residual(blocks, name="block_{}"):
    net = Net()
    last = net.add("input", "InputLayer", batch_shape=[None, 8])
    for index in range(blocks):
        label = name.format(index)
        left = net.add(f"{label}_conv", "Conv2D", last, filters=8)
        left = net.add(f"{label}_bn", "BatchNormalization", left)
        last = net.add(f"{label}_add", "Add", left, last)
    return net.finish(net.add("head", "Dense", last, units=3))


def test_equal_models_are_the_same():
    found = compare(residual(5), residual(5))
    assert found.same
    assert "are the same model: 17 layers" in found.text()
    assert found.to_json()["same"] is True


def test_other_names_are_renamed_and_nothing_else():
    found = compare(residual(20), residual(20, "stage_{}"))
    assert len(found.layers) == 60
    assert all(change.kinds == ["renamed"] for change in found.layers)
    for change in found.layers:
        assert change.old.replace("block", "stage") == change.new


def test_shuffled_names_mislead_nobody():
    """After an insertion at the front Keras counts on: every dense_n is another layer than before."""
    a = chain(dense("dense", 64), dense("dense_1", 32), dense("dense_2", 10))
    b = chain(dense("dense", 128), dense("dense_1", 64), dense("dense_2", 32), dense("dense_3", 10))
    assert kinds(compare(a, b)) == {
        (None, "dense"): ["added"],
        ("dense", "dense_1"): ["renamed"],
        ("dense_1", "dense_2"): ["renamed"],
        ("dense_2", "dense_3"): ["renamed"],
    }


def test_a_layer_put_in_between_rewires_nobody():
    a = chain(dense("a", 4), dense("b", 5))
    b = chain(dense("a", 4), ("drop", "Dropout", {"rate": 0.5}), dense("b", 5))
    assert kinds(compare(a, b)) == {(None, "drop"): ["added"]}
    assert kinds(compare(b, a)) == {("drop", None): ["removed"]}


def test_an_argument_that_changed():
    a, b = residual(6), residual(6)
    b.layers[7].config["filters"] = 16
    found = compare(a, b)
    assert kinds(found)["block_2_conv", "block_2_conv"] == ["arguments", "shapes"]
    change = found.layers[0].arguments[0]
    assert (change.name, change.old, change.new) == ("filters", 8, 16)
    assert len(found.layers) == 1
    assert "filters: 8 → 16" in found.text()


def test_an_argument_that_is_the_default_is_not_a_change():
    a = chain(("conv", "Conv2D", {"filters": 8}))
    b = chain(("conv", "Conv2D", {"filters": 8, "padding": "valid", "use_bias": True, "kernel_regularizer": None}))
    assert compare(a, b).same
    b.layers[1].config["padding"] = "same"
    assert [(c.name, c.old, c.new) for c in compare(a, b).layers[0].arguments] == [("padding", "valid", "same")]


def test_other_ways_of_writing_the_same_argument():
    a = chain(dense("d", 3, kernel_initializer="glorot_uniform", dtype="float32"))
    serialized = {
        "module": "keras.initializers",
        "class_name": "GlorotUniform",
        "config": {"seed": None},
        "registered_name": None,
    }
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
    b = chain(dense("d", 3, kernel_initializer=serialized, dtype=policy))
    assert compare(a, b).same


def test_words_of_other_eras():
    a = chain(("c", "Convolution2D", {"nb_filter": 8, "nb_row": 3, "nb_col": 3, "border_mode": "same"}))
    a.era = "keras-1"
    b = chain(("c", "Conv2D", {"filters": 8, "kernel_size": [3, 3], "padding": "same"}))
    assert compare(a, b).same


def test_everything_frozen_is_still_the_same_layers():
    a, b = residual(10), residual(10, "other_{}")
    for layer in b.layers.values():
        layer.config["trainable"] = False
    found = compare(a, b)
    assert not any("added" in change.kinds or "removed" in change.kinds for change in found.layers)
    assert all(
        change.old.replace("block", "other") == change.new for change in found.layers if change.old.startswith("block")
    )


def test_a_replaced_layer():
    a = chain(dense("a", 4), ("act", "ReLU", {}), dense("b", 4))
    b = chain(dense("a", 4), ("act_new", "LeakyReLU", {}), dense("b", 4))
    assert kinds(compare(a, b)) == {("act", "act_new"): ["renamed", "replaced"]}
    assert "act_new (LeakyReLU) was a ReLU" in compare(a, b).text()


def test_a_moved_layer():
    layers = [(f"conv_{index}", "Conv2D", {"filters": 8 + index}) for index in range(8)]
    a = chain(*layers)
    b = chain(*layers[:1], *layers[2:6], layers[1], *layers[6:])
    found = compare(a, b)
    assert ("conv_1", "conv_1") in kinds(found)
    assert "moved" in kinds(found)["conv_1", "conv_1"]
    assert not any(change.kinds in (["added"], ["removed"]) for change in found.layers)


def test_a_new_wire():
    a, b = residual(4), residual(4)
    b.layers[9].calls[0].args = [[TensorRef(8), TensorRef(3)]]  # skips a block
    found = compare(a, b)
    change = next(change for change in found.layers if change.new == "block_2_add")
    assert change.kinds == ["rewired"]
    assert (change.old_inputs, change.new_inputs) == (["block_2_bn", "block_1_add"], ["block_2_bn", "block_0_add"])


def test_other_outputs():
    a, b = residual(2), residual(2)
    b.outputs = [TensorRef(3), TensorRef(7)]
    found = compare(a, b)
    assert (found.old_outputs, found.new_outputs) == (["head"], ["block_0_add", "head"])


def test_nested_models_are_compared_inside():
    def outer(units, name):
        inner = chain(dense("inner_dense", units))
        net = Net()
        first = net.add("input", "InputLayer")
        key = net.add(name, "Functional", first)
        net.model.layers[key].model = inner
        return net.finish(key)

    found = compare(outer(4, "encoder"), outer(5, "encoder_new"))
    change = next(change for change in found.layers if change.arguments)
    assert (change.old, change.new) == ("encoder/inner_dense", "encoder_new/inner_dense")
    assert (change.old_path, change.new_path) == ((1, 1), (1, 1))


def weights(**arrays):
    found = [Weight(name, value.shape, value.dtype.name, path=name) for name, value in arrays.items()]

    def read(weight, selection=None):
        return arrays[weight.path] if selection is None else arrays[weight.path][selection]

    return found, read


def test_weights_are_compared_by_value():
    kernel, bias = np.ones((4, 3), np.float32), np.zeros(3, np.float32)
    old, read_a = weights(kernel=kernel, bias=bias)
    new, read_b = weights(kernel=kernel * 1.5, bias=bias)
    a, b = chain(dense("d", 3)), chain(dense("d", 3))
    a.layers[1].weights, b.layers[1].weights = old, new
    found = compare(a, b, read_a=read_a, read_b=read_b)
    change = found.layers[0].weights[0]
    assert (change.name, change.max_abs, change.mean_abs, change.relative) == ("kernel", 0.5, 0.5, 0.5)
    assert (found.compared, found.equal) == (2, 1)
    assert "kernel: differs by at most 0.5, on average 0.5, 50.00% of its length" in found.text()
    json.dumps(found.to_json(), allow_nan=False)


def test_weights_of_another_shape():
    old, read_a = weights(kernel=np.ones((4, 3)))
    new, read_b = weights(kernel=np.ones((4, 5)), extra=np.ones(2))
    a, b = chain(dense("d", 3)), chain(dense("d", 3))
    a.layers[1].weights, b.layers[1].weights = old, new
    text = compare(a, b, read_a=read_a, read_b=read_b).text()
    assert "kernel: shape (4, 3) → (4, 5)" in text
    assert "extra: only in the second, (2)" in text


def test_weights_by_position_where_eras_name_them_otherwise():
    old, read_a = weights(dense_W=np.ones((4, 3)), dense_b=np.ones(3))
    new, read_b = weights(kernel=np.ones((4, 3)), bias=np.ones(3))
    a, b = chain(dense("d", 3)), chain(dense("d", 3))
    a.layers[1].weights, b.layers[1].weights = old, new
    assert compare(a, b, read_a=read_a, read_b=read_b).same


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ([1.0, float("nan")], [1.0, float("nan")], None),
        ([float("inf"), 1.0], [float("inf"), 1.0], None),
        ([0.0, 0.0], [0.0, 2.0], (2.0, 1.0, float("inf"))),
        (5, 5, None),
        (2.0, 3.0, (1.0, 1.0, 0.5)),
        ([], [], None),
    ],
)
def test_odd_values(left, right, expected):
    (a,), read_a = weights(w=np.array(left))
    (b,), read_b = weights(w=np.array(right))
    assert compare_values(a, b, read_a, read_b) == expected


def test_a_large_weight_is_read_in_blocks():
    value = np.zeros((3000, 4096), np.float32)
    value[2999, 5] = 4.0
    (a,), read_a = weights(w=np.zeros_like(value))
    (b,), _ = weights(w=value)
    asked = []

    def read_b(weight, selection=None):
        asked.append(selection)
        return value[selection]

    assert compare_values(a, b, read_a, read_b)[0] == 4.0
    assert len(asked) == 3


def test_a_cycle_and_a_missing_layer_do_no_harm():
    a, b = residual(3), residual(3)
    b.layers[1].calls[0].args = [TensorRef(3)]
    b.layers[5].calls[0].args = [TensorRef(99)]
    found = compare(a, b)
    assert not found.same
    found.text()


def scrambled(model, seed):
    """The same model with other ids, other names and another order of its layers."""
    rng = np.random.default_rng(seed)
    ids = {key: int(new) for key, new in zip(model.layers, rng.permutation(len(model.layers)), strict=True)}
    other = copy.deepcopy(model)
    layers = []
    for key, layer in other.layers.items():
        layer.id, layer.name = ids[key], f"n{ids[key]}"
        for call in layer.calls:
            call.args = map_refs(call.args, lambda ref: TensorRef(ids[ref.layer]))
        layers.append(layer)
    order = rng.permutation(len(layers))
    other.layers = {layers[index].id: layers[index] for index in order}
    other.outputs = map_refs(other.outputs, lambda ref: TensorRef(ids[ref.layer]))
    other.inputs = map_refs(other.inputs, lambda ref: TensorRef(ids[ref.layer]))
    return other, ids


@pytest.mark.parametrize("seed", range(5))
def test_a_scrambled_model_is_found_again(seed):
    model = residual(30)
    other, ids = scrambled(model, seed)
    assert align(model, other, infer(model), infer(other)) == ids


def test_work_grows_with_the_layers_only():
    def calls(blocks):
        a, b = residual(blocks), residual(blocks, "stage_{}")
        b.layers[blocks].config["momentum"] = 0.5
        counted = 0

        def count(frame, event, argument):
            nonlocal counted
            counted += 1

        # Calls are counted, not seconds: a busy machine makes no more of them.
        sys.setprofile(count)
        try:
            compare(a, b)
        finally:
            sys.setprofile(None)
        return counted

    assert calls(300) < 15 * calls(30)


def test_two_models_with_nothing_in_common_take_no_long_time():
    a = chain(*((f"a{index}", "Dense", {"units": index}) for index in range(1500)))
    b = chain(*((f"b{index}", "Conv2D", {"filters": index}) for index in range(1500)))
    start = time.perf_counter()
    found = compare(a, b)
    assert time.perf_counter() - start < 5
    assert {tuple(change.kinds) for change in found.layers} >= {("added",), ("removed",)}


def test_against_weights_alone_only_weights_count():
    def kernel(*shape):
        return [Weight("kernel", shape, "float32", None, True)]

    whole = chain(
        ("first", "Dense", {"units": 8, "activation": "relu", "weights": kernel(8, 8)}),
        ("drop", "Dropout", {"rate": 0.5}),
        ("mine", "Scale", {"weights": kernel(8, 4)}),
    )
    arrays = Model("weights", "arrays")
    for name, shape in (("first", (8, 8)), ("mine", (8, 4))):
        key = len(arrays.layers)
        arrays.layers[key] = Layer(key, name, "Dense", weights=kernel(*shape))
    for one, other, alone in ((whole, arrays, "B"), (arrays, whole, "A")):
        found = compare(one, other)
        assert (found.same, found.without_architecture) == (True, alone), found.text()
        assert "so only the weights are compared" in found.text()
        assert found.to_json()["without_architecture"] == alone
    arrays.layers[1].weights = kernel(8, 5)
    arrays.layers[2] = Layer(2, "more", "Dense", weights=kernel(2, 2))
    found = compare(whole, arrays)
    assert kinds(found) == {("mine", "mine"): ["weights"], (None, "more"): ["added"]}
    assert "mine (Scale) kernel: shape (8, 4) → (8, 5)" in found.text()


def test_the_shape_of_the_input_at_a_layer_of_keras_1_is_no_argument_of_it():
    one, other = (chain(("d", "Dense", config)) for config in ({"units": 3, "input_shape": [8]}, {"units": 3}))
    one.era = "keras-1"
    assert compare(one, other).same


@pytest.mark.parametrize(("old", "new", "same"), [(-1, 1, True), (-1, [1], True), (1, -1, True), (0, -1, False)])
def test_an_axis_is_the_same_from_either_end(old, new, same):
    one, other = (chain(("norm", "BatchNormalization", {"axis": axis})) for axis in (old, new))
    found = compare(one, other)
    assert found.same is same
    if not same:
        assert "norm (BatchNormalization) axis: 0 → -1" in found.text()

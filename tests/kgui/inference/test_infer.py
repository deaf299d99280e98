import time

import pytest

from kgui.graph import Call, Layer, Model, TensorRef, TensorSpec, Weight
from kgui.inference import infer, inference_from_json, inference_to_json


def layer(key, class_name, config=None, *calls, module="keras.layers", model=None, weights=None, name=None):
    made = Layer(key, name or f"{class_name.lower()}_{key}", class_name, config or {}, module, calls=list(calls))
    made.model, made.weights = model, weights
    return made


def source(key, *shape, dtype="float32"):
    return layer(key, "InputLayer", {"batch_shape": [None, *shape], "dtype": dtype}, Call())


def call(*keys, **kwargs):
    refs = [TensorRef(key) for key in keys]
    return Call([refs[0]] if len(refs) == 1 else [refs], kwargs)


def model_of(*layers, inputs=None, outputs=None, kind="functional", era="keras-3"):
    made = Model(kind, layers={item.id: item for item in layers}, era=era)
    made.inputs = [TensorRef(key) for key in (inputs if inputs is not None else [layers[0].id])]
    made.outputs = [TensorRef(key) for key in (outputs if outputs is not None else [layers[-1].id])]
    return made


def shapes(inference):
    return {key: [spec.shape for spec in result.calls[0].outputs] for key, result in inference.layers.items()}


def small():
    return model_of(
        source(0, 8, 8, 3),
        layer(1, "Conv2D", {"filters": 4, "kernel_size": [3, 3]}, call(0)),
        layer(2, "BatchNormalization", {}, call(1)),
        layer(3, "Flatten", {}, call(2)),
        layer(4, "Dense", {"units": 2}, call(3)),
    )


def test_shapes_parameters_costs_and_bytes():
    result = infer(small())
    assert shapes(result)[1] == [(None, 6, 6, 4)]
    assert shapes(result)[4] == [(None, 2)]
    assert [result.layers[key].params for key in range(5)] == [0, 112, 16, 0, 290]
    assert (result.params, result.trainable_params, result.non_trainable_params) == (418, 410, 8)
    assert result.layers[1].calls[0].multiply_adds == 36 * 27 * 4
    assert result.layers[1].calls[0].activation_bytes == 36 * 4 * 4
    assert [w.name for w in result.layers[2].weights] == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert result.complete
    assert result.problems == []
    assert all(item.calls[0].source == "rule" for item in result.layers.values())


def test_layers_in_any_order_give_the_same():
    model = small()
    expected = infer(model)
    model.layers = dict(reversed(model.layers.items()))
    result = infer(model)
    assert shapes(result) == shapes(expected)
    assert result.params == expected.params


def test_frozen_layer_and_frozen_parent():
    model = small()
    model.layers[1].config["trainable"] = False
    assert infer(model).trainable_params == 410 - 112
    outer = model_of(source(0, 8, 8, 3), layer(1, "Functional", {"trainable": False}, call(0), model=small()))
    result = infer(outer)
    assert (result.params, result.trainable_params) == (418, 0)
    assert all(not weight.trainable for weight in result.layers[1].weights)


def test_mixed_precision():
    policy = {"class_name": "DTypePolicy", "module": "keras", "config": {"name": "mixed_float16"}}
    result = infer(model_of(source(0, 5), layer(1, "Dense", {"units": 2, "dtype": policy}, call(0))))
    assert result.layers[1].calls[0].outputs == [TensorSpec((None, 2), "float16")]
    assert {weight.dtype for weight in result.layers[1].weights} == {"float32"}


def test_nested_model_called_with_other_shapes_is_counted_once():
    inner = model_of(source(0, None, None, 3), layer(1, "Conv2D", {"filters": 2, "kernel_size": 3}, call(0)))
    outer = model_of(
        source(0, 8, 8, 3),
        source(1, 20, 20, 3),
        layer(2, "Functional", {}, call(0), call(1), model=inner),
        inputs=[0, 1],
    )
    result = infer(outer)
    calls = result.layers[2].calls
    assert [item.outputs[0].shape for item in calls] == [(None, 6, 6, 2), (None, 18, 18, 2)]
    assert result.layers[2].model.layers[1].calls[0].outputs[0].shape == (None, None, None, 2)
    assert result.params == 56
    assert [weight.name for weight in result.layers[2].weights] == ["conv2d_1/kernel", "conv2d_1/bias"]


def test_model_within_a_wrapper():
    """TimeDistributed(model): the model is still in the form of a config, in the words of any era."""
    inner = {
        "class_name": "Model",
        "config": {
            "name": "m",
            "layers": [
                {
                    "class_name": "InputLayer",
                    "name": "i",
                    "config": {"batch_input_shape": [None, 6]},
                    "inbound_nodes": [],
                },
                {"class_name": "Dense", "name": "a", "config": {"output_dim": 3}, "inbound_nodes": [[["i", 0, 0]]]},
                {"class_name": "Dense", "name": "b", "config": {"output_dim": 3}, "inbound_nodes": [[["i", 0, 0]]]},
                {
                    "class_name": "Merge",
                    "name": "c",
                    "config": {"mode": "concat", "concat_axis": -1},
                    "inbound_nodes": [[["a", 0, 0], ["b", 0, 0]]],
                },
            ],
            "input_layers": [["i", 0, 0]],
            "output_layers": [["c", 0, 0]],
        },
    }
    wrapped = layer(1, "TimeDistributed", {"layer": inner}, call(0), module=None)
    result = infer(
        model_of(
            layer(0, "InputLayer", {"batch_input_shape": [None, 4, 6]}, Call(), module=None), wrapped, era="keras-1"
        )
    )
    assert shapes(result)[1] == [(None, 4, 6)]
    assert result.params == 42
    assert [weight.name for weight in result.layers[1].weights][:2] == ["layer/a/kernel", "layer/a/bias"]
    assert result.problems == []


def test_one_model_under_two_names_is_counted_once():
    inner = model_of(source(0, 3), layer(1, "Dense", {"units": 2}, call(0)))
    outer = model_of(
        source(0, 3),
        layer(1, "Functional", {}, call(0), model=inner),
        layer(2, "Functional", {}, call(0), model=inner),
    )
    assert infer(outer).params == 8


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([source(0, None), layer(1, "Dense", {"units": 2}, call(0))], "known last size"),
        ([source(0, 2, 2, 3), layer(1, "Conv2D", {"filters": 1, "kernel_size": 3}, call(0))], "window of 3"),
        ([source(0, 3), layer(1, "Conv2D", {"filters": 1, "kernel_size": 3}, call(0))], "rank 4"),
        ([source(0, 3), source(1, 4), layer(2, "Add", {}, call(0, 1))], "3 is not 4"),
        ([source(0, 3, 2), source(1, 4, 2), layer(2, "Concatenate", {"axis": -1}, call(0, 1))], "differ along axis 1"),
        ([source(0, 5), layer(1, "Reshape", {"target_shape": [2, 2]}, call(0))], "5 values"),
        ([source(0, 5), layer(1, "Dense", {"units": 0}, call(0))], "units"),
        ([source(0, 5), layer(1, "Dense", {}, call(0))], "units"),
        ([source(0, 5), layer(1, "Dense", {"units": 2}, call(7))], "not in the model"),
        ([source(0, 5), layer(1, "Dense", {"units": 2}, Call([TensorRef(0, 0, 3)]))], "which has only 1"),
    ],
)
def test_what_keras_would_refuse_is_an_error_in_plain_words(layers, words):
    result = infer(model_of(*layers))
    assert [problem.severity for problem in result.problems] == ["error"]
    assert words in result.problems[0].message
    assert result.problems[0].path == (layers[-1].id,)
    assert result.layers[layers[-1].id].calls[0].source in ("unknown", "assumed")


def test_shared_layer_must_fit_all_its_calls():
    shared = layer(2, "Dense", {"units": 2}, call(0), call(1))
    result = infer(model_of(source(0, 3), source(1, 4), shared))
    assert "shared" in result.problems[0].message
    assert result.problems[0].call == 1
    assert result.params == 8


def test_circle_is_reported_once_and_nothing_hangs():
    result = infer(
        model_of(
            source(0, 3),
            layer(1, "Add", {}, call(0, 3), name="first"),
            layer(2, "ReLU", {}, call(1)),
            layer(3, "ReLU", {}, call(2)),
            layer(4, "Dense", {"units": 2}, call(3), name="after"),
        )
    )
    assert len(result.problems) == 1
    assert "circle" in result.problems[0].message
    assert "first" in result.problems[0].message
    assert "after" not in result.problems[0].message
    assert result.layers[4].calls[0].source == "unknown"
    assert not result.complete


def test_stored_shape_that_disagrees_is_reported_with_both():
    model = model_of(source(0, 3), layer(1, "Dense", {"units": 2}, call(0)))
    model.stored[TensorRef(1)] = TensorSpec((None, 7), "float32")
    result = infer(model)
    assert result.layers[1].calls[0].outputs[0].shape == (None, 2)
    assert result.problems[0].severity == "warning"
    assert "(None, 7)" in result.problems[0].message
    assert "(None, 2)" in result.problems[0].message


def test_custom_layer_with_a_stored_shape():
    model = model_of(
        source(0, 3), layer(1, "Mine", {}, call(0), module="my.layers"), layer(2, "Dense", {"units": 2}, call(1))
    )
    model.stored[TensorRef(1)] = TensorSpec((None, 7), "float32")
    result = infer(model)
    assert result.layers[1].calls[0].source == "stored"
    assert result.layers[2].params == 16
    assert result.layers[1].params is None
    assert not result.complete


def test_custom_layer_is_assumed_to_keep_the_shape_if_that_fits():
    kernel = [Weight("kernel", (3, 2), "float32"), Weight("bias", (2,), "float32")]
    layers = [
        source(0, 3),
        layer(1, "Mine", {}, call(0), module="my.layers", weights=[Weight("gain", (3,), "float32")]),
        layer(2, "ReLU", {}, call(1)),
        layer(3, "Dense", {"units": 2}, call(2), weights=kernel),
    ]
    result = infer(model_of(*layers))
    assert result.layers[1].calls[0].source == "assumed"
    assert result.layers[1].params == 3
    assert shapes(result)[3] == [(None, 2)]
    layers[3].weights = [Weight("kernel", (9, 2), "float32"), Weight("bias", (2,), "float32")]
    result = infer(model_of(*layers))
    assert result.layers[1].calls[0].source == "unknown"
    assert result.layers[3].calls[0].source == "assumed"
    assert shapes(result)[3] == [(None, 2)]
    assert result.layers[3].params == 20


def test_weights_in_the_file_that_do_not_fit_the_arguments():
    weights = [Weight("kernel", (3, 5), "float32")]
    result = infer(model_of(source(0, 3), layer(1, "Dense", {"units": 2}, call(0), weights=weights)))
    assert [problem.severity for problem in result.problems] == ["warning"]
    assert "15" in result.problems[0].message


def test_quantized_layer_has_the_weights_of_the_file():
    policy = {"class_name": "QuantizedDTypePolicy", "config": {"mode": "int8", "source_name": "float32"}}
    weights = [
        Weight("kernel", (3, 2), "int8"),
        Weight("bias", (2,), "float32"),
        Weight("kernel_scale", (2,), "float32"),
    ]
    result = infer(model_of(source(0, 3), layer(1, "Dense", {"units": 2, "dtype": policy}, call(0), weights=weights)))
    assert result.problems == []
    assert result.layers[1].calls[0].outputs == [TensorSpec((None, 2), "float32")]
    assert (result.params, result.trainable_params) == (10, 2)


def test_after_an_edit_what_the_file_said_of_shapes_is_no_reproach():
    model = model_of(source(0, 3), layer(1, "Dense", {"units": 2}, call(0)), layer(2, "ReLU", {}, call(1)))
    model.stored[TensorRef(1)] = model.stored[TensorRef(2)] = TensorSpec((None, 2), "float32")
    before = infer(model)
    model.layers[1].config = {"units": 5}
    after = infer(model, previous=before, changed={1})
    assert shapes(after)[2] == [(None, 5)]
    assert after.problems == []


def test_words_of_keras_1():
    result = infer(
        model_of(
            layer(0, "InputLayer", {"batch_input_shape": [None, 3, 10, 10]}, Call(), module=None),
            layer(
                1,
                "Convolution2D",
                {
                    "nb_filter": 4,
                    "nb_row": 3,
                    "nb_col": 3,
                    "border_mode": "same",
                    "subsample": [2, 2],
                    "dim_ordering": "th",
                },
                call(0),
                module=None,
            ),
            layer(
                2,
                "MaxPooling2D",
                {"pool_size": [2, 2], "border_mode": "valid", "dim_ordering": "th"},
                call(1),
                module=None,
            ),
            layer(3, "Flatten", {}, call(2), module=None),
            layer(4, "MaxoutDense", {"output_dim": 5, "nb_feature": 3}, call(3), module=None),
            era="keras-1",
        )
    )
    assert shapes(result)[1] == [(None, 4, 5, 5)]
    assert shapes(result)[4] == [(None, 5)]
    assert result.params == 112 + 3 * 16 * 5 + 3 * 5


HOSTILE = [
    None,
    True,
    -1,
    0,
    1.5,
    10**400,
    "x",
    "",
    [],
    [[]],
    {},
    [None],
    {"class_name": 3},
    {"config": {"config": 1}},
    [1, 2, 3, 4, 5, 6, 7],
]


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: repr(value)[:20])
def test_arguments_of_wrong_types_never_raise(value):
    from kgui.inference.rules import LAYERS, OPERATIONS
    from kgui.layers import spec

    for names, module in ((LAYERS, "keras.layers"), (OPERATIONS, "keras.src.ops.numpy")):
        for name in names:
            found = spec(name) if module == "keras.layers" else None
            keys = [argument.name for argument in found.arguments] if found else ["axis", "shape", "k", "dtype", "axes"]
            layers = [source(0, 8, 8, 3), source(1, 8, 8, 3)]
            for number, key in enumerate(keys, 2):
                layers.append(layer(number, name, {key: value}, call(number % 2), module=module))
                layers.append(layer(number + 1000, name, {**dict.fromkeys(keys, value)}, call(0, 1), module=module))
                layers.append(layer(number + 2000, name, {key: value}, Call([value], {"key": value}), module=module))
            result = infer(model_of(*layers))
            assert all(item.calls[0] is not None for item in result.layers.values())


def test_models_nested_without_end_are_refused():
    model = model_of(source(0, 3), layer(1, "Dense", {"units": 3}, call(0)))
    for _ in range(150):
        model = model_of(source(0, 3), layer(1, "Functional", {}, call(0), model=model))
    assert any("nested" in problem.message for problem in infer(model).problems)


def test_models_nested_so_that_their_calls_multiply_are_stopped():
    model = model_of(source(0, None, None, 1), layer(1, "ZeroPadding2D", {"padding": 1}, call(0)))
    for _ in range(25):
        model = model_of(
            source(0, None, None, 1),
            layer(1, "ZeroPadding2D", {"padding": [[0, 1], [0, 0]]}, call(0)),
            layer(2, "Functional", {}, call(0), call(1), model=model),
            layer(3, "Concatenate", {"axis": 1}, Call([[TensorRef(2, 0), TensorRef(2, 1)]])),
        )
    start = time.process_time()
    infer(model_of(source(0, 8, 8, 1), layer(1, "Functional", {}, call(0), model=model)))
    assert time.process_time() - start < 5


def chain(number):
    layers = [source(0, 16)]
    for key in range(1, number):
        if key % 3 == 0:
            layers.append(layer(key, "Add", {}, call(key - 1, key - 2)))
        else:
            layers.append(layer(key, "Dense", {"units": 16}, call(key - 1)))
    return model_of(*layers)


def test_after_an_edit_the_result_is_that_of_a_whole_inference():
    model = chain(300)
    before = infer(model)
    model.layers[100].config = {"units": 1}
    after = infer(model, previous=before, changed={100})
    assert after == infer(model)
    assert after.layers[50] is before.layers[50]
    model.layers[100].config = {"units": 7}
    broken = infer(model, previous=after, changed={100})
    assert any(problem.severity == "error" for problem in broken.problems)
    whole = infer(model)
    assert broken.layers == whole.layers
    assert sorted(map(str, broken.problems)) == sorted(map(str, whole.problems))
    model.layers[100].config = {"units": 16}
    assert infer(model, previous=broken, changed={100}) == before
    del model.layers[299]
    assert infer(model, previous=before, changed=()) == infer(model)


def test_an_edit_that_changes_no_shape_stops_there():
    model = chain(300)
    before = infer(model)
    model.layers[100].config = {"units": 16, "use_bias": False}
    after = infer(model, previous=before, changed={100})
    assert after.params == before.params - 16
    assert after.layers[101].weights is before.layers[101].weights


def _cpu(work, rounds=5):
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def test_edit_of_a_thousand_layers_is_far_below_a_frame():
    model = chain(1000)
    before = infer(model)
    assert _cpu(lambda: infer(model, previous=before, changed={500})) < 0.016


def test_time_per_layer_does_not_grow():
    few, many = chain(500), chain(20_000)
    per_few, per_many = _cpu(lambda: infer(few)) / 500, _cpu(lambda: infer(many), 1) / 20_000
    assert per_many < per_few * 3
    assert per_many < 100e-6


def test_transfer_is_exact():
    import json

    model = model_of(
        source(0, 8, 8, 3),
        layer(1, "Functional", {}, call(0), model=small()),
        layer(2, "Mine", {}, call(1), module="m"),
    )
    model.layers[3] = layer(3, "Dense", {"units": -1}, call(1))
    result = infer(model)
    assert inference_from_json(json.loads(json.dumps(inference_to_json(result)))) == result


def test_a_nested_model_without_a_call_counts() -> None:
    """A file of weights alone has nested models, of which nobody knows where they are called."""
    kernel = Weight("kernel", (4, 3), "float32", "layers/inner/vars/0")
    inner = Model("weights", "inner", layers={0: Layer(0, "dense", "Dense", weights=[kernel])})
    outer = Layer(0, "encoder", "Functional", config={"trainable": False}, model=inner, weights=[])
    inference = infer(Model("weights", "net", layers={0: outer}))
    assert (inference.params, inference.trainable_params, inference.complete) == (12, 0, True)
    assert inference.layers[0].params == 12
    assert inference.layers[0].model is not None and inference.layers[0].model.params == 12

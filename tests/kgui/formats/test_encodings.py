"""Every encoding of calls and every era, from samples written by hand, in and out again."""

import json

import pytest

from kgui.errors import FileError
from kgui.formats.notes import Notes
from kgui.formats.structure import decode_model, encode_model
from kgui.graph import Layer, TensorRef, TensorSpec


def decode(value, version=None):
    notes = Notes()
    return decode_model(value, notes, version=version), notes.texts()


class Stored:
    """Shapes as the file has them, so that no inference is needed to write."""

    def __init__(self, model):
        self.model = model

    def __call__(self, ref):
        return self.model.stored.get(ref, TensorSpec(None, None))

    def nested(self, layer):
        return Stored(layer.model)


def there_and_back(value, version=None):
    model, notes = decode(json.loads(json.dumps(value)), version)
    assert encode_model(model, Stored(model)) == value
    return model, notes


def layer(name, class_name="Dense", inbound=(), **config):
    return {"class_name": class_name, "config": {"name": name, **config}, "name": name, "inbound_nodes": list(inbound)}


def functional(layers, inputs, outputs, name="m", class_name="Functional", **rest):
    config = {"name": name, "layers": layers, "input_layers": inputs, "output_layers": outputs}
    return {"class_name": class_name, "config": config, **rest}


def tensor(name, shape=(None, 4), call=0, index=0):
    config = {"shape": list(shape), "dtype": "float32", "keras_history": [name, call, index]}
    return {"class_name": "__keras_tensor__", "config": config}


def keras3(name, class_name, calls=(), module="keras.layers", **config):
    return {
        "module": module,
        "class_name": class_name,
        "config": {"name": name, **config},
        "registered_name": None,
        "name": name,
        "inbound_nodes": list(calls),
    }


def test_keras3_tensors_in_args_and_kwargs():
    value = functional(
        [
            keras3("q", "InputLayer", batch_shape=[None, 4]),
            keras3("v", "InputLayer", batch_shape=[None, 4]),
            keras3(
                "mha",
                "MultiHeadAttention",
                [{"args": [tensor("q")], "kwargs": {"value": tensor("v"), "use_causal_mask": True, "mask": None}}],
            ),
        ],
        [["q", 0, 0], ["v", 0, 0]],
        ["mha", 0, 0],
        module="keras.src.models.functional",
        registered_name="Functional",
        build_config={"input_shape": None},
    )
    model, notes = there_and_back(value)
    assert notes == []
    assert model.era == "keras-3"
    assert model.layers[2].calls[0].args == [TensorRef(0)]
    assert model.layers[2].calls[0].kwargs == {"value": TensorRef(1), "use_causal_mask": True, "mask": None}
    assert model.layers[2].calls[0].inputs() == [TensorRef(0), TensorRef(1)]
    assert model.stored[TensorRef(1)] == TensorSpec((None, 4), "float32")
    assert model.inputs == [TensorRef(0), TensorRef(1)]
    assert model.outputs == TensorRef(2)


def test_an_input_layer_has_one_call_without_arguments():
    value = functional([keras3("a", "InputLayer")], [["a", 0, 0]], [["a", 0, 0]])
    model, _ = there_and_back(value)
    assert [(call.args, call.kwargs) for call in model.layers[0].calls] == [([], {})]


def test_keras3_operations_keep_slices_and_constants():
    key = [{"class_name": "__slice__", "config": {"start": 0, "stop": None, "step": 2}}, {"class_name": "__ellipsis__"}]
    value = functional(
        [
            keras3("x", "InputLayer", batch_shape=[None, 4]),
            keras3("get", "GetItem", [{"args": [tensor("x"), key], "kwargs": {}}], module="keras.src.ops.numpy"),
            keras3("add", "Add", [{"args": [tensor("get"), 1.5], "kwargs": {}}], module="keras.src.ops.numpy"),
        ],
        ["x", 0, 0],
        {"sum": ["add", 0, 0]},
        module="keras.src.models.functional",
        registered_name=None,
    )
    model, _ = there_and_back(value)
    assert model.layers[1].is_operation
    assert model.layers[1].calls[0].args == [TensorRef(0), key]
    assert model.outputs == {"sum": TensorRef(2)}


def test_keras2_leaves_with_kwargs_constants_and_bare_leaves():
    value = functional(
        [
            layer("x", "InputLayer"),
            layer("h", "InputLayer"),
            layer("lstm", "LSTM", [[["x", 0, 0, {"initial_state": [["h", 0, 0], ["h", 0, 0]]}]]]),
            layer("tf.math.add", "TFOpLambda", [["lstm", 0, 0, {"y": 2.0, "name": None}]]),
            layer("tf.sub", "TFOpLambda", [["_CONSTANT_VALUE", -1, 1.0, {"y": ["lstm", 0, 0]}]]),
            layer("cat", "Concatenate", [[["lstm", 0, 0, {}], ["tf.math.add", 0, 0, {}], ["tf.sub", 0, 0, {}]]]),
        ],
        [["x", 0, 0], ["h", 0, 0]],
        [["cat", 0, 0]],
        keras_version="2.9.0",
        backend="tensorflow",
    )
    model, notes = there_and_back(value)
    assert notes == []
    assert model.era == "tf-keras"
    assert model.layers[2].calls[0].kwargs == {"initial_state": [TensorRef(1), TensorRef(1)]}
    assert model.layers[3].calls[0].args == [TensorRef(2)]
    assert model.layers[3].calls[0].kwargs == {"y": 2.0, "name": None}
    assert model.layers[4].calls[0].args == [1.0]
    assert model.layers[4].calls[0].inputs() == [TensorRef(2)]
    assert model.layers[5].calls[0].args == [[TensorRef(2), TensorRef(3), TensorRef(4)]]


def test_keras2_tensors_in_a_dict():
    value = functional(
        [
            layer("a", "InputLayer"),
            layer("b", "InputLayer"),
            layer("c", "Custom", [{"l": ["a", 0, 0, {}], "r": ["b", 0, 0, {}]}]),
        ],
        {"l": ["a", 0, 0], "r": ["b", 0, 0]},
        ["c", 0, 0],
        keras_version="2.12.0",
    )
    model, _ = there_and_back(value)
    assert model.layers[2].calls[0].args == [{"l": TensorRef(0), "r": TensorRef(1)}]
    assert model.inputs == {"l": TensorRef(0), "r": TensorRef(1)}


def test_a_list_constant_that_looks_like_a_tensor_stays_a_constant():
    value = functional(
        [layer("x", "InputLayer"), layer("f", "TFOpLambda", [["x", 0, 0, {"perm": ["nobody", 1, 2]}]])],
        [["x", 0, 0]],
        [["f", 0, 0]],
        keras_version="2.9.0",
    )
    model, notes = there_and_back(value)
    assert model.layers[1].calls[0].kwargs == {"perm": ["nobody", 1, 2]}
    assert notes == []


def test_keras1_leaves_of_three_and_merge():
    value = functional(
        [
            layer("a", "InputLayer"),
            layer("d", "Dense", [[["a", 0, 0]]], output_dim=3, init="uniform"),
            layer("m", "Merge", [[["a", 0, 0], ["d", 0, 0]]], mode="concat"),
        ],
        [["a", 0, 0]],
        [["m", 0, 0]],
        class_name="Model",
        keras_version="1.2.0",
    )
    model, _ = there_and_back(value)
    assert model.era == "keras-1"
    assert model.layers[2].calls[0].args == [[TensorRef(0), TensorRef(1)]]


def test_shared_layer_and_shared_nested_model_counted_from_one():
    inner = functional(
        [layer("i", "InputLayer"), layer("d", "Dense", [[["i", 0, 0, {}]]])], [["i", 0, 0]], [["d", 0, 0]], name="enc"
    )
    value = functional(
        [
            layer("a", "InputLayer"),
            layer("b", "InputLayer"),
            {**inner, "name": "enc", "inbound_nodes": [[["a", 0, 0, {}]], [["b", 0, 0, {}]]]},
            layer("sum", "Add", [[["enc", 1, 0, {}], ["enc", 2, 0, {}]]]),
            layer("only_second", "Dense", [[["enc", 2, 0, {}]]]),
        ],
        [["a", 0, 0], ["b", 0, 0]],
        [["sum", 0, 0], ["enc", 1, 0]],
        keras_version="2.15.0",
    )
    model, notes = there_and_back(value)
    assert notes == []
    assert model.layers[2].model.kind == "functional"
    assert [call.args for call in model.layers[2].calls] == [[TensorRef(0)], [TensorRef(1)]]
    assert model.layers[3].calls[0].args == [[TensorRef(2, 0), TensorRef(2, 1)]]
    assert model.layers[4].calls[0].args == [TensorRef(2, 1)]
    assert model.outputs == [TensorRef(3), TensorRef(2, 0)]


def test_nested_model_of_keras3_is_counted_from_one_in_the_outputs_only():
    inner = functional(
        [keras3("i", "InputLayer"), keras3("d", "Dense", [{"args": [tensor("i")], "kwargs": {}}])],
        ["i", 0, 0],
        ["d", 0, 0],
        name="enc",
    )
    nested = keras3("enc", "Functional", [{"args": [tensor("a")], "kwargs": {}}] * 2, "keras.src.models.functional")
    nested["config"] = inner["config"]
    value = functional(
        [keras3("a", "InputLayer"), nested, keras3("d", "Dense", [{"args": [tensor("enc", call=1)], "kwargs": {}}])],
        ["a", 0, 0],
        [["enc", 1, 0], ["enc", 2, 0], ["d", 0, 0]],
        module="keras.src.models.functional",
        registered_name=None,
    )
    model, _ = there_and_back(value)
    assert model.layers[2].calls[0].args == [TensorRef(1, 1)]
    assert model.outputs == [TensorRef(1, 0), TensorRef(1, 1), TensorRef(2)]


@pytest.mark.parametrize("as_list", [True, False])
def test_sequential_as_list_and_as_dict(as_list):
    layers = [
        {
            "class_name": "Dense",
            "config": {"name": "d", "units": 3, "batch_input_shape": [None, 7], "dtype": "float32"},
        },
        {"class_name": "Activation", "config": {"name": "a", "activation": "relu"}},
    ]
    config = layers if as_list else {"name": "s", "layers": layers}
    model, _ = there_and_back({"class_name": "Sequential", "config": config, "keras_version": "2.2.0", "backend": "tf"})
    source = next(item for item in model.layers.values() if item.implied)
    assert source.class_name == "InputLayer"
    assert source.config["batch_shape"] == [None, 7]
    assert model.inputs == TensorRef(source.id)
    assert model.layers[0].calls[0].args == [model.inputs]
    assert model.layers[1].calls[0].args == [TensorRef(0)]
    assert model.outputs == TensorRef(1)


@pytest.mark.parametrize(
    ("first", "shape"),
    [
        ({"class_name": "Bidirectional", "config": {"name": "b", "layer": {"class_name": "LSTM", "config": {
            "name": "l", "batch_input_shape": [None, 5, 2]}}}}, [None, 5, 2]),
        ({"class_name": "Dense", "config": {"name": "d", "input_dim": 9}}, [None, 9]),
        ({"class_name": "Embedding", "config": {"name": "e", "input_dim": 9, "input_length": 4}}, [None, 4]),
        ({"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {
            "name": "d", "batch_input_shape": [None, 6]}}]}, [None, 6]),
        ({"class_name": "Dense", "config": {"name": "d"}}, None),
    ],
)  # fmt: skip
def test_input_of_a_sequential_is_found_wherever_it_stands(first, shape):
    model, _ = there_and_back({"class_name": "Sequential", "config": [first], "keras_version": "1.2.2"})
    assert model.layers[model.inputs.layer].config["batch_shape"] == shape


def test_keras1_merge_at_the_head_of_a_sequential_gets_its_branches():
    branch = {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": {
        "name": "d", "batch_input_shape": [None, 6]}}]}  # fmt: skip
    value = {
        "class_name": "Sequential",
        "config": [
            {"class_name": "Merge", "config": {"name": "m", "mode": "sum", "layers": [branch, branch]}},
            {"class_name": "Dense", "config": {"name": "out", "output_dim": 2}},
        ],
        "keras_version": "1.0.0",
    }
    model, _ = there_and_back(value)
    assert len(model.inputs) == 2
    branches = model.layers[0].calls[0].args[0]
    assert [model.layers[ref.layer].model.kind for ref in branches] == ["sequential", "sequential"]
    assert all(model.layers[ref.layer].implied for ref in branches)


def test_keras0_sequential():
    value = {
        "name": "Sequential",
        "layers": [
            {"name": "Dense", "output_dim": 3, "input_shape": [4]},
            {"name": "Activation", "activation": "relu"},
        ],
        "loss": "mse",
    }
    model, _ = there_and_back(value)
    assert (model.era, model.kind, model.class_name) == ("keras-0", "sequential", "Sequential")
    assert [item.class_name for item in model.layers.values()] == ["InputLayer", "Dense", "Activation"]
    assert model.layers[0].config == {"output_dim": 3, "input_shape": [4]}


def test_keras0_graph_with_implicit_merge():
    def node(name, one=None, several=()):
        return {
            "name": name, "input": one, "inputs": list(several), "merge_mode": "sum", "concat_axis": -1,
            "dot_axes": -1, "create_output": False,
        }  # fmt: skip

    value = {
        "name": "Graph",
        "input_config": [{"name": "x", "input_shape": [4], "dtype": "float"}],
        "input_order": ["x"],
        "node_config": [node("a", "x"), node("b", "x"), node("c", None, ["a", "b"])],
        "nodes": {name: {"name": "Dense", "output_dim": 2} for name in "abc"},
        "output_config": [{"name": "y", "input": "c", "inputs": [], "merge_mode": "concat"}],
        "output_order": ["y"],
    }
    model, _ = decode(json.loads(json.dumps(value)))
    merge = next(item for item in model.layers.values() if item.implied)
    assert merge.class_name == "Merge"
    assert merge.config["mode"] == "sum"
    a, b, c = (model.named(name) for name in "abc")
    assert merge.calls[0].args == [[TensorRef(a.id), TensorRef(b.id)]]
    assert c.calls[0].args == [TensorRef(merge.id)]
    assert model.inputs == {"x": TensorRef(0)}
    assert model.outputs == {"y": TensorRef(c.id)}
    again = encode_model(model)
    assert again["node_config"][2]["inputs"] == ["a", "b"]
    assert {**again, "node_config": 0} == {**value, "node_config": 0}


def test_subclassed_model_has_no_graph_and_is_written_back():
    value = {"module": None, "class_name": "VAE", "config": {}, "registered_name": "VAE", "build_config": {}}
    model, _ = there_and_back(value, "3.1.0")
    assert model.kind == "subclassed"


def test_functional_subclass_is_told_by_its_keys():
    value = functional([layer("a", "InputLayer")], [["a", 0, 0]], [["a", 0, 0]], class_name="MyModel")
    model, _ = there_and_back(value, "2.9.0")
    assert model.kind == "functional"


@pytest.mark.parametrize(
    ("inbound", "word"),
    [
        ([[["nobody", 0, 0, {}]]], "not in the model"),
        ([[["x", 7, 0, {}]]], "no such call"),
        ([[["x", "0", 0, {}]]], "says nothing"),
        ([[["d", 0, 0, {}]]], "circle"),
    ],
)
def test_damaged_references_become_remarks(inbound, word):
    value = functional([layer("x", "InputLayer"), layer("d", "Dense", inbound)], [["x", 0, 0]], [["d", 0, 0]])
    model, notes = decode(value, "2.9.0")
    assert len(model.layers) == 2
    assert any(word in note for note in notes), notes


def test_two_layers_of_one_name_are_both_there():
    value = functional(
        [layer("x", "InputLayer"), layer("x", "Dense", [[["x", 0, 0, {}]]])], [["x", 0, 0]], [["x", 0, 0]]
    )
    model, notes = decode(value, "2.9.0")
    assert len(model.layers) == 2
    assert model.layers[1].calls[0].args == [TensorRef(0)]
    assert any("'x'" in note for note in notes)


@pytest.mark.parametrize("value", [{}, {"class_name": 3}, {"config": {"layers": []}}, {"class_name": None}])
def test_no_model_is_an_error_or_has_no_graph(value):
    try:
        model, _ = decode(value)
    except FileError as error:
        assert "class_name" in str(error)
    else:
        assert model.kind == "subclassed"


@pytest.mark.parametrize("junk", [None, 3, "x", [], [[]], [[[]]], [[["x"]]], [{"args": 3, "kwargs": 4}], [None, {}]])
def test_calls_of_wrong_types_never_raise(junk):
    value = functional([layer("x", "InputLayer"), {**layer("d"), "inbound_nodes": junk}], [["x", 0, 0]], [["d", 0, 0]])
    model, _ = decode(value, "3.0.0")
    assert [item.name for item in model.layers.values()] == ["x", "d"]


def test_a_chain_of_ten_thousand_layers_needs_no_stack():
    layers = [layer("l0", "InputLayer")]
    layers += [layer(f"l{i}", "Dense", [[[f"l{i - 1}", 0, 0, {}]]]) for i in range(1, 10_000)]
    model, notes = there_and_back(functional(layers, [["l0", 0, 0]], [["l9999", 0, 0]], keras_version="2.9.0"))
    assert notes == []
    assert model.layers[9999].calls[0].args == [TensorRef(9998)]


@pytest.mark.parametrize("odd", [{}, [], {"class_name": "Dense"}])
def test_a_class_that_is_no_word_costs_its_layer_and_not_the_file(odd):
    inner = {"class_name": odd, "config": {"name": "x", "layers": [layer("d")]}, "name": "x", "inbound_nodes": []}
    value = {"class_name": "Sequential", "config": {"name": "net", "layers": [inner, layer("e", units=2)]}}
    model, _ = decode(value, "2.15.0")
    assert model.named("e") is not None


@pytest.mark.parametrize(
    ("class_name", "config", "module"),
    [
        ("NotEqual", {"name": "n"}, "keras.src.ops.numpy"),
        ("Cast", {"name": "c", "dtype": "int32"}, "keras.src.ops.core"),
        ("Prod", {"name": "p", "axis": 1, "keepdims": False, "dtype": None}, "keras.src.ops.numpy"),
        ("Dense", {"name": "d", "units": 3, "dtype": "float32"}, None),
        ("Relu", {"name": "r", "trainable": True}, None),
        ("Mine", {}, None),
    ],
)
def test_operations_in_files_that_name_no_modules(class_name, config, module):
    from kgui.formats.operations import implied_module

    assert implied_module(Layer(0, "x", class_name, config)) == module

"""Generated Python without Keras: it is Python, reads well, and a hostile file puts nothing into it but data."""

from __future__ import annotations

import ast
import keyword
import sys
import types

import pytest

from kgui.errors import ModelError
from kgui.graph import Call, Layer, Model, TensorRef, TensorSpec
from kgui.inference.result import CallResult, Inference, LayerResult
from kgui.reports.code import code
from kgui.reports.python_text import Names, string

EVIL = [
    '"); __import__("os").system("touch /tmp/owned"); ("',
    "'''\"\"\"\nraise SystemExit\n\"\"\"'''",
    "x\nimport os\n",
    "\\",
    "{__import__('os')}",
    "\r\x00\u202e\u2028\ud800",
    "#{}%s",
    "a" * 5000,
]
"""Strings that would end a literal, a comment or a docstring, if anything could."""


def build(model, **options):
    return code(model, Inference(), **options)


def dense_model(name="net", layer="dense", **config):
    return Model(
        "functional",
        name,
        layers={
            0: Layer(
                0, "input", "InputLayer", module="keras.layers", calls=[Call()], config={"batch_shape": [None, 4]}
            ),
            1: Layer(
                1,
                layer,
                "Dense",
                module="keras.layers",
                config={"units": 3, "name": layer, **config},
                calls=[Call([TensorRef(0)])],
            ),
        },
        inputs=TensorRef(0),
        outputs=TensorRef(1),
    )


def names_used(source):
    """Every name that the code looks up, imports or reads an attribute of, but for those that it assigns itself."""
    found, assigned = set(), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            (found if isinstance(node.ctx, ast.Load) else assigned).add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.FunctionDef):
            assigned.update([node.name, *(argument.arg for argument in node.args.args)])
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update(alias.name for alias in node.names)
    return found - assigned


OURS = {
    "keras", "layers", "ops", "Input", "Dense", "Model", "Sequential", "summary", "compile", "saving", "__name__",
    "get_registered_object", "ImportError", "NotImplementedError", "from_config", "mean", "Lambda",
}  # fmt: skip
"""Everything that the generated code of these tests may refer to."""


def test_only_what_is_not_the_default():
    source = build(dense_model(activation="relu", use_bias=True, kernel_initializer="glorot_uniform"))
    assert 'x = layers.Dense(3, activation="relu", name="dense")(inputs)' in source
    assert source.endswith('if __name__ == "__main__":\n    build_model().summary()\n')


@pytest.mark.parametrize("evil", EVIL)
def test_hostile_strings_are_literals_only(evil):
    custom = {"module": evil, "class_name": evil, "config": {evil: evil, "n": [evil]}, "registered_name": evil}
    for model in (
        dense_model(evil, "dense"),
        dense_model("net", evil),
        dense_model(activation=evil),
        dense_model(kernel_regularizer={evil: evil}),
        dense_model(kernel_initializer=custom, activation={**custom, "class_name": "function"}),
        dense_model(dtype=evil),
    ):
        assert names_used(build(model, source=evil)) <= OURS
    assert names_used(build(dense_model(), training={"optimizer": custom, "loss": evil, "metrics": [evil]})) <= OURS


@pytest.mark.parametrize("evil", EVIL)
def test_hostile_classes_are_looked_up_and_never_imported(evil):
    for class_name, module in ((evil, "keras.layers"), (evil, None), ("system", "os"), ("Dense", evil)):
        model = dense_model()
        model.layers[1].class_name, model.layers[1].module = class_name, module
        model.layers[1].registered_name = None
        source = build(model)
        assert {"keras"} >= {name.split(".")[0] for name in imported(source)}
        assert names_used(source) <= OURS
        assert "get_registered_object" in names_used(source)


def imported(source):
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module)
    return found


@pytest.mark.parametrize("evil", EVIL)
def test_hostile_operations_and_keywords(evil):
    model = dense_model()
    model.layers[1] = Layer(
        1,
        evil,
        "Mean",
        module="keras.src.ops.numpy",
        config={"name": evil, "axis": evil, "keepdims": {evil: evil}},
        calls=[Call([TensorRef(0)])],
    )
    assert names_used(build(model)) <= OURS
    model.layers[1] = Layer(
        1, evil, "TFOpLambda", config={"function": evil}, calls=[Call([TensorRef(0), evil], {"name": evil})]
    )
    assert names_used(build(model)) <= OURS


def test_a_keyword_of_a_call_or_layer_is_never_code():
    evil = "a=__import__('os'),b"
    model = dense_model(**{evil: 1})
    model.layers[1].calls[0].kwargs = {evil: TensorRef(0)}
    assert names_used(build(model)) <= OURS


def test_a_lambda_is_never_more_than_a_function_to_fill_in():
    model = dense_model()
    config = {"name": "double", "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}}
    model.layers[1] = Layer(1, "double", "Lambda", module="keras.layers", config=config, calls=[Call([TensorRef(0)])])
    inference = Inference(
        {1: LayerResult([CallResult([TensorSpec((None, 4), "float32")], "assumed")])},
    )
    source = code(model, inference)
    assert "4wEAAAA" not in source
    assert "def fill_in_double(*args, **kwargs):" in source
    assert 'layers.Lambda(fill_in_double, output_shape=(4,), name="double")' in source


def test_layers_that_load_foreign_programs_are_not_built():
    model = dense_model()
    model.layers[1].class_name = "TFSMLayer"
    model.layers[1].config = {"name": "x", "filepath": "/tmp/evil"}
    source = build(model)
    assert "layers.TFSMLayer" not in source
    assert 'registered("TFSMLayer")' in source


def test_a_trusted_module_is_imported_only_if_it_is_a_module_name():
    model = dense_model()
    model.layers[1].class_name, model.layers[1].module = "Scale", None
    model.layers[1].registered_name = "Tests>Scale"
    assert "from my.layers import Scale" in build(model, imports={"Tests>Scale": "my.layers"})
    assert "import os" not in build(model, imports={"Tests>Scale": "my; import os"})


def test_nested_models_are_functions_and_shared_layers_variables():
    inner = dense_model("encoder", "inner")
    model = Model(
        "functional",
        "siamese",
        layers={
            0: Layer(0, "left", "InputLayer", calls=[Call()], config={"batch_shape": [None, 4]}),
            1: Layer(1, "right", "InputLayer", calls=[Call()], config={"batch_shape": [None, 4]}),
            2: Layer(
                2,
                "encoder",
                "Functional",
                model=inner,
                module="keras",
                calls=[Call([TensorRef(0)]), Call([TensorRef(1)])],
            ),
            3: Layer(3, "add", "Add", module="keras.layers", calls=[Call([[TensorRef(2, 0), TensorRef(2, 1)]])]),
        },
        inputs=[TensorRef(0), TensorRef(1)],
        outputs=TensorRef(3),
    )
    source = build(model)
    assert "def build_encoder() -> keras.Model:" in source
    assert "encoder = build_encoder()" in source
    assert "encoder(left)" in source and "encoder(right)" in source
    assert source.count("build_encoder()") == 2  # its definition and one use


def test_variables_never_take_the_name_of_something_else():
    names = Names()
    for wish in (
        "x",
        "layers",
        "keras",
        "ops",
        "model",
        "build_model",
        "Lambda",
        "class",
        "print",
        "match",
        "日本",
        "",
    ):
        variable = names.variable(wish)
        assert variable.isidentifier() and not keyword.iskeyword(variable)
        assert variable not in {"x", "layers", "keras", "ops", "model", "build_model", "print"}
    assert names.variable("a") != names.variable("a")


@pytest.mark.parametrize("evil", [*EVIL, "plain", "it's", 'say "x"', "both ' and \""])
def test_a_string_literal_is_the_string(evil):
    literal = string(evil)
    assert "\n" not in literal
    assert ast.literal_eval(literal) == evil


def test_a_graph_that_does_not_hold_together_is_still_python():
    model = dense_model()
    model.layers[1].calls[0].args = [TensorRef(7)]
    ast.parse(build(model))
    model.layers[1].calls[0].args = [TensorRef(1)]
    ast.parse(build(model))


def test_a_model_without_a_graph_says_so():
    source = build(Model("subclassed", "vae", "VAE", registered_name="mine>VAE", config={"latent": 2}))
    assert 'VAE = registered("mine>VAE")' in source
    assert 'VAE.from_config({"latent": 2})' in source
    ast.parse(build(Model("subclassed", "net", class_name="Net")))


def test_the_code_runs_without_anything_from_the_file(monkeypatch):
    """Runs the code against a stand-in for Keras that records what is called."""
    called = []

    class Recorder(types.ModuleType):
        def __getattr__(self, name):
            def record(*args, **kwargs):
                called.append(name)
                return record

            return record

    recorder = Recorder("keras")
    recorder.layers, recorder.ops = Recorder("layers"), Recorder("ops")
    monkeypatch.setitem(sys.modules, "keras", recorder)
    for evil in EVIL:
        namespace = {"__name__": "generated"}
        exec(compile(build(dense_model(evil, evil)), "generated", "exec"), namespace)
        namespace["build_model"]()
    assert set(called) == {"Input", "Dense", "Model"}


@pytest.mark.parametrize("model", [Model("weights", "arrays"), Model("subclassed", "exported", class_name="")])
def test_what_has_no_architecture_is_said(model):
    with pytest.raises(ModelError, match="no architecture"):
        build(model)


def test_a_model_that_was_never_built_gets_no_input():
    model = Model(
        "sequential",
        "net",
        layers={
            0: Layer(0, "dense_input", "InputLayer", config={"name": "dense_input"}, calls=[Call()], implied=True),
            1: Layer(1, "dense", "Dense", module="keras.layers", config={"units": 3, "name": "dense"}),
        },
    )
    source = build(model)
    assert "keras.Input" not in source and "layers.Dense(3" in source


def test_a_long_tuple_of_one_item_keeps_its_comma():
    long = {"class_name": "__tuple__", "items": [["a" * 60, "b" * 60]]}
    source = build(dense_model(mine=long))
    assert "\n,)" not in source and f'("{"a" * 60}"' not in source
    values = [ast.literal_eval(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Tuple)]
    assert (["a" * 60, "b" * 60],) in values


def test_a_nested_model_without_outputs_is_still_called():
    inner = dense_model("inner")
    inner.outputs = []
    model = dense_model()
    model.layers[2] = Layer(2, "inner", "Functional", model=inner, calls=[Call([TensorRef(1)])] * 2)
    model.outputs = [TensorRef(1)]
    ast.parse(build(model))


@pytest.mark.parametrize("module", [True, 3, {}, ["keras"]])
def test_a_module_that_is_no_word_is_none(module):
    policy = {"module": module, "class_name": "Policy", "config": {}}
    function = {"module": module, "class_name": "function", "config": "mine"}
    ast.parse(build(dense_model(dtype=policy, kernel_initializer=policy, activation=function)))

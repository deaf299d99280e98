"""What `find_risks` finds in configurations, and that it finds nothing where nothing is."""

from __future__ import annotations

import base64
import hashlib
import marshal
import re
from pathlib import Path
from typing import Any

import pytest

from kgui.graph import Call, Layer, Model, TensorRef
from kgui.reports.risks import RISK_KINDS, find_notices, find_risks
from kgui.reports.visible import has_tricks, visible

CODE = marshal.dumps((lambda x: x + 1).__code__)
TEXT = base64.b64encode(CODE).decode()
LINES = base64.encodebytes(CODE).decode()


def model_of(layer: Layer, **options: Any) -> Model:
    return Model("functional", name="m", module="keras", layers={layer.id: layer}, **options)


def lambda_layer(config: dict[str, Any], module: str | None = "keras.layers") -> Layer:
    return Layer(1, "lam", "Lambda", config=config, module=module)


def kinds(model: Model, training: dict[str, Any] | None = None) -> list[str]:
    return [found.kind for found in find_risks(model, training)]


LAMBDAS = {
    "keras 3": {"function": {"class_name": "__lambda__", "config": {"code": TEXT, "defaults": None, "closure": None}}},
    "keras 3, value": {"function": {"class_name": "__lambda__", "config": {"value": {"code": TEXT}}}},
    "keras 2": {"function": [LINES, None, None], "function_type": "lambda", "module": "__main__"},
    "tf.keras tuple": {
        "function": {"class_name": "__tuple__", "items": [LINES, None, None]},
        "function_type": "lambda",
    },
    "keras 1, raw string": {"function": CODE.decode("raw_unicode_escape"), "function_type": "lambda"},
    "output shape": {
        "function": "f",
        "function_type": "function",
        "output_shape": [LINES, None, None],
        "output_shape_type": "lambda",
    },
    "mask": {"function": "f", "mask": [LINES, None, None], "mask_type": "lambda"},
}


@pytest.mark.parametrize("config", LAMBDAS.values(), ids=LAMBDAS.keys())
def test_lambda_byte_code_of_every_encoding_is_one_risk_with_its_hash(config: dict[str, Any]) -> None:
    [found] = find_risks(model_of(lambda_layer(config)))
    assert found.kind == "lambda-bytecode"
    assert found.where.startswith("layer 'lam'")
    assert f"{len(CODE):,} bytes" in found.detail
    assert hashlib.sha256(CODE).hexdigest() in found.detail
    assert "safe_mode" in found.runs_when


def test_keras_1_merge_by_lambda_is_found() -> None:
    config = {"mode": [LINES, None, None], "mode_type": "lambda", "output_shape_type": "raw", "output_shape": None}
    assert kinds(model_of(Layer(1, "merge_1", "Merge", config=config))) == ["lambda-bytecode"]


def test_a_lambda_within_wrappers_and_nested_models_is_located() -> None:
    wrapped = Layer(
        7,
        "td",
        "TimeDistributed",
        module="keras.layers",
        config={
            "layer": {
                "module": "keras.layers",
                "class_name": "Bidirectional",
                "config": {"layer": {"module": "keras.layers", "class_name": "Lambda", "config": LAMBDAS["keras 2"]}},
            }
        },
    )
    outer = Layer(1, "encoder", "Functional", module="keras", model=model_of(wrapped))
    [found] = find_risks(model_of(outer))
    assert found.where == "layer 'td' in 'encoder', 'layer.layer.function'"


def test_a_lambda_in_the_compile_settings_is_located() -> None:
    training = {"loss": {"class_name": "__lambda__", "config": {"value": [TEXT, None, None]}}}
    [found] = find_risks(Model("functional"), training)
    assert (found.kind, found.where) == ("lambda-bytecode", "compile settings, 'loss.value'")


def obj(module: str | None, class_name: str, config: Any = None, registered: str | None = None) -> dict[str, Any]:
    return {
        "module": module,
        "class_name": class_name,
        "config": {} if config is None else config,
        "registered_name": registered,
    }


GADGETS = {
    "os.system": (obj("os", "function", "system"), "import-gadget"),
    "subprocess": (obj("subprocess", "Popen", {"args": "id"}), "import-gadget"),
    "builtins": (obj("builtins", "function", "eval"), "import-gadget"),
    "builtins class": (obj("builtins", "exec"), "import-gadget"),
    "posix": (obj("posix", "function", "execv", "posix.execv"), "import-gadget"),
    "numpy load": (obj("numpy", "function", "load"), "import-gadget"),
    "torch.load": (obj("torch.serialization", "function", "load"), "import-gadget"),
    "typespec": ({"class_name": "__typespec__", "module": "os", "spec_name": "system", "config": []}, "import-gadget"),
    "tf script": (obj("tensorflow.python.ops.script_ops", "function", "py_func_common"), "import-gadget"),
    "get_file": (obj("keras.utils", "function", "get_file"), "keras-function"),
    "src get_file": (obj("keras.src.utils.file_utils", "function", "get_file"), "keras-function"),
    "load_model": (obj("keras.models", "function", "load_model"), "keras-function"),
    "unsafe": (obj("keras.config", "function", "enable_unsafe_deserialization"), "keras-function"),
    "tf_keras": (obj("tf_keras.src.saving.saving_api", "function", "load_model"), "keras-function"),
    "scope": (obj("keras.saving", "CustomObjectScope"), "keras-function"),
    "tf.keras": (obj("tensorflow.python.keras.utils.data_utils", "function", "get_file"), "keras-function"),
    "spoof": (obj("keras.layers", "Dense", {}, "Evil>Dense"), "registered-name"),
    "tfsm": (obj("keras.layers", "TFSMLayer", {"filepath": "/tmp/evil"}), "external-model"),
    "torch": (obj("keras.layers", "TorchModuleWrapper", {"module": TEXT}), "torch-pickle"),
    "flax": (obj("keras.layers", "FlaxLayer", {"module": "x"}), "package-code"),
    "vocabulary": (obj("keras.layers", "StringLookup", {"vocabulary": "/etc/passwd"}), "vocabulary-path"),
    "vocabulary url": (obj("keras.layers", "TextVectorization", {"vocabulary": "http://x/y"}), "vocabulary-path"),
    "idf": (obj("keras.layers", "TextVectorization", {"idf_weights": "gs://x/y"}), "vocabulary-path"),
    "bidi": (obj("keras.layers", "Dense", {"name": "a\u202eb"}), "odd-name"),
}
PLACES = ("layer", "wrapped", "argument", "call", "compile", "metric")


def put(found: dict[str, Any], place: str) -> tuple[Model, dict[str, Any] | None]:
    if place == "layer":
        layer = Layer(
            1, found.get("config", {}).get("name", "x") if isinstance(found.get("config"), dict) else "x", "", {}
        )
        layer.class_name, layer.module = found["class_name"], found.get("module")
        layer.registered_name = found.get("registered_name")
        layer.config = found["config"] if isinstance(found["config"], dict) else {"config": found["config"]}
        if not isinstance(found["config"], dict) or "spec_name" in found:
            layer = Layer(1, "x", "Lambda", {"function": found}, module="keras.layers")
        return model_of(layer), None
    if place == "wrapped":
        return model_of(Layer(1, "x", "TimeDistributed", {"layer": found}, module="keras.layers")), None
    if place == "argument":
        return model_of(
            Layer(1, "x", "Lambda", {"arguments": {"deep": [{"er": [found]}]}}, module="keras.layers")
        ), None
    if place == "call":
        call = Call([TensorRef(0)], {"mask": [TensorRef(0), found]})
        return model_of(Layer(1, "x", "Dense", {}, module="keras.layers", calls=[call])), None
    if place == "compile":
        return Model("functional", module="keras"), {"optimizer": {"config": {"a": found}}}
    return Model("functional", module="keras"), {"metrics": [[found]]}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(("found", "kind"), GADGETS.values(), ids=GADGETS.keys())
def test_gadgets_are_found_wherever_they_stand(found: dict[str, Any], kind: str, place: str) -> None:
    model, training = put(found, place)
    risks = find_risks(model, training)
    assert kind in [risk.kind for risk in risks]
    for risk in risks:
        assert risk.where and risk.detail.endswith(".") and risk.runs_when
        assert not has_tricks(risk.where + risk.detail)


@pytest.mark.parametrize(
    "function", ["io.write_file", "raw_ops.ReadFile", "numpy_function", "load_op_library", "io.gfile.GFile"]
)
def test_tensorflow_functions_that_act_are_found(function: str) -> None:
    assert kinds(model_of(Layer(1, "tf.x", "TFOpLambda", {"function": function}))) == ["tensorflow-function"]


def test_an_operation_of_tensorflow_2_0_is_found_in_its_node() -> None:
    config = {"node_def": '{"name": "x", "op": "WriteFile", "input": []}', "constants": {}}
    assert kinds(model_of(Layer(1, "op", "TensorFlowOpLayer", config))) == ["tensorflow-function"]


@pytest.mark.parametrize(
    "function", ["math.multiply", "compat.v1.transpose", "nn.relu", "io.decode_jpeg", "__operators__.add"]
)
def test_ordinary_tensorflow_functions_are_no_risk(function: str) -> None:
    assert kinds(model_of(Layer(1, "tf.x", "TFOpLambda", {"function": function}))) == []


@pytest.mark.parametrize(
    "name", ["<b>bold</b>", "a\u202egnp.exe", "a\x1b[2Jb", "x" * 5000, "a\u2066b", "<img src=x onerror=1>", "\ud800"]
)
def test_names_made_to_deceive_are_found_and_told_in_plain_text(name: str) -> None:
    [found] = find_risks(model_of(Layer(1, name, "Dense", {}, module="keras.layers")))
    assert found.kind == "odd-name"
    assert not has_tricks(found.where) and len(found.where) < 300
    (found.where + found.detail).encode()


PLAIN = [
    obj("keras", "DTypePolicy", {"name": "float32"}),
    obj("keras.initializers", "GlorotUniform", {"seed": None}),
    obj("keras.src.ops.numpy", "Add", {}, "Add"),
    obj("keras.src.models.functional", "Functional", {}, "Functional"),
    obj("builtins", "function", "relu", "function"),
    obj("keras.ops", "function", "relu", "relu"),
    obj("keras.optimizers", "Adam", {"learning_rate": 0.001}),
    obj("keras.optimizers.schedules", "CosineDecay", {}),
    obj("keras.losses", "function", "mean_squared_error", "mean_squared_error"),
    {"class_name": "__typespec__", "module": "tensorflow.python.framework", "spec_name": "TensorSpec", "config": []},
    {"class_name": "Custom>Adam", "config": {"name": "Adam"}},
    {"class_name": "GlorotUniform", "config": {"seed": None}},
    {"class_name": "__tuple__", "items": [1, 2]},
    {"vocabulary": ["a", "b"], "idf_weights": [1.0]},
    {"vocabulary": None},
    {"name": "größe_名前-1/a.b:0"},
]  # fmt: skip


@pytest.mark.parametrize("value", PLAIN, ids=str)
def test_what_keras_writes_is_no_risk_and_no_notice(value: dict[str, Any]) -> None:
    model = model_of(Layer(1, "x", "Dense", {"a": value}, module="keras.layers"))
    assert find_risks(model, {"loss": value}) == []
    assert find_notices(model, {"loss": value}) == []


def test_custom_classes_and_functions_are_notices_and_no_risks() -> None:
    model = model_of(
        Layer(1, "mine", "Mine", {"activation": obj("my.funcs", "function", "act")}, "my.layers", "My>Mine"),
        class_name="Functional",
    )
    assert find_risks(model) == []
    notices = find_notices(model)
    assert [(notice.kind, notice.where) for notice in notices] == [
        ("custom-class", "layer 'mine'"),
        ("custom-function", "layer 'mine', 'activation'"),
    ]
    assert "'my.layers'" in notices[0].detail and "'My>Mine'" in notices[0].detail


def test_a_custom_class_from_main_is_a_notice() -> None:
    [notice] = find_notices(model_of(Layer(1, "mine", "Mine", {}, None)))
    assert notice.kind == "custom-class"


def test_many_risks_of_a_kind_are_counted() -> None:
    layers = {n: Layer(n, f"lam{n}", "Lambda", LAMBDAS["keras 2"]) for n in range(1000)}
    found = find_risks(Model("functional", layers=layers))
    assert len(found) == 201
    assert "800 more" in found[-1].detail


def test_a_configuration_nested_100000_deep_is_looked_through() -> None:
    value: Any = obj("os", "function", "system")
    for _ in range(100_000):
        value = [value]
    assert kinds(model_of(Layer(1, "x", "Dense", {"a": value}, "keras.layers"))) == ["import-gadget"]


def test_every_kind_is_explained() -> None:
    for kind in RISK_KINDS.values():
        assert kind.title and kind.explanation.endswith(".") and kind.runs_when and kind.level in ("risk", "notice")


def test_visible_escapes_and_elides() -> None:
    assert visible("a\u202eb\x1b[1m\n") == "a\\u202eb\\x1b[1m\\n"
    assert len(visible("x" * 10_000, 100)) <= 101
    assert visible("größe 名前") == "größe 名前"


def test_every_kind_that_the_formats_name_is_in_the_table() -> None:
    import kgui.formats

    folder = Path(kgui.formats.__file__).parent
    named = {
        match
        for path in folder.glob("*.py")
        for match in re.findall(r"\b[Rr]isk\(\s*\"([a-z0-9-]+)\"", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 10
    assert named <= RISK_KINDS.keys()

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kgui import resources
from kgui.errors import ModelError
from kgui.processes import Child

pytestmark = [pytest.mark.keras, pytest.mark.slow]

SAMPLE = resources.path("samples", "digits.keras")


@pytest.fixture(scope="module")
def engine() -> Iterator[Child]:
    child = Child("engine", "kgui.engine")
    yield child
    child.close()


def sample_config() -> dict[str, object]:
    with zipfile.ZipFile(SAMPLE) as archive:
        config: dict[str, object] = json.loads(archive.read("config.json"))
    return config


def test_the_engine_says_what_it_is(engine: Child) -> None:
    hello = engine.hello.result(120)
    assert hello["versions"]["keras"].startswith("3.")
    assert "CPU:0" in hello["devices"]


def test_a_file_is_verified_layer_by_layer(engine: Child) -> None:
    told = engine.request("verify", {"path": str(SAMPLE)}).result(120).value
    layers = {layer["path"][-1]: layer for layer in told["layers"]}
    assert layers["stem_conv"]["output_shapes"] == [[[None, 8, 8, 32]]]
    assert layers["stem_conv"]["params"] == 3 * 3 * 32
    assert layers["stem_norm"]["params"] == 4 * 32
    assert layers["stem_norm"]["trainable_params"] == 2 * 32
    assert layers["join"]["output_shapes"] == [[[None, 4, 4, 64]]]
    assert told["params"] == sum(layer["params"] for layer in told["layers"])
    assert told["forward"]["shapes"] == [[1, 10]]


def test_a_config_is_verified_as_text_or_value(engine: Child) -> None:
    for config in (sample_config(), json.dumps(sample_config())):
        told = engine.request("verify", {"config": config}).result(120).value
        assert told["name"] == "digits"
        assert told["forward"]["shapes"] == [[1, 10]]


def test_nested_and_shared_layers_are_told(engine: Child) -> None:
    dense = {"class_name": "Dense", "module": "keras.layers", "config": {"name": "d", "units": 3}}
    inner = {
        "class_name": "Sequential",
        "module": "keras",
        "config": {
            "name": "inner",
            "layers": [
                {
                    "class_name": "InputLayer",
                    "module": "keras.layers",
                    "config": {"name": "i", "batch_shape": [None, 2]},
                },
                dense,
            ],
        },
    }
    outer = {"class_name": "Sequential", "module": "keras", "config": {"name": "outer", "layers": [inner]}}
    outer["config"]["build_input_shape"] = [None, 2]  # type: ignore[index]
    told = engine.request("verify", {"config": outer}).result(120).value
    assert [layer["path"] for layer in told["layers"]] == [["inner"], ["inner", "d"]]
    assert told["params"] == 9


def test_what_keras_refuses_is_an_explained_error(engine: Child, tmp_path: Path) -> None:
    config = sample_config()
    config["config"]["layers"][1]["config"]["filters"] = -1  # type: ignore[index]
    with pytest.raises(ModelError, match="Keras cannot build this model"):
        engine.request("verify", {"config": config}).result(120)
    (tmp_path / "m.keras").write_bytes(SAMPLE.read_bytes()[:3000])
    with pytest.raises(ModelError, match="Keras cannot build this model"):
        engine.request("verify", {"path": str(tmp_path / "m.keras")}).result(120)
    assert engine.request("verify", {"path": str(SAMPLE)}).result(120).value["name"] == "digits"


def test_code_in_a_model_is_not_run(engine: Child, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    code = (
        "import sys, keras; "
        "keras.Sequential([keras.Input((2,)), keras.layers.Lambda(eval(sys.argv[2]))]).save(sys.argv[1])"
    )
    payload = f"lambda x: (open({str(mark)!r}, 'a').write('x'), x)[1]"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "l.keras"), payload], check=True, capture_output=True)
    mark.unlink(missing_ok=True)
    with pytest.raises(ModelError, match="Lambda"):
        engine.request("verify", {"path": str(tmp_path / "l.keras")}).result(120)
    assert not mark.exists()


def test_the_package_itself_imports_no_keras() -> None:
    code = "import sys, kgui.engine; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"keras", "tensorflow", "numpy"} & set(told.stdout.split())

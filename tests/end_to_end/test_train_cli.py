"""`kgui train` as a user runs it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kgui import resources
from kgui.training import list_runs

PATIENCE = 200


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("digits.kgui", "digits.keras", "digits.h5"):
        shutil.copy(resources.path("samples", name), tmp_path / name)
    return tmp_path / "digits.kgui"


def kgui(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kgui", "train", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.mark.keras
@pytest.mark.slow
def test_a_project_is_trained_from_the_command_line(project: Path) -> None:
    done = kgui(project, "--epochs", 2, "--devices", "cpu")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "Handwritten digits: 2 epochs on the CPU"
    (run,) = list_runs(project)
    assert lines[1] == f"run: {run.path}"
    epochs = [line for line in lines if line.startswith("epoch")]
    pattern = (
        r"epoch {}/2  \d+\.\d s  loss \d\.\d{{4}}  accuracy \d\.\d{{4}}  val_loss \d\.\d{{4}}  val_accuracy \d\.\d{{4}}"
    )
    assert len(epochs) == 2
    for number, line in enumerate(epochs, 1):
        assert re.fullmatch(pattern.format(number), line), line
    assert float(epochs[-1].rsplit(" ", 1)[1]) > 0.7
    assert lines[-2:] == [f"model: {run.result_path}", "Trained 2 epochs. The model is saved."]
    assert run.result_path.is_file()


@pytest.mark.keras
@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_ctrl_c_stops_the_run_and_saves_the_model(project: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "kgui", "train", str(project), "--epochs", "10000", "--devices", "cpu"]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    shown = b""
    asked = False
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            part = os.read(ours, 65536)
        except OSError:
            # The other end is closed: the program has ended.
            break
        if not part:
            break
        shown += part
        if not asked and b"epoch 2/" in shown:
            asked = True
            os.killpg(process.pid, signal.SIGINT)
    os.close(ours)
    assert process.wait(PATIENCE) == 0, shown.decode()
    text = shown.decode()
    assert re.search(r"[━╌]{24} +\d+%  training  .* left  loss", text)
    assert "stopping …" in text
    assert "Stopped as asked, after" in text
    (run,) = list_runs(project)
    assert run.state().kind == "stopped"
    assert run.result_path.is_file()


def test_a_missing_project_is_one_sentence(tmp_path: Path) -> None:
    done = kgui(tmp_path / "nix.kgui")
    assert done.returncode == 1
    assert done.stderr == f"kgui: {tmp_path / 'nix.kgui'}: There is no such file.\n"


def test_a_missing_data_file_is_one_sentence(project: Path) -> None:
    (project.parent / "digits.h5").unlink()
    done = kgui(project)
    assert done.returncode == 1
    assert done.stderr == (
        f"kgui: data.file: The data file {project.parent / 'digits.h5'} is missing. Choose the file where it is now.\n"
    )
    assert list_runs(project) == []


def test_damaged_data_are_one_sentence_and_where_the_log_is(project: Path) -> None:
    data = project.parent / "digits.h5"
    data.write_bytes(data.read_bytes()[:1000])
    done = kgui(project)
    assert done.returncode == 1
    sentence, log = done.stderr.splitlines()
    assert sentence.startswith(f"kgui: {data}: The data file is damaged or cut short")
    assert Path(log.removeprefix("log: ")).is_file()


def test_wrong_usage_is_told_apart(project: Path) -> None:
    assert kgui(project, "--epochs", "many").returncode == 2
    assert kgui(project, "--devices", "tpu").returncode == 1

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kgui import resources
from kgui.errors import FileError, PlanError
from kgui.training import Plan, Project, RunFolder, RunFollower, life, list_runs, runs_folder, start_run
from kgui.training.control import PAUSE, STOP, STOP_AFTER_EPOCH, Control
from kgui.training.events import EventReader, EventWriter
from kgui.training.files import write_json
from kgui.training.metrics import STEP, MetricsWriter
from kgui.training.supervisor import how_it_ended

WINDOWS = sys.platform == "win32"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name in ("digits.kgui", "digits.keras", "digits.h5"):
        shutil.copy(resources.path("samples", name), tmp_path / name)
    return Project.load(tmp_path / "digits.kgui")


@pytest.fixture
def run(project: Project) -> RunFolder:
    return RunFolder.create(project, project.plan)


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])


def test_a_run_holds_all_that_went_in(project: Project, run: RunFolder) -> None:
    assert run.path.parent == project.folder / "digits.runs"
    assert run.model_path.read_bytes() == project.model_path.read_bytes()
    assert run.plan.data.file == str(project.folder / "digits.h5")
    assert run.plan.epochs == project.plan.epochs
    assert run.project_path == project.path
    environment = json.loads((run.path / "environment.json").read_text())
    assert set(environment["versions"]) >= {"tensorflow", "keras", "numpy"}
    assert run.state().kind == "starting"
    assert list_runs(project.path) == [run]


def test_runs_are_listed_newest_first(project: Project) -> None:
    made = [RunFolder.create(project, project.plan) for _ in range(3)]
    assert len({run.path for run in made}) == 3
    (runs_folder(project.path) / "half made").mkdir()
    assert list_runs(project.path) == made[::-1]


def test_runs_of_a_bundled_sample_go_to_the_users_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGUI_DATA_DIR", str(tmp_path / "data"))
    sample = resources.path("samples", "digits.kgui")
    assert runs_folder(sample) == tmp_path / "data" / "runs" / "digits"
    assert list_runs(sample) == []


@pytest.mark.skipif(WINDOWS or os.geteuid() == 0, reason="root may write everywhere")
def test_runs_beside_a_read_only_project_go_to_the_users_data(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KGUI_DATA_DIR", str(tmp_path / "data"))
    project.folder.chmod(0o500)
    try:
        assert runs_folder(project.path) == tmp_path / "data" / "runs" / "digits"
    finally:
        project.folder.chmod(0o700)


@pytest.mark.parametrize(
    ("missing", "says"),
    [("digits.h5", "The data file {} is missing"), ("digits.keras", "{}: The model file is missing")],
)
def test_what_is_missing_is_told_before_anything_starts(project: Project, missing: str, says: str) -> None:
    (project.folder / missing).unlink()
    with pytest.raises((PlanError, FileError)) as error:
        start_run(project)
    assert says.format(project.folder / missing) in str(error.value)
    assert list_runs(project.path) == []


def test_an_override_that_no_plan_has_is_refused(project: Project) -> None:
    with pytest.raises(PlanError, match="no such entry"):
        start_run(project, {"epoch": 3})


def test_only_keras_files_are_trained(project: Project) -> None:
    project.model = "digits.h5"
    with pytest.raises(FileError, match=r"Only models in the \.keras format"):
        start_run(project)


def test_a_run_that_nobody_took_up_is_dead(run: RunFolder) -> None:
    run.update_status(created=time.time() - 60)
    assert run.state().kind == "died"


def test_a_slow_supervisor_is_waited_for_and_a_dead_one_is_not(run: RunFolder) -> None:
    process = sleeper()
    write_json(run.launched_path, life.note(process.pid))
    run.update_status(created=time.time() - 60)
    assert run.state().kind == "starting"
    process.kill()
    process.wait()
    assert run.state().kind == "died"


def test_a_living_process_is_told_from_one_with_its_number() -> None:
    process = sleeper()
    noted = life.note(process.pid)
    assert life.is_alive(noted)
    assert not life.is_alive({**noted, "started": "before"})
    process.kill()
    # Not waited for yet: a zombie has ended.
    deadline = time.monotonic() + 5
    while life.is_alive(noted) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not life.is_alive(noted)
    process.wait()
    assert not life.is_alive(noted)
    assert not life.is_alive(life.note(process.pid))
    assert not life.is_alive(None)


def test_a_run_outlives_its_supervisor_and_dies_with_its_trainer(run: RunFolder) -> None:
    supervisor, trainer = sleeper(), sleeper()
    run.update_status(state="running", supervisor=life.note(supervisor.pid), trainer=life.note(trainer.pid))
    assert run.state().kind == "running"
    supervisor.kill()
    supervisor.wait()
    assert run.state().kind == "running"
    trainer.kill()
    trainer.wait()
    state = run.state()
    assert state.kind == "died"
    assert state.ended
    assert "All metrics until then are kept" in state.sentence


@pytest.mark.parametrize(
    ("event", "values", "kind", "sentence"),
    [
        ("end", {"how": "done", "epochs": 1}, "done", "Trained 1 epoch. The model is saved."),
        ("error", {"sentence": "No."}, "failed", "No."),
    ],
)
def test_without_a_supervisor_the_last_event_says_how_it_ended(
    run: RunFolder, event: str, values: dict[str, object], kind: str, sentence: str
) -> None:
    run.update_status(state="running", supervisor={"pid": 1, "started": "x"}, trainer={"pid": 1, "started": "x"})
    run.event_writer().write(event, **values)
    assert run.state().kind == kind
    assert run.state().sentence == sentence


@pytest.mark.parametrize(
    ("returncode", "events", "kind", "says"),
    [
        (0, [("end", {"how": "done", "epochs": 3})], "done", "Trained 3 epochs. The model is saved."),
        (0, [("end", {"how": "stopped", "epochs": 1, "saved": True})], "stopped", "Stopped as asked, after 1 epoch."),
        (0, [("end", {"how": "stopped", "epochs": 0, "saved": False})], "stopped", "before the first step"),
        (0, [], "failed", "ended by itself (exit code 0)"),
        (1, [("error", {"sentence": "The labels are wrong."})], "failed", "The labels are wrong."),
        (3, [], "failed", "ended by itself (exit code 3)"),
        (-int(signal.SIGTERM), [], "killed", "SIGTERM"),
        (-6, [], "killed", "gave itself up (SIGABRT)"),
        (-9, [("end", {"how": "done", "epochs": 3})], "killed", "SIGKILL"),
        (-60, [], "killed", "killed by"),
    ],
)
def test_how_the_training_process_ended_is_told_in_a_sentence(
    run: RunFolder, returncode: int, events: list[tuple[str, dict[str, object]]], kind: str, says: str
) -> None:
    writer = run.event_writer()
    for event, values in events:
        writer.write(event, **values)
    writer.close()
    state = how_it_ended(run, returncode)
    assert state.kind == kind
    assert says in state.sentence
    assert state.sentence.endswith(".")


def test_flags_reach_another_mapping_of_the_file(run: RunFolder) -> None:
    with Control(run.control_path) as control:
        assert not control.any
        run.pause()
        assert control.any and control[PAUSE]
        run.resume()
        assert not control.any
        run.stop_after_epoch()
        assert control[STOP_AFTER_EPOCH] and not control[STOP]
        run.stop()
        assert control[STOP]


def test_steering_a_run_that_was_deleted_is_an_explained_error(run: RunFolder) -> None:
    shutil.rmtree(run.path)
    with pytest.raises(FileError, match="cannot be steered"):
        run.stop()
    with pytest.raises(FileError, match="There is no such file"):
        run.state()


def test_events_are_read_once_and_torn_lines_later(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    reader = EventReader(path)
    assert reader.read() == []
    writer = EventWriter(path)
    writer.write("phase", phase="training")
    assert [event["phase"] for event in reader.read()] == ["training"]
    assert reader.read() == []
    with path.open("ab") as file:
        file.write(b'\0\0\0\n[1]\n{"event": 3}\n{"event": "no')
    assert reader.read() == []
    with path.open("ab") as file:
        file.write(b'te"}\n')
    assert reader.read() == [{"event": "note"}]


def test_a_follower_sees_everything_once(run: RunFolder) -> None:
    events = run.event_writer()
    with RunFollower(run) as follower:
        assert follower.poll().phase is None
        events.write("phase", phase="training")
        update = follower.poll()
        assert update.phase == "training"
        assert update.rows is None
        writer = MetricsWriter(run.metrics_path, ["loss"])
        seen = []
        for step in range(1, 6):
            writer.write([(STEP, 0, step, 0.0, [step])])
            update = follower.poll()
            assert update.columns == ["loss"]
            assert update.rows is not None
            seen += update.rows["step"].tolist()
        assert seen == [1, 2, 3, 4, 5]
        run.update_status(state="done", sentence="Done.")
        *_, last = follower.updates(every=0.01)
        assert last.state.kind == "done"


def test_a_follower_of_a_run_that_has_ended_gets_all_of_it(run: RunFolder) -> None:
    writer = MetricsWriter(run.metrics_path, ["loss"])
    writer.write([(STEP, 0, step, 0.0, [step]) for step in range(100)])
    writer.close()
    run.update_status(state="killed", sentence="Killed.")
    with RunFollower(run) as follower:
        (update,) = follower.updates()
    assert update.rows is not None
    assert len(update.rows) == 100
    assert update.state.sentence == "Killed."


def test_training_is_imported_without_what_is_slow() -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import sys, kgui.training; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"numpy", "h5py", "keras", "tensorflow", "psutil"} & set(told.stdout.split())


def test_plans_of_runs_can_be_read_again(run: RunFolder) -> None:
    assert Plan.from_json(run.plan.to_json()) == run.plan
    write_json(run.plan_path, {"plan": 3})
    with pytest.raises(PlanError):
        _ = run.plan

"""What the reader's answer to "open" becomes in the window. Runs in the connection's thread: no widgets here."""

from __future__ import annotations

from pathlib import Path

from app.session import Opened
from kgui.errors import KguiError
from kgui.graph.transfer import model_from_json
from kgui.inference.transfer import inference_from_json
from kgui.layers import specs
from kgui.processes import Answer
from kgui.reports.risks import Risk
from kgui.training.project import Project
from kgui.training.runs import RunFolder


def opened(path: Path, answer: Answer) -> Opened:
    """The document in an answer.

    Args:
        path: What was asked for: a model or a project.
        answer: Of the reader's operation "open".

    Raises:
        KguiError: It is a project whose plan is damaged.
    """
    # Loads the canvas, NumPy and the following of runs here: the window would stand still meanwhile.
    import app.canvas
    import app.inspector
    import app.running  # noqa: F401

    # Likewise what the inspector asks for first: the specs of all layers.
    specs.spec("Dense")
    value = answer.value
    trained_by, trained_at = (None, 0.0) if value["project"] is not None else _training_of(path)
    return Opened(
        path=path,
        model=model_from_json(value["model"]),
        inference=inference_from_json(value["inference"]),
        format=value["format"],
        keras_version=value["keras_version"],
        backend=value["backend"],
        training=value["training"],
        facts=value["facts"],
        risks=[Risk(*fields) for fields in value["risks"]],
        notices=[Risk(*fields) for fields in value.get("notices", [])],
        notes=value["notes"],
        assets=value["assets"],
        project=Project.load(path) if value["project"] is not None else None,
        trained_by=trained_by,
        trained_at=trained_at,
    )


def _training_of(path: Path) -> tuple[Project | None, float]:
    """The project whose run ended with this file, and when; None where it is no run's, or its project is gone."""
    run = RunFolder.of_result(path)
    if run is None:
        return None, 0.0
    try:
        return Project.load(run.project_path), path.stat().st_mtime
    except (KguiError, OSError):
        return None, 0.0

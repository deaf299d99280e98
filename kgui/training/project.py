"""A project: a `.kgui` file that keeps a model and its training plan together, as readable JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kgui.errors import FileError, PlanError
from kgui.training.files import read_json, write_json
from kgui.training.plan import Plan

SUFFIX = ".kgui"
VERSION = 1


@dataclass(slots=True)
class Project:
    """A model and how it is trained.

    Attributes:
        path: The `.kgui` file. Paths within it start at its folder.
        name: For people.
        model: The model file, relative to the project.
        plan: The training plan.
        extra: What the file holds beyond that; kept when it is saved.
    """

    path: Path
    name: str
    model: str
    plan: Plan
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the project's relative paths start."""
        return self.path.parent

    @property
    def model_path(self) -> Path:
        """The model file."""
        return self.folder / self.model

    @classmethod
    def load(cls, path: str | Path) -> Project:
        """Reads a project file.

        Raises:
            FileError: It is missing, not readable, or not a project.
            PlanError: A key of the plan is missing or of the wrong kind.
        """
        path = Path(path).absolute()
        value = read_json(path, "project")
        version = value.get("kgui")
        if isinstance(version, bool) or not isinstance(version, int):
            raise FileError('This is not a project file: it has no "kgui" version', where=str(path))
        if version > VERSION:
            raise FileError(
                f"This project was saved by a newer kgui (version {version} of the file, {VERSION} is known)",
                where=str(path),
                hint="Update kgui to open it.",
            )
        model = value.get("model")
        if not isinstance(model, str):
            raise FileError('This project names no model (key "model")', where=str(path))
        if "plan" not in value:
            raise FileError('This project has no training plan (key "plan")', where=str(path))
        try:
            plan = Plan.from_json(value["plan"])
        except PlanError as error:
            raise PlanError(error.what, where=f"{path}: {error.where}", hint=error.hint) from None
        return cls(
            path=path,
            name=str(value.get("name", path.stem)),
            model=model,
            plan=plan,
            extra={key: entry for key, entry in value.items() if key not in ("kgui", "name", "model", "plan")},
        )

    def save(self) -> None:
        """Writes the project file, atomically.

        Raises:
            FileError: The folder is not writable or the disk is full.
        """
        write_json(
            self.path,
            {"kgui": VERSION, "name": self.name, "model": self.model, "plan": self.plan.to_json(), **self.extra},
        )

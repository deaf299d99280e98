"""Plans, run folders, metrics, events and the supervisor: all of training but the framework.

project = Project.load("digits.kgui")
run = start_run(project, {"epochs": 3})
with RunFollower(run) as follower:
    for update in follower.updates():
        ...
"""

from kgui.training.follow import RunFollower, Update
from kgui.training.metrics import EPOCH, STEP
from kgui.training.plan import Data, Devices, Feed, Plan, PlanProblem, Split, check
from kgui.training.project import Project
from kgui.training.runs import RunFolder, RunState, list_runs, runs_folder, start_run

__all__ = [
    "EPOCH",
    "STEP",
    "Data",
    "Devices",
    "Feed",
    "Plan",
    "PlanProblem",
    "Project",
    "RunFolder",
    "RunFollower",
    "RunState",
    "Split",
    "Update",
    "check",
    "list_runs",
    "runs_folder",
    "start_run",
]

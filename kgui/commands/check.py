"""`kgui check`: the risks in a file, and what would run them."""

from __future__ import annotations

import argparse
import json
import textwrap
from typing import Any

from kgui.commands.show import write
from kgui.errors import KguiError
from kgui.reports.risks import RISK_KINDS, Risk, find_notices
from kgui.reports.visible import visible

WIDTH = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `kgui check` takes."""
    parser.add_argument("file", metavar="FILE", help="a model, architecture or weights file of any era, or a folder")
    parser.add_argument("--json", action="store_true", help="one JSON object with the risks and notices")
    parser.epilog = "The exit code is 0 if there are no risks, and 1 if there are any or the file cannot be read."


def run(arguments: argparse.Namespace) -> int:
    """Prints the risks, then what is only worth knowing.

    Returns:
        1 if there are risks, 0 if not.
    """
    from kgui.formats import open_model

    failed = None
    with open_model(arguments.file, weights=False) as file:
        try:
            # Some risks show only when the arrays are listed. No value is read.
            file.list_weights()
        except KguiError as error:
            # Weights that cannot be listed must not hide what the rest of the file would run.
            failed = error
        risks, notices = file.risks, find_notices(file.model, file.training)
    text = _json(arguments.file, risks, notices) if arguments.json else _report(arguments.file, risks, notices)
    write(text)
    if failed is not None:
        raise failed
    return 1 if risks else 0


def _json(path: str, risks: list[Risk], notices: list[Risk]) -> str:
    return json.dumps(
        {"file": path, "risks": [_plain(r) for r in risks], "notices": [_plain(n) for n in notices]}, indent=2
    )


def _plain(risk: Risk) -> dict[str, Any]:
    return {"kind": risk.kind, "where": risk.where, "detail": risk.detail, "runs_when": risk.runs_when}


def _report(path: str, risks: list[Risk], notices: list[Risk]) -> str:
    parts = []
    if risks:
        count = "1 risk" if len(risks) == 1 else f"{len(risks)} risks"
        parts.append(f"{visible(path)}: {count}. kgui has run nothing of it.")
        parts += _by_kind(risks)
    else:
        parts.append(f"{visible(path)}: no risks found.")
    if notices:
        parts.append("Worth knowing, and no risk by itself:")
        parts += _by_kind(notices)
    return "\n\n".join(parts)


def _by_kind(risks: list[Risk]) -> list[str]:
    groups: dict[str, list[Risk]] = {}
    for risk in risks:
        groups.setdefault(risk.kind, []).append(risk)
    return [_group(kind, members) for kind, members in groups.items()]


def _group(kind: str, risks: list[Risk]) -> str:
    known = RISK_KINDS[kind]
    lines = [f"{known.title} [{kind}]", _wrapped(known.explanation, "  ")]
    told = None
    for risk in risks:
        if risk.runs_when != told:
            told = risk.runs_when
            lines.append(_wrapped(f"When it would run: {told.rstrip('.')}.", "  "))
        lines.append(_wrapped(f"- {risk.where}: {risk.detail}", "    ", "      "))
    return "\n".join(lines)


def _wrapped(text: str, indent: str, hanging: str | None = None) -> str:
    # What the founder of a risk has not made visible is made visible here: nothing from a file moves the cursor.
    return textwrap.fill(
        visible(text, 1000),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=hanging if hanging is not None else indent,
        break_long_words=False,
        break_on_hyphens=False,
    )

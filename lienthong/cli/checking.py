"""``lienthong check``: everything that can be known to be wrong before it goes wrong."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from lienthong.cli.common import FOUND_WRONG, Folder, Json, explained, out, overrides, print_json


def check(
    ready: Annotated[
        bool,
        typer.Option(
            "--ready", help="What a hub needs to run must be there: keys, secrets, certificates, database."
        ),
    ] = False,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Check installation, configuration, adapters, mappings, contracts, keys and database; say what to do.

    A project that was never set up has no keys, secrets and database: that is said, and is wrong only with --ready.
    """
    from broker.health.check import check_project

    with explained():
        findings = check_project(project, overrides(project), ready=ready)
    wrong = [finding for finding in findings if finding.severity == "error"]
    if as_json:
        print_json({"ok": not wrong, "findings": [dataclasses.asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            out.print(str(finding), markup=False, highlight=False)
        others = len(findings) - len(wrong)
        out.print(f"{len(wrong)} errors, {others} remarks", highlight=False)
    if wrong:
        raise typer.Exit(FOUND_WRONG)

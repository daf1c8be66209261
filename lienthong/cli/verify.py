"""``lienthong verify``: evidence files, archives and exports, verified offline; no project and no hub is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lienthong.cli.common import USAGE, fail
from signing.audit import verify_files
from signing.errors import KeyProblem
from signing.verifier.anchors import Anchors
from signing.verifier.report import EXIT_CODES, FORMATS


def verify(
    files: Annotated[
        list[Path],
        typer.Argument(help="Evidence, archives or exports; archives in a row are held against each other."),
    ],
    trust: Annotated[
        Path | None,
        typer.Option(help="Folder of anchors: *.pem, tsa/*.pem, partners/*.pem, *.vkey."),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="text, json or html.")] = "text",
    out: Annotated[
        Path | None, typer.Option(help="File for the report instead of the standard output.")
    ] = None,
) -> None:
    """Verify evidence files offline and report everything that is wrong or not proven."""
    if form not in FORMATS:
        fail(USAGE, f"--format must be one of {', '.join(FORMATS)}")
    try:
        report = verify_files(files, Anchors() if trust is None else Anchors.from_folder(trust))
        report.write(form, out)
    except (KeyProblem, OSError) as error:
        fail(USAGE, str(error))
    raise typer.Exit(report.exit_code)


verify.__doc__ = f"{verify.__doc__}\n\n\b\n{EXIT_CODES}"

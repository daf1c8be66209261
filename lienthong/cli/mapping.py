"""``lienthong mapping``: prove mappings, show where every field comes from, and try one on a document."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from broker.clock import system_clock
from broker.mapping import cases, collection, report
from broker.mapping.diff import diff
from broker.mapping.errors import Finding, MappingError
from broker.mapping.mapping import Mapping, load, prepare
from broker.store.blobs import BlobFolder
from lienthong.cli.common import (
    FOUND_WRONG,
    NOTHING,
    USAGE,
    Folder,
    Json,
    err,
    explained,
    fail,
    out,
    print_json,
    show,
    vault_of,
)
from lienthong.cli.common import load as load_project
from signing.errors import XmlRefused

app = typer.Typer(
    help="Mappings between the hub's documents and the agencies'.", no_args_is_help=True, add_completion=False
)

Name = Annotated[str, typer.Argument(help="Name of the mapping: its folder under mappings/.")]
Day = Annotated[
    datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Day that counts; default: today.")
]


@app.command()
def check(
    name: Annotated[str | None, typer.Argument(help="One mapping; default: all.")] = None,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Prove mappings against both their schemas, and run their golden cases."""
    files = _files(project, name) if name else list(collection.files(project))
    findings = _findings(project, files, name)
    failed, number = _cases(project, files) if not _errors(findings) else ([], 0)
    if as_json:
        rows = [dataclasses.asdict(finding) for finding in findings]
        print_json({"mappings": len(files), "findings": rows, "cases": number, "failed": failed})
    else:
        for finding in findings:
            out.print(str(finding), markup=False, highlight=False)
        for text in failed:
            out.print(text, markup=False, highlight=False)
        out.print(
            f"{len(files)} mapping files, {len(findings)} findings; {number} cases, {len(failed)} failed"
        )
    if _errors(findings) or failed:
        raise typer.Exit(FOUND_WRONG)


@app.command("show")
def show_(
    name: Name,
    lineage: Annotated[bool, typer.Option("--lineage", help="Target field ← source fields.")] = False,
    coverage: Annotated[bool, typer.Option("--coverage", help="Source field → target fields.")] = False,
    checks: Annotated[bool, typer.Option("--checks", help="What is checked for each document.")] = False,
    xslt: Annotated[bool, typer.Option("--xslt", help="The generated stylesheet.")] = False,
    on: Day = None,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Show what a mapping does: lineage (the default), coverage, run-time checks, or its stylesheet."""
    mapping = _load(project, name, _day(on))
    if xslt:
        out.file.write(report.stylesheet(mapping))
        return
    if not as_json:
        head = mapping.header
        out.print(f"{name}: {head.source.root.name} → {head.target.root.name}. {head.summary}", markup=False)
    if coverage:
        columns = ["source", "targets", "dropped"]
        show([dataclasses.asdict(one) for one in report.coverage(mapping)], columns, as_json=as_json)
    elif checks:
        columns = ["target", "kind", "sources", "detail", "line"]
        show([dataclasses.asdict(one) for one in report.runtime_checks(mapping)], columns, as_json=as_json)
    elif lineage or not coverage:
        columns = ["target", "sources", "how", "conditional", "line"]
        show([dataclasses.asdict(one) for one in report.lineage(mapping)], columns, as_json=as_json)


@app.command()
def run(
    name: Name,
    file: Annotated[Path, typer.Argument(help="Source document.", exists=True, dir_okay=False)],
    on: Day = None,
    param: Annotated[list[str] | None, typer.Option(help="Parameter as name=value; may be repeated.")] = None,
    expect: Annotated[
        Path | None, typer.Option(help="Document to compare the result with.", exists=True, dir_okay=False)
    ] = None,
    project: Folder = Path(),
    as_json: Json = False,
) -> None:
    """Map a document and print the result; with --expect, print how it differs instead."""
    mapping = _load(project, name, _day(on))
    params, blobs = _params(param or []), _blobs(project, file)
    try:
        with explained():
            output = mapping.run(file.read_bytes(), on=_day(on), params=params, blobs=blobs)
    except MappingError as error:
        _refused(error, as_json)
    if expect is None:
        out.file.write(output.decode("utf-8").rstrip("\n") + "\n")
        return
    try:
        differences = diff(expect.read_bytes(), output)
    except XmlRefused as error:
        fail(USAGE, f"{expect}: {error}")
    if as_json:
        print_json([dataclasses.asdict(one) for one in differences])
    else:
        for one in differences:
            out.print(str(one), markup=False, highlight=False)
        out.print(f"{len(differences)} differences")
    if differences:
        raise typer.Exit(FOUND_WRONG)


def _refused(error: MappingError, as_json: bool) -> NoReturn:
    if as_json:
        print_json([dataclasses.asdict(problem) for problem in error.problems])
    for problem in error.problems if not as_json else ():
        line = f"{problem.path} (from {problem.field}): {problem.message_en} / {problem.message_vi}"
        err.print(line, markup=False, highlight=False)
    raise typer.Exit(FOUND_WRONG)


def _files(project: Path, name: str) -> list[Path]:
    found = [file for file in collection.files(project) if file.parent.name == name]
    if not found:
        names = sorted({file.parent.name for file in collection.files(project)})
        fail(NOTHING, f"no mapping is called {name!r}; there are {', '.join(names) or 'none'}")
    return found


def _findings(project: Path, files: Sequence[Path], name: str | None) -> list[Finding]:
    if name is None:
        return collection.check_all(project)
    return [finding for file in files for finding in prepare(file, project).findings]


def _errors(findings: Sequence[Finding]) -> bool:
    return any(finding.severity == "error" for finding in findings)


def _cases(project: Path, files: Sequence[Path]) -> tuple[list[str], int]:
    """What failed, and how many cases there are."""
    with explained():
        results = [
            cases.run_case(mapping, case)
            for mapping in (load(file, project) for file in files)
            for case in cases.cases(mapping)
            if mapping.in_force(case.on)
        ]
    failed = [f"{result.case.source.parent.parent.name}/{result}" for result in results if not result.passed]
    return failed, len(results)


def _load(project: Path, name: str, day: date) -> Mapping:
    """The version in force on ``day``, else the last one."""
    files = _files(project, name)
    with explained():
        versions = [load(file, project) for file in files]
    return next((one for one in versions if one.in_force(day)), versions[-1])


def _day(on: datetime | None) -> date:
    return (on or system_clock().astimezone()).date()


def _params(given: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    for name, equals, _ in pairs:
        if not (name and equals):
            fail(USAGE, f"--param {name}: write name=value")
    return {name: value for name, _, value in pairs}


def _blobs(project: Path, file: Path) -> Callable[[str], bytes]:
    """Files by hash: those beside the document, then those that the hub holds."""
    beside = {
        hashlib.sha256(path.read_bytes()).hexdigest(): path
        for path in file.parent.iterdir()
        if path.is_file() and path.suffix in (".pdf", ".jpg", ".jpeg", ".png")
    }

    def read(sha256: str) -> bytes:
        return beside[sha256].read_bytes() if sha256 in beside else _held(project).read(sha256)

    return read


def _held(folder: Path) -> BlobFolder:
    """The files of the hub; its keys are asked for only by a document that names one of them."""
    project = load_project(folder)
    return BlobFolder(project.path(project.hub.data) / "blobs", vault_of(project))

"""Verify evidence offline: containers, archives, exports, chains of them; no database, no hub, no network.

    python -m signing.audit FILE... --trust FOLDER [--format text|json|html] [--out FILE]

Whatever is wrong is reported, everything of it, and nothing is raised for it. What a file claims about keys and
certificates is believed only as far as the reader's anchors go (`signing.verifier.anchors`); without them it is still
checked that everything fits together.

Format of the files: docs/evidence-format.md. How to use it: docs/howto-verify.md.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

from signing.container import asic
from signing.errors import ContainerRefused, KeyProblem
from signing.log.note import Checkpoint
from signing.verifier import archivecheck, barelog, entrycheck, headcheck, sealcheck, statement
from signing.verifier.anchors import Anchors
from signing.verifier.bodycheck import Messages
from signing.verifier.case import Case
from signing.verifier.findings import Findings
from signing.verifier.report import EXIT_CODES, FORMATS, UNREADABLE, FileReport, Report
from signing.verifier.statement import Statement

__all__ = ["Anchors", "Report", "main", "verify_file", "verify_files"]


def verify_file(path: Path, anchors: Anchors) -> Report:
    """Verify one file. Never raises for what it finds; memory stays bounded whatever is in it."""
    return verify_files([path], anchors)


def verify_files(paths: Sequence[Path], anchors: Anchors) -> Report:
    """Verify several files, and that they tell of one log: archives continue each other, heads of one size agree."""
    across = Findings()
    done = [_verify(path, anchors) for path in paths]
    _check_links(paths, done, across)
    return Report(tuple(file for file, _ in done), tuple(across.all()))


_Done = tuple[FileReport, dict[int, Checkpoint]]


def _verify(path: Path, anchors: Anchors) -> _Done:
    """One file, and the signed heads in it by size."""
    findings = Findings()
    try:
        if path.suffix == barelog.SUFFIX:
            facts, heads = barelog.check(path, anchors, findings)
            return FileReport(path.name, tuple(findings.all()), facts), heads
        container = asic.read(path, strict=False)
    except OSError as error:
        findings.error("damaged", path.name, f"it cannot be opened: {error.strerror or error}")
        return FileReport(path.name, tuple(findings.all()), readable=False), {}
    except ContainerRefused as error:
        findings.error("packing", path.name, error.reason)
        return FileReport(path.name, tuple(findings.all())), {}
    with container:
        case = Case(container, anchors, findings)
        for place, text in container.problems:
            findings.error("packing", place, text)
        heads = _check(case)
        case.read_rest()
    return FileReport(path.name, tuple(findings.all()), case.facts), heads


def _check(case: Case) -> dict[int, Checkpoint]:
    data = case.read(statement.NAME, statement.LARGEST)
    said = None if data is None else statement.read(data, case.findings)
    _check_files(case, said)
    head = headcheck.check(case, said)
    sealcheck.check(case, None if said is None else said.made)
    heads = {} if head is None else {head.size: head}
    if said is None:
        return heads
    facts = case.facts
    facts.kind, facts.subject, facts.made, facts.origin = said.kind, said.subject, said.made, said.origin
    facts.size, facts.root, facts.first, facts.stop = said.size, said.root, said.first, said.stop
    facts.previous = None if said.previous is None else said.previous.sha256
    messages = Messages(case)
    if said.kind in statement.OF_MESSAGES:
        entrycheck.check(case, said, head, messages.check)
    else:
        before = headcheck.opened(case, archivecheck.PREVIOUS, headcheck.logs(case), said)
        archivecheck.check_previous(case, said, before)
        archivecheck.check(case, said, head, messages.check)
        if before is not None:
            heads[before.size] = before
    messages.report()
    return heads


def _check_files(case: Case, said: Statement | None) -> None:
    """The files are just those of which the statement tells."""
    there = frozenset(case.container.files)
    if statement.NAME not in there:
        case.findings.error("files", statement.NAME, "it is not in the container: this is no evidence file")
    if said is None:
        return
    for name in sorted(said.files - there - {statement.NAME}):
        case.findings.error("files", name, "the file is missing")
    for name in sorted(there - said.files):
        case.findings.error("files", name, "evidence does not hold such a file")


def _check_links(paths: Sequence[Path], done: Sequence[_Done], across: Findings) -> None:
    """Whether the files tell of one log, without gaps between archives."""
    seen: dict[tuple[str, int], tuple[bytes, str]] = {}
    for file, heads in done:
        for size, head in heads.items():
            root, other = seen.setdefault((head.origin, size), (head.root, file.name))
            if root != head.root:
                text = f"{other} and {file.name} hold different signed heads of {size} entries: the log was forked"
                across.error("link", file.name, text)
    archives = [
        (file.facts.first, file, path)
        for (file, _), path in zip(done, paths, strict=True)
        if file.facts.kind == "archive" and file.facts.first is not None
    ]
    archives.sort(key=lambda one: (one[0], one[1].name))
    for (_, before, path), (first, after, _) in itertools.pairwise(archives):
        if before.facts.stop != first:
            text = f"{before.name} ends before entry {before.facts.stop}, {after.name} begins with {first}"
            across.error("link", after.name, text)
        elif after.facts.previous is not None and after.facts.previous != _digest(path):
            # Whatever the file, the heads link the two: of one size and root there is one log.
            text = f"it was written when {before.name} was another file: bodies may have been taken out since"
            across.warning("link", after.name, text)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code (`Report.exit_code`)."""
    parser = argparse.ArgumentParser(
        prog="python -m signing.audit",
        description="Verify evidence files, archives and exports offline.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument(
        "--trust", type=Path, help="folder of anchors: *.pem, tsa/*.pem, partners/*.pem, *.vkey"
    )
    parser.add_argument("--format", choices=FORMATS, default="text")
    parser.add_argument("--out", type=Path, help="write the report there instead of to standard output")
    given = parser.parse_args(arguments)
    try:
        anchors = Anchors.from_folder(given.trust) if given.trust else Anchors()
        report = verify_files(given.files, anchors)
        report.write(given.format, given.out)
    except (KeyProblem, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return UNREADABLE
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main())

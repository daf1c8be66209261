"""What the command line asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from broker.mapping import commands

DAY = date(2026, 3, 1)


def test_names_and_check(write: Callable[..., Path], project: Path) -> None:
    """One mapping or all of them can be checked."""
    write()
    assert commands.names(project) == ["demo"]
    assert commands.check(project) == commands.check(project, "demo") == []
    with pytest.raises(LookupError, match="there are demo"):
        commands.check(project, "other")


def test_show(write: Callable[..., Path], project: Path) -> None:
    """Everything about a mapping in one value."""
    write()
    (shown,) = commands.show(project, "demo")
    assert shown.valid == (date(2025, 7, 1), date.max)
    assert shown.lineage
    assert shown.coverage
    assert "xsl:stylesheet" in shown.xslt


def test_run(write: Callable[..., Path], project: Path, document: Callable[..., bytes]) -> None:
    """A dry run gives the output, the differences from what was expected, or the problems."""
    write()
    ran = commands.run(project, "demo", document(), on=DAY)
    assert ran.output is not None
    same = commands.run(project, "demo", document(Code="B1111"), on=DAY, expected=ran.output)
    assert [one.path for one in same.differences] == ["/hoSo/ma"]
    assert commands.run(project, "demo", b"<x/>", on=DAY).problems
    with pytest.raises(LookupError, match="in force"):
        commands.run(project, "demo", document(), on=date(2020, 1, 1))


def test_run_cases(write: Callable[..., Path], project: Path, document: Callable[..., bytes]) -> None:
    """Golden cases are run by name or all together."""
    folder = write().parent / "cases"
    folder.mkdir()
    (folder / "a.in.xml").write_bytes(document())
    ((name, result),) = commands.run_cases(project)
    assert (name, result.passed) == ("demo", False)
    assert len(commands.run_cases(project, "demo")) == 1

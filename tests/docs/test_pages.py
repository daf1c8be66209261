"""Pages say what is so: their commands exist, their links lead somewhere, their make targets are there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from lienthong.cli.lazy import COMMANDS, command
from tests.docs.pages import PAGES, ROOT, commands, links

NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_commands_exist(page: Path) -> None:
    """Every `lienthong …` on the page is a command with those options."""
    for words in commands(page, "lienthong"):
        if words[1] in ("--help", "…"):
            continue
        assert words[1] in COMMANDS, words
        found: Any = command(words[1])
        for word in words[2:]:
            inner = getattr(found, "commands", {})
            if not inner:
                break
            assert word in inner, words
            found = inner[word]
        options = {name for one in found.params for name in (*one.opts, *one.secondary_opts)}
        assert {word for word in words if word.startswith("--")} - {"--help"} <= options, words


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_make_targets_exist(page: Path) -> None:
    """Every `make …` on the page is a target."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert [words for words in commands(page, "make") if words[1] not in targets] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a file of this repository finds it."""
    assert [target for target in links(page) if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_named_files_exist(page: Path) -> None:
    """Every path of the repository that the page names in the text is there."""
    tops = {one.name for one in ROOT.iterdir() if one.is_dir()} - {"var"}
    named = re.findall(r"`([\w.-]+/[\w./-]*)`", page.read_text(encoding="utf-8"))
    assert [name for name in named if name.split("/")[0] in tops and not (ROOT / name).exists()] == []


def test_decisions_have_one_form() -> None:
    """A decision says its status, context, decision and consequences, and the list has them all."""
    folder = ROOT / "docs/decisions"
    decisions = sorted(folder.glob("0*.md"))
    assert [int(file.name[:4]) for file in decisions] == list(range(1, len(decisions) + 1))
    for file in decisions:
        heads = re.findall(r"^## (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
        assert heads == ["Status", "Context", "Decision", "Consequences"], file.name
    assert sorted(links(folder / "README.md")) == [file.name for file in decisions]

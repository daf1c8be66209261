"""What the pages say, taken apart for tests."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])

_BLOCK = re.compile(r"^```(?P<kind>\S*)(?: &(?P<until>.+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\((?!https?://)([^)#\s]*)(?:#[^)]*)?\)")


@dataclasses.dataclass(frozen=True)
class Block:
    """A code block. ``until``: it runs in another terminal, and is ready when a line begins like this."""

    kind: str
    text: str
    until: str | None

    @property
    def commands(self) -> list[str]:
        """Its lines, without prompts and comments."""
        lines = (line.removeprefix("$ ").strip() for line in self.text.splitlines())
        return [line for line in lines if line and not line.startswith("#")]


def blocks(page: Path, kind: str) -> list[Block]:
    """The code blocks of one kind, in order."""
    found = _BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [Block(one["kind"], one["text"], one["until"]) for one in found if one["kind"] == kind]


def commands(page: Path, program: str) -> Iterator[list[str]]:
    """Every use of ``program`` on the page, in blocks and in the text, as words."""
    text = page.read_text(encoding="utf-8")
    said = [line for kind in ("sh", "console") for block in blocks(page, kind) for line in block.commands]
    said += _INLINE.findall(_BLOCK.sub("", text))
    for line in said:
        if line.startswith(f"{program} "):
            yield shlex.split(line, comments=True)


def links(page: Path) -> list[str]:
    """Targets of links to other files."""
    return [target for target in _LINK.findall(_BLOCK.sub("", page.read_text(encoding="utf-8"))) if target]

"""The reference pages are what the code says."""

from __future__ import annotations

import pytest

from adapters.registry import BUILT_IN
from lienthong import reference

PAGES = reference.pages()


@pytest.mark.parametrize("name", PAGES)
def test_page_is_current(name: str) -> None:
    """`make docs` would change nothing."""
    assert (reference.FOLDER / name).read_text(encoding="utf-8") == PAGES[name], "run `make docs`"


def test_no_other_pages() -> None:
    """Nothing in the folder is written by hand."""
    assert {file.name for file in reference.FOLDER.iterdir()} == set(PAGES)


def test_everything_is_described() -> None:
    """Every adapter has a section, and no setting is without a meaning."""
    adapters = PAGES["adapters.md"]
    assert [name for name in BUILT_IN if f"\n## {name}\n" not in adapters] == []
    for name in ("adapters.md", "config.md"):
        empty = [
            line for line in PAGES[name].splitlines() if line.startswith("| `") and line.endswith("|  |")
        ]
        assert empty == []

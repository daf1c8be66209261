"""YAML as text with lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.mapping.errors import MappingFault
from broker.mapping.yamltree import Items, Table, Text, read


def tree(tmp_path: Path, text: str) -> Table:
    """The tree of a YAML text."""
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    return read(path, "a.yaml")


def test_scalars_stay_text(tmp_path: Path) -> None:
    """No guessing: leading zeros, yes and no, dates and numbers stay as written."""
    table = tree(tmp_path, "a: 01\nb: no\nc: 2025-07-01\nd: 1e3\n")
    assert [node.value for node in table.values.values() if isinstance(node, Text)] == [
        "01",
        "no",
        "2025-07-01",
        "1e3",
    ]


def test_null_is_empty_unless_quoted(tmp_path: Path) -> None:
    """Null, tilde and nothing are empty; the quoted word is a word."""
    table = tree(tmp_path, "a: null\nb: ~\nc:\nd: 'null'\n")
    assert [node.empty for node in table.values.values() if isinstance(node, Text)] == [
        True,
        True,
        True,
        False,
    ]


def test_lines(tmp_path: Path) -> None:
    """Every node knows its line, counted from 1."""
    table = tree(tmp_path, "a:\n  b: 1\n\n  c: [x,\n      y]\n")
    inner = table.get("a")
    assert isinstance(inner, Table)
    assert (inner.line_of("c"), inner.line_of("absent")) == (4, 2)
    listed = inner.get("c")
    assert isinstance(listed, Items)
    assert [item.line for item in listed] == [4, 5]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\na: 2\n", "a.yaml:2: error: : writes the key 'a' twice"),
        ("a: [1\nb: 2\n", "is not YAML"),
        ("- a\n", "must be a mapping"),
        ("{a: b}: 1\n", "has a key that is not text"),
    ],
)
def test_faults_name_the_line(tmp_path: Path, text: str, told: str) -> None:
    """What is not a table of text is refused with file and line."""
    with pytest.raises(MappingFault, match=r"a\.yaml:") as caught:
        tree(tmp_path, text)
    assert told in str(caught.value)


def test_unreadable_files(tmp_path: Path) -> None:
    """A missing file and a file that is not UTF-8 are faults, not tracebacks."""
    with pytest.raises(MappingFault, match="cannot be read"):
        read(tmp_path / "absent.yaml")
    (tmp_path / "b.yaml").write_bytes(b"a: \xff\n")
    with pytest.raises(MappingFault, match="UTF-8"):
        read(tmp_path / "b.yaml")

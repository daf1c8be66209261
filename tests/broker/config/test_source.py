"""Files with lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from broker.config.base import Frozen
from broker.config.source import ConfigError, Source


class Inner(Frozen):
    """A table."""

    port: int


class Outer(Frozen):
    """A file."""

    inner: Inner
    items: tuple[Inner, ...] = ()


def source(folder: Path, text: str) -> Source:
    """A source of this text."""
    file = folder / "x.yaml"
    file.write_text(text, encoding="utf-8")
    return Source.read(file, "config/x.yaml")


def faults(given: Source) -> list[str]:
    """What the model says of it."""
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(given.values)
    return [str(fault) for fault in given.faults(caught.value)]


def test_a_fault_names_file_line_key_and_remedy(tmp_path: Path) -> None:
    """A wrong value, a missing key (at the table above) and an unknown one."""
    given = source(tmp_path, "# head\ninner:\n  port: many\nitems:\n  - {}\n  - port: 1\n    prot: 2\n")
    assert faults(given) == [
        "config/x.yaml:3: inner.port: input should be a valid integer, unable to parse string as an integer. "
        "Correct the value.",
        "config/x.yaml:5: items.0.port: field required. Add it.",
        "config/x.yaml:7: items.1.prot: is not a setting. Remove it, or correct its spelling.",
    ]


def test_an_override_stands_on_top_and_is_named_in_faults(tmp_path: Path) -> None:
    """It makes the tables on its way; a fault says that the file is not to blame."""
    given = source(tmp_path, "inner: {port: 1}\n")
    given.override("inner.port", 2)
    given.override("new.table.key", 3)
    assert given.values == {"inner": {"port": 2}, "new": {"table": {"key": 3}}}
    given.override("inner.port", "many")
    assert "inner.port: input should be a valid integer" in faults(given)[0]
    assert "(set by an override)" in faults(given)[0]


def test_an_override_below_a_value_is_refused(tmp_path: Path) -> None:
    """There is no such place."""
    with pytest.raises(ConfigError, match=r"inner\.port\.deep: has no such place"):
        source(tmp_path, "inner: {port: 1}\n").override("inner.port.deep", 2)


def test_text_stays_text(tmp_path: Path) -> None:
    """YAML guesses nothing: 01 is not one, and no is not false; nothing at all is None."""
    assert source(tmp_path, "a: 01\nb: no\nc:\nd: [1, x]\n").values == {
        "a": "01",
        "b": "no",
        "c": None,
        "d": ["1", "x"],
    }


def test_a_file_that_is_no_yaml_is_a_fault_with_its_line(tmp_path: Path) -> None:
    """As is one that is not there, and a key written twice."""
    with pytest.raises(ConfigError, match=r"config/x\.yaml:3: -: is not YAML"):
        source(tmp_path, "a: 1\nb: [\n")
    with pytest.raises(ConfigError, match="writes the key 'a' twice"):
        source(tmp_path, "a: 1\na: 2\n")
    with pytest.raises(ConfigError, match="cannot be read"):
        Source.read(tmp_path / "none.yaml", "config/none.yaml")

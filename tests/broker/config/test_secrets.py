"""Secrets by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.config.secrets import SecretMissing, Secrets


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    """Secrets in the environment and in files."""
    (tmp_path / "key").write_text("from-file\n", encoding="utf-8")
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\xfa")
    places = {
        "file": "file:key",
        "variable": "env:KEY",
        "no-variable": "env:NONE",
        "no-file": "file:none",
        "empty": "file:empty",
        "binary": "file:binary",
    }
    return Secrets(places, tmp_path, {"KEY": "from-environment"})


def test_a_secret_comes_from_its_place(secrets: Secrets) -> None:
    """A file's line break is not part of it."""
    assert secrets.get("file") == "from-file"
    assert secrets.get("variable") == "from-environment"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("unknown", "config/hub.yaml"),
        ("no-variable", "no variable NONE"),
        ("no-file", "none cannot be read"),
        ("empty", "empty is empty"),
        ("binary", "binary cannot be read"),
    ],
)
def test_a_secret_that_is_not_there_says_where_it_should_be(secrets: Secrets, name: str, says: str) -> None:
    """The name and the place."""
    with pytest.raises(SecretMissing, match=says):
        secrets.get(name)

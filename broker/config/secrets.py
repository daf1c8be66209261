"""Secrets by name: configuration says where a secret is, never what it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path


class SecretMissing(LookupError):
    """A secret cannot be found; the text names the secret and the place, never a value."""


@dataclasses.dataclass(frozen=True, slots=True)
class Secrets:
    """Resolves names. ``places``: name → ``env:VARIABLE`` or ``file:path`` (relative to ``folder``)."""

    places: Mapping[str, str]
    folder: Path
    environment: Mapping[str, str]

    def get(self, name: str) -> str:
        """The secret called ``name``; a file's last line break is not part of it. Raises SecretMissing."""
        place = self.places.get(name)
        if place is None:
            raise SecretMissing(f"secret {name!r} has no place: add it to 'secrets' in config/hub.yaml")
        kind, _, where = place.partition(":")
        return self._from_environment(name, where) if kind == "env" else self._from_file(name, where)

    def _from_environment(self, name: str, variable: str) -> str:
        value = self.environment.get(variable)
        if not value:
            raise SecretMissing(f"secret {name!r}: the environment has no variable {variable}")
        return value

    def _from_file(self, name: str, where: str) -> str:
        file = self.folder / where
        try:
            value = file.read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SecretMissing(
                f"secret {name!r}: {where} cannot be read ({type(error).__name__})"
            ) from error
        if not value:
            raise SecretMissing(f"secret {name!r}: {where} is empty")
        return value

"""What codes stand for in words that a citizen reads: config/words.yaml."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from broker.config.base import Frozen


class WordLists(Frozen):
    """Lists of codes with their Vietnamese words."""

    lists: Mapping[str, Mapping[str, str]] = Field(min_length=1)
    """Name of a canonical simple type, or name or path of a field → code → words."""

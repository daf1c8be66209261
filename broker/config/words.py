"""What codes stand for in words that a citizen reads: config/words.yaml."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from broker.config.base import Frozen, Name


class WordLists(Frozen):
    """Lists of codes with their Vietnamese words."""

    names: Mapping[str, Name] = {}
    """Name of the list → code table from words to codes; of several words for a code the first is used."""
    words: Mapping[str, Name] = {}
    """Name of the list → code table from codes to words."""
    lists: Mapping[str, Mapping[str, str]] = Field(min_length=1)
    """Name of a canonical simple type, or name or path of a field → code → words."""

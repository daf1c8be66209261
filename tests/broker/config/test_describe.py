"""What can be set, told from models."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from broker.config.describe import own, settings


class Colour(StrEnum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


class Inner(BaseModel):
    """A table inside."""

    size: int = Field(3, description="how  large\n it is")
    again: Inner | None = Field(None, description="the same once more")


class Outer(BaseModel):
    """A table."""

    name: str = Field(description="what it is called")
    wait: timedelta = Field(timedelta(minutes=90), description="how long")
    colours: frozenset[Colour] = Field(frozenset(Colour), description="which")
    mode: Literal["a", "b"] = Field("a", alias="how", description="how")
    one: Inner = Field(default_factory=Inner, description="one")
    many: Mapping[str, tuple[Inner, ...]] = Field(default_factory=dict, description="many")
    either: Annotated[int | None, Field(description="perhaps")] = None
    on: bool = Field(True, description="whether")


def test_places() -> None:
    """Inner tables follow their own, with ``*`` for names and positions; a table inside itself ends there."""
    assert [one.place for one in settings(Outer)] == [
        "name",
        "wait",
        "colours",
        "how",
        "one",
        "one.size",
        "one.again",
        "many",
        "many.*.*.size",
        "many.*.*.again",
        "either",
        "on",
    ]


@pytest.mark.parametrize(
    ("place", "type_", "default"),
    [
        ("name", "text", ""),
        ("wait", "duration", "90m"),
        ("colours", "list of red, blue", "blue, red"),
        ("how", "a, b", "a"),
        ("one", "settings", ""),
        ("many", "name → list of settings", ""),
        ("either", "whole number", ""),
        ("on", "yes or no", "yes"),
    ],
)
def test_words(place: str, type_: str, default: str) -> None:
    """Types and defaults are told as files write them."""
    (found,) = [one for one in own(Outer) if one.place == place]
    assert (found.type, found.default, found.required) == (type_, default, place == "name")


def test_description_is_one_line() -> None:
    """However the code breaks it."""
    assert next(own(Inner)).description == "how large it is"
    assert [one.models for one in own(Outer) if one.place == "many"] == [(Inner,)]

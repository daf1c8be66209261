"""How an agency's document looks on paper: config/forms/<mapping>.yaml, in the order of the form that people know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from broker.config.base import Frozen, Name


def _paths(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Paths = Annotated[tuple[str, ...], BeforeValidator(_paths)]
"""One path in the agency's document, or several."""


class Shown(Frozen):
    """A value on paper."""

    label: str = ""
    """What stands before it, with the form's own number."""
    paths: Paths = Field(default=(), alias="from")
    """Where in the agency's document; local names from below the root, several are joined."""
    joined: Annotated[str, StringConstraints(strip_whitespace=False)] = Field(default=", ", alias="with")
    """What stands between several."""
    show: Literal["text", "date", "upper"] = "text"
    """As it is, as day/month/year, or in capitals."""
    words: Mapping[str, str] = {}
    """Code in the document → words on paper."""
    width: int = Field(default=1, ge=1, le=20)
    """Of a column of a table: its share of the paper."""
    boxes: int | None = Field(default=None, ge=1, le=20)
    """Number of boxes, one for each character."""


class Row(Shown):
    """One line of a form: a value, a heading, a sentence, a table or the place for signatures."""

    heading: str | None = None
    """A heading instead of a value."""
    text: str | None = None
    """A sentence of the form."""
    table: str | None = None
    """Path of a repeated element: each occurrence is a row of a table."""
    columns: tuple[Shown, ...] = ()
    """Columns of the table; paths are below the repeated element."""
    signatures: tuple[str, ...] = ()
    """Who signs, from left to right."""


class FormLayout(Frozen):
    """A form on paper, made from the document that a mapping makes."""

    mapping: Name
    """The mapping; the file's name."""
    number: str = ""
    """Number of the form, such as CT01."""
    issued: str = ""
    """The circular or decision that the form belongs to."""
    title: str
    """The form's title."""
    addressed: Shown | None = None
    """Kính gửi: to whom it is addressed."""
    rows: tuple[Row, ...] = Field(min_length=1)
    """The form, from top to bottom."""

"""What can be set, told from the models themselves: for the command line and for the reference pages."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from enum import Enum
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

_WORDS: Mapping[Any, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "yes or no",
    date: "day",
    time: "time of day",
    timedelta: "duration",
    type(None): "nothing",
}


Model: TypeAlias = type[BaseModel]


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set. ``place`` is its dotted key; ``*`` stands for a name or a position.

    ``models`` are those of the settings inside it.
    """

    place: str
    type: str
    required: bool
    default: str
    description: str
    models: tuple[Model, ...] = ()


def own(model: Model, place: str = "") -> Iterator[Setting]:
    """What can be set in ``model`` itself, in order."""
    for name, field in model.model_fields.items():
        models = tuple(inner for inner, _ in _models(field.annotation))
        yield Setting(
            f"{place}{field.alias or name}",
            _type(field.annotation),
            field.is_required(),
            _default(field),
            " ".join((field.description or "").split()),
            models,
        )


def settings(model: Model, place: str = "", seen: tuple[Model, ...] = ()) -> Iterator[Setting]:
    """Everything that can be set in ``model`` and the models inside it, in their order."""
    for setting, field in zip(own(model, place), model.model_fields.values(), strict=True):
        yield setting
        for inner, suffix in _models(field.annotation):
            if inner not in seen:
                yield from settings(inner, f"{setting.place}{suffix}.", (*seen, model, inner))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return ""
    if field.default_factory is not None or field.default is PydanticUndefined:
        return ""
    return _shown(field.default)


def _shown(value: Any) -> str:
    if value is None or value == () or value == {}:
        return ""
    if isinstance(value, BaseModel):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, timedelta):
        return _duration(value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, (tuple, list, set, frozenset)):
        parts = [_shown(one) for one in value]
        return ", ".join(sorted(parts) if isinstance(value, (set, frozenset)) else parts)
    return str(value)


def _duration(value: timedelta) -> str:
    """As config files write it."""
    milliseconds = round(value / timedelta(milliseconds=1))
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def _type(annotation: Any) -> str:
    annotation, origin, parts = _taken_apart(annotation)
    if origin is Literal:
        return ", ".join(str(part) for part in parts)
    if origin in (Union, types.UnionType):
        return " or ".join(_type(part) for part in parts if part is not type(None))
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return f"name → {_type(parts[1])}"
    if origin in (tuple, list, set, frozenset):
        return f"list of {_type(parts[0])}" if parts else "list"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return ", ".join(str(member.value) for member in annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "settings"
    return _WORDS.get(annotation, getattr(annotation, "__name__", str(annotation)).lower())


def _models(annotation: Any) -> Iterator[tuple[Model, str]]:
    """The models inside a type, each with what its keys are reached by."""
    annotation, origin, parts = _taken_apart(annotation)
    if isinstance(annotation, type) and origin is None:
        if issubclass(annotation, BaseModel):
            yield annotation, ""
        return
    mapping = isinstance(origin, type) and issubclass(origin, Mapping)
    nested = ".*" if mapping or origin in (tuple, list, set, frozenset) else ""
    for part in parts[1:] if mapping else parts:
        yield from ((model, nested + suffix) for model, suffix in _models(part))


def _taken_apart(annotation: Any) -> tuple[Any, Any, tuple[Any, ...]]:
    """A type without its decorations, its origin and its arguments."""
    while get_origin(annotation) is typing.Annotated:
        annotation = get_args(annotation)[0]
    return annotation, get_origin(annotation), get_args(annotation)

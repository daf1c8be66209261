"""Turns an output that is not valid into problems of fields: by the declared run-time checks, in words for
officers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lxml import etree

from broker.mapping.checks import RuntimeCheck, target_space
from broker.mapping.errors import Problem
from broker.mapping.rules import Block, Parameter
from broker.mapping.runtime import problem
from broker.mapping.schema import Field
from broker.mapping.values import Space, allows, longest


def problems(
    root: Block,
    output: etree._Element,
    checks: Mapping[str, RuntimeCheck],
    noted: Sequence[Problem],
    log: Sequence[str],
) -> list[Problem]:
    """What the functions noted, then what the output's fields fail; at least one problem.

    ``log`` is the schema validator's own: it is told, as an unforeseen problem, only if no field explains it.
    """
    found = list(noted)
    told = {one.path for one in noted}
    for one in _walk(root.target, output, checks):
        if one.path not in told:
            found.append(one)
            told.add(one.path)
    if not found:
        why = "; ".join(log[:3])
        found.append(
            Problem(".", ".", f"Kết quả không hợp lược đồ ({why}).", f"The output is not valid ({why}).")
        )
    return found


def _walk(field: Field, element: etree._Element, checks: Mapping[str, RuntimeCheck]) -> Iterator[Problem]:
    """Faults of one element and everything below."""
    path = field.path or "."
    if field.space is not None:
        yield from _text(field, path, element.text or "", checks)
    for attribute in field.attributes:
        value = element.get(attribute.qname)
        if value is not None:
            yield from _text(attribute, attribute.path, value, checks)
        elif attribute.minimum:
            yield _of(checks, attribute.path, "empty")
    counts: dict[str, int] = {}
    known = {child.qname: child for child in field.children.values() if not child.attribute}
    for child in element:
        if isinstance(child.tag, str) and child.tag in known:
            counts[child.tag] = counts.get(child.tag, 0) + 1
            yield from _walk(known[child.tag], child, checks)
    yield from _counts(known, counts, checks)


def _counts(
    known: Mapping[str, Field], counts: Mapping[str, int], checks: Mapping[str, RuntimeCheck]
) -> Iterator[Problem]:
    for name, child in known.items():
        found = counts.get(name, 0)
        if child.maximum is not None and found > child.maximum:
            yield _of(checks, child.path, "count", f"{found} > {child.maximum}")
        elif found == 0 and f"{child.path}#empty" in checks:
            yield _of(checks, child.path, "empty")


def _text(field: Field, path: str, text: str, checks: Mapping[str, RuntimeCheck]) -> Iterator[Problem]:
    if not text:
        if not field.may_be_empty:
            yield _of(checks, path, "empty")
    elif not allows(target_space(field), text):
        yield _of(checks, path, "value", _detail(target_space(field), text))


def _detail(space: Space, text: str) -> str:
    """What is wrong, without telling the value."""
    most = longest(space)
    if most is not None and len(text) > most:
        return f"{len(text)} > {most}"
    return ""


def _of(checks: Mapping[str, RuntimeCheck], path: str, kind: str, detail: str = "") -> Problem:
    check = checks.get(f"{path}#{kind}")
    if check is None and kind == "empty":
        check = checks.get(f"{path}#value")
    return problem(check, path, kind, detail)


def parameters(declared: Mapping[str, Parameter], passed: Mapping[str, str]) -> list[Problem]:
    """Parameters that are missing, unknown or not of their type."""
    found = [
        _parameter(name, "không có trong ánh xạ", "is not declared")
        for name in passed
        if name not in declared
    ]
    for name, parameter in declared.items():
        value = passed.get(name, "")
        if value and not allows(parameter.space, value):
            found.append(_parameter(name, "không hợp kiểu", "is not of its type"))
        elif not value and not (parameter.optional or parameter.may_be_empty):
            found.append(_parameter(name, "bị thiếu", "is missing"))
    return found


def _parameter(name: str, vi: str, en: str) -> Problem:
    return Problem(".", name, f"Tham số {name} {vi}.", f"The parameter {name} {en}.", "parameter")

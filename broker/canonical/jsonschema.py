"""The JSON form described in JSON Schema 2020-12, as OpenAPI 3.1 wants it; made from the XSD, so that it
cannot disagree.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from broker.canonical.plan import Element, Value
from broker.canonical.words import shape_of

_FORMATS = {"date": "date", "dateTime": "date-time"}
_REF = "#/components/schemas/"


def json_schemas(elements: Mapping[str, Element], roots: Iterable[str]) -> dict[str, Any]:
    """Schemas of ``roots`` and of every named type that they use, by name, to stand under
    ``components/schemas``.
    """
    schemas: dict[str, Any] = {}
    for name in roots:
        schemas[name] = _object(elements[name], schemas)
    return dict(sorted(schemas.items()))


def _element(plan: Element, schemas: dict[str, Any]) -> dict[str, Any]:
    """The schema of one occurrence, with its label."""
    if plan.opaque:
        schema: dict[str, Any] = {"type": "string", "contentMediaType": "application/xml"}
    elif plan.value is not None:
        schema = _leaf(plan)
    elif plan.type_name is None:
        schema = _object(plan, schemas)
    else:
        if plan.type_name not in schemas:
            schemas[plan.type_name] = {}  # holds the place while its members are described
            schemas[plan.type_name] = _object(plan, schemas)
        schema = {"$ref": _REF + plan.type_name}
    label = " / ".join(text for text in (plan.label.vi, plan.label.en) if text)
    if label:
        schema["description"] = label
    return {"type": "array", "items": schema} if plan.many else schema


def _object(plan: Element, schemas: dict[str, Any]) -> dict[str, Any]:
    """An object with the members of the schema and no others."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    rules: list[dict[str, Any]] = []
    for slot in plan.slots:
        names = [option.name for option in slot.options]
        for option in slot.options:
            properties[option.name] = _bounded(_element(option, schemas), slot.minimum, slot.maximum)
        if len(names) == 1:
            required += names if slot.minimum else []
            continue
        if slot.minimum:
            rules.append({"anyOf": [{"required": [name]} for name in names]})
        rules += [{"not": {"required": list(pair)}} for pair in itertools.combinations(names, 2)]
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = required
    return {**schema, "allOf": rules} if rules else schema


def _bounded(schema: dict[str, Any], minimum: int, maximum: int | None) -> dict[str, Any]:
    if schema.get("type") != "array":
        return schema
    most = {} if maximum is None else {"maxItems": maximum}
    return {**schema, "minItems": minimum, **most} if minimum else {**schema, **most}


def _leaf(plan: Element) -> dict[str, Any]:
    """A value, or an object of value and attributes."""
    assert plan.value is not None
    value = _value(plan.value)
    if not plan.attributes:
        return value
    attributes = {attribute.name: _value(attribute.value) for attribute in plan.attributes}
    required = ["value", *(attribute.name for attribute in plan.attributes if attribute.required)]
    whole = {
        "type": "object",
        "properties": {"value": value, **attributes},
        "required": required,
        "additionalProperties": False,
    }
    return whole if len(required) > 1 else {"oneOf": [value, whole]}


def _value(value: Value) -> dict[str, Any]:
    """The value space. White space around a value does not count in XML, so lengths are those without it."""
    if value.base == "boolean":
        return {"type": "boolean"}
    if value.base == "int":
        bounds = {"minimum": value.minimum, "maximum": value.maximum}
        return {"type": "integer", **{name: bound for name, bound in bounds.items() if bound is not None}}
    facets = {
        "format": _FORMATS.get(value.base),
        "minLength": value.min_length,
        "maxLength": value.max_length,
        "enum": list(value.enumeration) or None,
        "pattern": f"^(?:{value.patterns[-1]})$" if value.patterns else None,
        "title": said.en if (said := shape_of(value)) is not None else None,
    }
    return {"type": "string", **{name: facet for name, facet in facets.items() if facet is not None}}

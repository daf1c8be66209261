from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from broker.canonical.jsonform import JsonForm
from broker.canonical.jsonschema import json_schemas
from broker.canonical.schemas import Schemas
from tests.broker.canonical.generated import documents
from tests.broker.canonical.samples import PROJECT, SUBMIT

SCHEMAS = Schemas(PROJECT)
COMPONENTS = json_schemas(SCHEMAS.elements, SCHEMAS.elements)
_TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def accepts(schema: dict[str, Any], value: Any) -> bool:
    """Whether ``value`` is valid: the part of JSON Schema that we write."""
    if "$ref" in schema:
        return accepts(COMPONENTS[schema["$ref"].rpartition("/")[2]], value)
    if "oneOf" in schema:
        return sum(accepts(option, value) for option in schema["oneOf"]) == 1
    if type(value) is not _TYPES[schema["type"]]:
        return False
    if isinstance(value, str):
        pattern, enum = schema.get("pattern", ""), schema.get("enum", [value])
        return (
            re.search(pattern, value) is not None
            and value in enum
            and len(value) <= schema.get("maxLength", 1 << 30)
        )
    if isinstance(value, list):
        counts = schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 1 << 30)
        return counts and all(accepts(schema["items"], item) for item in value)
    return not isinstance(value, dict) or _accepts_object(schema, value)


def _accepts_object(schema: dict[str, Any], value: dict[str, Any]) -> bool:
    known = all(
        name in schema["properties"] and accepts(schema["properties"][name], item)
        for name, item in value.items()
    )
    rules = all(
        any(_has(value, one) for one in rule["anyOf"]) if "anyOf" in rule else not _has(value, rule["not"])
        for rule in schema.get("allOf", [])
    )
    return known and rules and _has(value, schema)


def _has(value: dict[str, Any], schema: dict[str, Any]) -> bool:
    return all(name in value for name in schema.get("required", []))


@pytest.mark.parametrize("root", ["SubmitRequest", "StatusResponse", "ReportRequest", "Problems"])
def test_the_schema_accepts_what_the_form_writes(root: str) -> None:
    """The JSON of any valid document is valid for the generated schema."""
    form = JsonForm(SCHEMAS.elements)

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(documents(SCHEMAS.elements[root]))
    def accepted(node: Any) -> None:
        assert accepts(COMPONENTS[root], json.loads(form.to_json(node)))

    accepted()


def test_the_schema_refuses_what_the_xsd_refuses() -> None:
    """A number too long, a member too many and a member too few are not valid."""
    sample = json.loads(JsonForm(SCHEMAS.elements).to_json(SUBMIT))
    assert accepts(COMPONENTS["SubmitRequest"], sample)
    assert not accepts(COMPONENTS["SubmitRequest"], {**sample, "Extra": "1"})
    assert not accepts(COMPONENTS["SubmitRequest"], {**sample, "MessageId": "short"})
    del sample["Actor"]["Unit"]
    assert not accepts(COMPONENTS["SubmitRequest"], sample)


def test_choices_are_exclusive() -> None:
    """A result paper has its content or its hash, not both and not neither."""
    paper = {"Kind": "KQ", "FileName": "a.pdf", "MediaType": "application/pdf"}
    assert accepts(COMPONENTS["Document"], {**paper, "Content": "AA=="})
    assert not accepts(COMPONENTS["Document"], paper)
    assert not accepts(COMPONENTS["Document"], {**paper, "Content": "AA==", "SHA256": "0a" * 32})


def test_references_lead_somewhere_and_labels_are_kept() -> None:
    """Every reference has its component, and fields carry their Vietnamese names."""
    text = json.dumps(COMPONENTS, ensure_ascii=False)
    assert set(re.findall(r"#/components/schemas/(\w+)", text)) <= set(COMPONENTS)
    assert "Số định danh cá nhân / Personal number" in text

from __future__ import annotations

import json
import re

import pytest

from broker.canonical.schemas import Schemas
from broker.web.openapi import ROOTS
from tests.broker.web.serving import Caller


def test_the_description_is_public_and_complete(call: Caller) -> None:
    """OpenAPI 3.1 with every document, the key, and no reference that leads nowhere."""
    described = call("GET", "/api/openapi.json", key=None).json()
    assert described["openapi"] == "3.1.0"
    assert set(ROOTS) <= set(described["components"]["schemas"])
    references = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(described)))
    assert references <= set(described["components"]["schemas"])
    assert "HTTPValidationError" not in json.dumps(described)


def test_every_operation_says_what_may_happen(call: Caller) -> None:
    """Each operation has an id, a summary in Vietnamese and the refusals that callers must expect."""
    described = call("GET", "/api/openapi.json", key=None).json()
    operations = [operation for path in described["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations) == 10
    assert all({"401", "429", "503"} <= set(operation["responses"]) for operation in operations)
    assert not any(operation["summary"].isascii() for operation in operations)


def test_examples_in_json_are_the_examples_in_xml(call: Caller) -> None:
    """Every request document is illustrated in both forms."""
    described = call("GET", "/api/openapi.json", key=None).json()
    content = described["paths"]["/api/v1/dossiers"]["post"]["requestBody"]["content"]
    assert content["application/json"]["example"]["BirthDeclaration"]["Mother"]["Name"]["Given"] == "Mai"
    assert "<Given>Mai</Given>" in content["application/xml"]["example"]


@pytest.mark.parametrize("root", [root for root in ROOTS if root.endswith("Request")])
def test_examples_are_there(schemas: Schemas, root: str) -> None:
    """No request document is without an example."""
    from broker.web.examples import DOCUMENTS

    assert root in DOCUMENTS

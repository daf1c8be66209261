"""What a file says about itself has one form."""

from __future__ import annotations

import json

import pytest

from tests.evidence import building
from tests.evidence.building import evidence
from tests.evidence.reading import Verify, errors


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"version": True},
        {"kind": "letter"},
        {"kind": ["message"]},
        {"subject": ""},
        {"made": "2026-09-01 08:30"},
        {"made": "2026-13-01T00:00:00Z"},
        {"size": -1},
        {"size": 1.5},
        {"size": 10**30},
        {"root": "AAAA"},
        {"timestamp": {"authority": "x"}},
        {"timestamp": []},
        {"entries": {}},
        {"entries": []},
        {"entries": [1]},
        {"entries": [{"index": 1, "salt": "zz", "body": "../x", "media_type": "text/xml"}]},
        {"entries": [{"index": 9, "salt": None, "body": None, "media_type": "text/xml"}]},
        {"entries": [{"index": 1, "salt": None, "body": "bodies/2.xml", "media_type": "text/xml"}]},
        {"stray": 1},
        {"first": 0, "stop": 5},
    ],
    ids=lambda change: json.dumps(change)[:40],
)
def test_statement_out_of_form(verify: Verify, change: dict[str, object]) -> None:
    """The statement has one form; what departs from it is named."""
    draft = evidence()
    draft.statement |= change
    assert ("statement", "evidence.json") in errors(verify(draft))


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"version":1,"version":1}', b"NaN"]
)
def test_statement_not_json(verify: Verify, data: bytes) -> None:
    """Anything instead of the statement is refused, whatever it is."""
    files = evidence().files | {"evidence.json": data}
    assert ("statement", "evidence.json") in errors(verify(building.seal(files)))

"""Templates fill their holes, escape what they fill in, and never leave a hole."""

from __future__ import annotations

import pytest

from adapters import templates
from adapters.base import Request
from signing.xml import parse

REQUEST = Request("Submit", b"", "key-1", {"officer": "Trần & Bé", "empty": ""})
PAYLOAD = parse(b'<d xmlns="urn:d" ma="7"><a><b>text</b><c/></a></d>')


def fill(template: str) -> str:
    """The template, filled."""
    return templates.fill(templates.check(template), REQUEST, PAYLOAD, lambda: "new")


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain", "plain"),
        ("{key}/{id}", "key-1/new"),
        ("{context:officer}", "Trần & Bé"),
        ("{payload:a/b}", "text"),
        ("{attribute:@ma}", "7"),
    ],
)
def test_holes_are_filled(template: str, expected: str) -> None:
    """From key, identifiers, context, elements and attributes."""
    assert fill(template) == expected


@pytest.mark.parametrize(
    "template", ["{context:unit}", "{context:empty}", "{payload:a/c}", "{payload:x}", "{attribute:a/@b}"]
)
def test_hole_without_value_is_an_error(template: str) -> None:
    """Nothing is sent with an empty place in it."""
    with pytest.raises(ValueError, match="nothing to put in place"):
        fill(template)


@pytest.mark.parametrize("template", ["{kye}", "{}", "{payload:../x y}", "{context:}"])
def test_unknown_hole_is_refused_early(template: str) -> None:
    """When the settings are read."""
    with pytest.raises(ValueError, match="unknown"):
        templates.check(template)


def test_xml_is_escaped() -> None:
    """A value cannot become markup, in content or in an attribute."""
    request = Request("Submit", b"", '"<&', {})
    filled = templates.fill_xml('<q k="{key}">{key}</q>', request, None, str)
    root = parse(filled)
    assert (root.get("k"), root.text) == ('"<&', '"<&')


def test_payload_is_needed_for_its_holes() -> None:
    """Without a payload there is nothing to take from."""
    with pytest.raises(ValueError, match="nothing"):
        templates.fill("{payload:a}", REQUEST, None, str)

from __future__ import annotations

import pytest

from broker.canonical.jsonform import JsonForm
from broker.canonical.schemas import Schemas
from broker.errors import Conflict, Forbidden, HubError, Invalid, NotFound, NotNow, TooMany
from broker.model import Problem
from broker.web.exchange import HttpRefusal
from broker.web.rendering import Form, Renderer, form_of_body, retry_headers, wanted


@pytest.mark.parametrize(
    ("accept", "default", "form"),
    [
        (None, "xml", "xml"),
        ("", "json", "json"),
        ("*/*", "xml", "xml"),
        ("*/*", "json", "json"),
        ("application/json", "xml", "json"),
        ("text/xml", "json", "xml"),
        ("application/xml;q=0.5, application/json;q=0.4", "json", "xml"),
        ("text/html, application/json;q=0.9, */*;q=0.1", "xml", "json"),
        ("application/json;q=0, */*", "json", "xml"),
        ("*/*, application/json;q=0", "json", "xml"),
        ("application/*;q=0.3, text/xml;q=0.2", "xml", "json"),
        ("APPLICATION/XML ; Q=1", "json", "xml"),
    ],
)
def test_accept(accept: str | None, default: Form, form: Form) -> None:
    """The best welcome form is taken, the request's own if both are as welcome."""
    assert wanted(accept, default) == form


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "*/*;q=0", "application/json;q=x"])
def test_not_acceptable(accept: str) -> None:
    """A caller that accepts neither form is told so."""
    with pytest.raises(HttpRefusal) as caught:
        wanted(accept, "json")
    assert caught.value.status == 406


def test_forms_of_bodies() -> None:
    """JSON and the two names of XML are read."""
    kinds = ["application/json", "text/xml", "application/xml", "text/plain", "*/*", ""]
    assert [form_of_body(kind) for kind in kinds] == ["json", "xml", "xml", None, None, None]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Invalid([Problem("A", "a", "b")]), 422),
        (Conflict("a", "b"), 409),
        (NotFound(), 404),
        (Forbidden(), 403),
        (NotNow(), 503),
        (TooMany(), 429),
        (HubError([Problem(None, "a", "b")]), 400),
        (HttpRefusal(418, "tea", "trà", "tea"), 418),
        (KeyError("secret"), 500),
    ],
)
def test_every_error_is_a_valid_problems_document(schemas: Schemas, error: Exception, status: int) -> None:
    """Each class has its status; the document keeps its schema and no secret."""
    answer = Renderer(JsonForm(schemas.elements)).error(error, "xml")
    assert answer.status == status
    assert schemas.validate(answer.body, "Problems") == []
    assert b"secret" not in answer.body


def test_retry_after_is_in_whole_seconds() -> None:
    """At least one second, rounded up; nothing for errors that do not pass."""
    assert retry_headers(NotNow(0.1)) == {"Retry-After": "1"}
    assert retry_headers(NotNow(1.5)) == {"Retry-After": "2"}
    assert retry_headers(NotFound()) == {}

"""Answers as the caller likes them: canonical documents as XML or JSON, errors as Problems in either."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, TypeAlias

from adapters.base import Answer
from broker.canonical import build
from broker.canonical.jsonform import JsonForm
from broker.errors import Conflict, Forbidden, HubError, Invalid, NotFound, NotNow, TooMany
from broker.model import Problem
from broker.web.exchange import HttpRefusal

Form: TypeAlias = Literal["json", "xml"]
"""How a document is written."""

CONTENT_TYPE: dict[Form, str] = {"json": "application/json", "xml": "application/xml; charset=utf-8"}

_FORMS: dict[str, Form] = {"application/json": "json", "application/xml": "xml", "text/xml": "xml"}
_RANGES: dict[Form, tuple[tuple[str, ...], ...]] = {
    "json": (("application/json",), ("application/*",), ("*/*",)),
    "xml": (("application/xml", "text/xml"), ("application/*", "text/*"), ("*/*",)),
}
"""Media ranges that mean a form, the most specific first: those decide (RFC 9110 §12.5.1)."""

_STATUS: tuple[tuple[type[HubError], int], ...] = (
    (Invalid, 422),
    (Conflict, 409),
    (NotFound, 404),
    (Forbidden, 403),
    (TooMany, 429),
    (NotNow, 503),
)


def form_of_body(media_type: str) -> Form | None:
    """The form of a request body; None if it is neither."""
    return _FORMS.get(media_type)


def wanted(accept: str | None, default: Form) -> Form:
    """The form that an Accept field asks for (RFC 9110 §12.5.1), ``default`` if both are as welcome.

    Raises `HttpRefusal` 406 if it asks for neither.
    """
    if not accept:
        return default
    parts = [item.lower().partition(";") for item in accept.split(",")]
    ranges = {media_range.strip(): _quality(parameters) for media_range, _, parameters in parts}
    forms: tuple[Form, ...] = ("json", "xml")
    best = max(forms, key=lambda form: (_welcome(form, ranges), form == default))
    if _welcome(best, ranges) <= 0:
        vi, en = "Chỉ trả lời bằng application/json hoặc application/xml.", "Answers are JSON or XML only."
        raise HttpRefusal(406, "not-acceptable", vi, en)
    return best


def _welcome(form: Form, ranges: Mapping[str, float]) -> float:
    """How welcome a form is, by the most specific range that speaks of it."""
    for names in _RANGES[form]:
        if given := [ranges[name] for name in names if name in ranges]:
            return max(given)
    return 0.0


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


class Renderer:
    """Writes answers."""

    def __init__(self, form: JsonForm) -> None:
        """``form`` turns canonical documents into JSON."""
        self._form = form

    def document(
        self, status: int, document: bytes, form: Form, headers: dict[str, str] | None = None
    ) -> Answer:
        """An answer with a canonical document."""
        body = document if form == "xml" else self._form.to_json(document)
        return Answer(status, body, CONTENT_TYPE[form], headers or {})

    def error(self, error: Exception, form: Form) -> Answer:
        """Any error as Problems, with the status that fits; of an unknown one nothing is told."""
        if isinstance(error, HttpRefusal):
            problems = build.problems(error.reason, [Problem(None, error.vi, error.en)])
            return self.document(error.status, problems, form, error.headers)
        if not isinstance(error, HubError):
            return self.document(500, build.problems("failed", [_OURS]), form)
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), 400)
        return self.document(status, build.problems(error.reason, error.problems), form, retry_headers(error))


def retry_headers(error: Exception) -> dict[str, str]:
    """Retry-After in whole seconds, for errors that pass."""
    return {"Retry-After": str(max(1, math.ceil(error.retry_after)))} if isinstance(error, NotNow) else {}


_OURS = Problem(
    None,
    "Hệ thống gặp sự cố khi xử lý yêu cầu; vui lòng gửi lại sau.",
    "The hub failed while handling the request; please send it again later.",
)

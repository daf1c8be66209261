from __future__ import annotations

import pytest

from signing import errors


@pytest.mark.parametrize(
    "kind", [errors.SignatureInvalid, errors.Replayed, errors.Untrusted, errors.KeyProblem]
)
def test_every_error_explains_itself(kind: type[errors.SigningError]) -> None:
    """Without a reason, the class's own sentence is the text."""
    error = kind()
    assert error.reason == str(error) == (kind.__doc__ or "").strip()


def test_a_reason_replaces_the_sentence() -> None:
    """A given reason is what people read."""
    assert errors.Untrusted("expired").reason == "expired"


def test_refused_xml_names_its_line() -> None:
    """The line is in the text and, for programs, in an attribute."""
    assert str(errors.XmlRefused("not XML", 7)) == "not XML (line 7)"
    assert errors.XmlRefused("not XML", 7).line == 7
    assert str(errors.XmlRefused("too long")) == "too long"


def test_every_error_is_named_in_the_tree() -> None:
    """The drawing in the module's docstring is complete."""
    kinds = [name for name, value in vars(errors).items() if isinstance(value, type)]
    assert all(kind in (errors.__doc__ or "") for kind in kinds)

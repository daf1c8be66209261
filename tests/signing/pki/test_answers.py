from __future__ import annotations

from datetime import timedelta

import pytest

from signing.errors import RevocationUnknown, Revoked
from signing.pki.answers import Answer, decide, effective
from tests.chains import issue
from tests.pki import NOW

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CERTIFICATE = issue("judged", issue("ca", authority=True)).certificate
GOOD = Answer(NOW - HOUR, NOW + DAY)


def test_a_fresh_answer_clears() -> None:
    """Until its end, end included."""
    decide([GOOD], CERTIFICATE, NOW)
    decide([GOOD], CERTIFICATE, NOW + DAY)
    with pytest.raises(RevocationUnknown, match="too old"):
        decide([GOOD], CERTIFICATE, NOW + DAY + HOUR)


def test_grace_lengthens_an_answer() -> None:
    """While a responder is down, its last answer serves a while longer."""
    decide([GOOD], CERTIFICATE, NOW + DAY + HOUR, grace=HOUR)
    with pytest.raises(RevocationUnknown):
        decide([GOOD], CERTIFICATE, NOW + DAY + 2 * HOUR, grace=HOUR)


def test_no_answer() -> None:
    """Silence is not consent."""
    with pytest.raises(RevocationUnknown, match="there is no answer"):
        decide([], CERTIFICATE, NOW)


def test_an_answer_from_the_future_is_not_believed() -> None:
    """A responder whose clock is wrong, or who prepares answers for later."""
    ahead = Answer(NOW + DAY, NOW + 2 * DAY)
    with pytest.raises(RevocationUnknown):
        decide([ahead], CERTIFICATE, NOW, now=NOW)
    decide([ahead], CERTIFICATE, NOW)  # years later, an answer of the next day is as good as one of the same


def test_an_answer_after_the_end_of_the_certificate_clears_nothing() -> None:
    """Issuers forget expired certificates: silence about one says nothing."""
    late = Answer(NOW + 400 * DAY, NOW + 401 * DAY)
    with pytest.raises(RevocationUnknown):
        decide([late], CERTIFICATE, NOW)


def test_a_revocation_counts_from_its_day() -> None:
    """What was signed before stays good; what was signed then or later does not, however old the answer is."""
    gone = Answer(NOW - HOUR, NOW + DAY, since=NOW, why="superseded")
    decide([gone], CERTIFICATE, NOW - HOUR)
    for later in (timedelta(), 300 * DAY):
        with pytest.raises(Revoked, match=r"revoked on 2026-09-01 08:30 UTC \(superseded\)") as caught:
            decide([gone], CERTIFICATE, NOW + later)
        assert (caught.value.since, caught.value.why) == (NOW, "superseded")


def test_one_bad_word_outweighs_good_ones() -> None:
    """A list that has not heard of it yet does not bring a certificate back."""
    gone = Answer(NOW - 2 * HOUR, NOW + DAY, since=NOW - 3 * HOUR)
    with pytest.raises(Revoked):
        decide([GOOD, gone], CERTIFICATE, NOW)


def test_a_hold_ends_with_a_newer_answer() -> None:
    """A hold is the one revocation that can be lifted (RFC 5280 §5.3.1)."""
    held = Answer(NOW - 2 * HOUR, NOW + DAY, since=NOW - 3 * HOUR, why="certificateHold")
    with pytest.raises(Revoked):
        decide([held], CERTIFICATE, NOW)
    decide([held, GOOD], CERTIFICATE, NOW)
    older = Answer(NOW - 3 * HOUR, NOW + DAY)
    with pytest.raises(Revoked):
        decide([held, older], CERTIFICATE, NOW)


def test_an_answer_about_some_reasons_cannot_clear() -> None:
    """It can condemn."""
    with pytest.raises(RevocationUnknown):
        decide([Answer(NOW - HOUR, NOW + DAY, complete=False)], CERTIFICATE, NOW)
    with pytest.raises(Revoked):
        decide([Answer(NOW - HOUR, NOW + DAY, since=NOW - HOUR, complete=False), GOOD], CERTIFICATE, NOW)


@pytest.mark.parametrize(
    ("why", "counts"),
    [
        ("keyCompromise", True),
        ("cACompromise", True),
        (None, True),
        ("unspecified", True),
        ("superseded", False),
        ("cessationOfOperation", False),
        ("certificateHold", False),
    ],
)
def test_since_when_a_key_is_not_believed(why: str | None, counts: bool) -> None:
    """A key that was in other hands before its revocation made worthless signatures since then."""
    assert effective(NOW, why, NOW - DAY) == (NOW - DAY if counts else NOW)
    assert effective(NOW, why, NOW + DAY) == NOW
    assert effective(NOW, why, None) == NOW

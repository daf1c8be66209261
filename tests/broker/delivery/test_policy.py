"""The class of an error decides what happens next, and when."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from broker.delivery.policy import Ask, Bury, ClassPolicy, Decision, Pause, Retry, RetryPolicy, decide
from broker.model import Outcome
from tests.clock import START

POLICY = RetryPolicy()
CLASSES = [
    "unavailable",
    "throttled",
    "retry",
    "ambiguous",
    "unauthorized",
    "malformed",
    "rejected",
    "failed",
    "data-error",
]
SEEDS = st.integers(0, 2**32)


def after(
    error_class: str, attempt: int = 1, policy: RetryPolicy = POLICY, seed: int = 1, **more: object
) -> Decision:
    """The decision after a failure at `START`."""
    return decide(error_class, attempt, START, policy, rng=random.Random(seed), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error_class", "decision"),
    [
        ("unavailable", Retry),
        ("throttled", Retry),
        ("retry", Retry),
        ("ambiguous", Ask),
        ("unauthorized", Pause),
        ("malformed", Bury),
        ("rejected", Bury),
        ("failed", Bury),
        ("data-error", Bury),
    ],
)
def test_what_each_class_leads_to(error_class: str, decision: type) -> None:
    """Repeat only where nothing was taken in; ask where that is not known; else call a person."""
    assert type(after(error_class)) is decision


def test_an_unknown_class_is_left_to_a_person() -> None:
    """Nobody has said that repeating is safe."""
    decision = after("surprise", detail="x")
    assert isinstance(decision, Bury)
    assert "surprise" in decision.reason


def test_names_that_are_not_classes() -> None:
    """Other fields of the policy are not taken for classes."""
    assert POLICY.of("retry_after_cap") is None
    assert POLICY.of("model_config") is None
    assert all(POLICY.of(error_class) for error_class in CLASSES)


def test_every_failing_outcome_of_an_agency_has_a_policy() -> None:
    """What a report can say about a failure is a class of the policy."""
    failing = {Outcome.RETRY, Outcome.UNAUTHORIZED, Outcome.DATA_ERROR, Outcome.FAILED}
    assert all(POLICY.of(outcome.value) for outcome in failing)


@given(st.integers(1, 10_000), SEEDS)
def test_waiting_grows_to_a_bound(attempt: int, seed: int) -> None:
    """The wait is between nothing and the exponential bound, never beyond the cap, however many attempts."""
    decision = after("unavailable", attempt, seed=seed)
    assert isinstance(decision, Retry)
    rule = POLICY.unavailable
    bound = min(rule.cap, rule.first * rule.factor ** min(attempt - 1, 64))
    assert timedelta(0) <= decision.at - START <= timedelta(seconds=bound)


def test_waits_are_spread() -> None:
    """Deliveries that failed together do not come back together: the waits fill the whole range."""
    waits = [after("unavailable", 10, seed=seed).at - START for seed in range(200)]  # type: ignore[union-attr]
    cap = timedelta(seconds=POLICY.unavailable.cap)
    assert min(waits) < cap / 10
    assert max(waits) > cap * 9 / 10


@given(st.floats(0, 86_400), st.integers(1, 50), SEEDS)
def test_the_agencys_wish_is_kept(wish: float, attempt: int, seed: int) -> None:
    """Nothing is sent before the time that the agency asked for."""
    decision = after("throttled", attempt, seed=seed, retry_after=wish)
    assert isinstance(decision, Retry)
    assert decision.at >= START + timedelta(seconds=wish)


@pytest.mark.parametrize("wish", [1e12, float("inf"), -5.0, float("nan")])
def test_a_strange_wish_is_bounded(wish: float) -> None:
    """An absurd Retry-After neither stops a delivery for years nor breaks the decision."""
    decision = after("throttled", retry_after=wish)
    assert isinstance(decision, Retry)
    bound = POLICY.retry_after_cap + POLICY.throttled.cap
    assert START <= decision.at <= START + timedelta(seconds=bound)


def test_age_has_an_end() -> None:
    """A delivery that was tried for its full age is left to a person, and the reason says so (T15)."""
    created = START - timedelta(days=7)
    decision = after("unavailable", 40, created_at=created, detail="connection refused")
    assert isinstance(decision, Bury)
    assert "7.0 days" in decision.reason
    assert "connection refused" in decision.reason
    assert isinstance(after("unavailable", 40, created_at=created + timedelta(seconds=1)), Retry)


def test_attempts_have_an_end_if_wanted() -> None:
    """With a bound on attempts the last one is the last."""
    policy = RetryPolicy(unavailable=ClassPolicy(action="retry", max_attempts=3))
    kinds = [type(after("unavailable", attempt, policy)) for attempt in (1, 2, 3, 4)]
    assert kinds == [Retry, Retry, Bury, Bury]


def test_a_pause_ends_with_the_wait() -> None:
    """The agency is tried again by itself: a certificate may have been mended at the other side."""
    decision = after("unauthorized")
    assert isinstance(decision, Pause)
    assert decision.at == decision.until
    assert decision.at > START


@pytest.mark.parametrize("error_class", CLASSES)
def test_the_reason_says_why_and_until_when(error_class: str) -> None:
    """Whoever looks at the delivery reads the cause, the detail, and what happens next and when."""
    decision = after(error_class, detail="HTTP 503")
    assert "HTTP 503" in decision.reason
    if isinstance(decision, Bury):
        assert "a person must act" in decision.reason
    else:
        assert decision.at.isoformat(timespec="seconds") in decision.reason


def test_config_is_checked() -> None:
    """A mistyped class, field or action is refused; the name with a dash is the one in config."""
    assert RetryPolicy.model_validate({"data-error": {"action": "retry"}}).data_error.action == "retry"
    for wrong in (
        {"unavailabel": {}},
        {"rejected": {"action": "ignore"}},
        {"rejected": {"action": "bury", "capp": 1}},
    ):
        with pytest.raises(ValidationError):
            RetryPolicy.model_validate(wrong)


def test_every_setting_is_described() -> None:
    """Each field has a description, which is its documentation."""
    for model in (RetryPolicy, ClassPolicy):
        assert all(field.description for field in model.model_fields.values())

"""The checklist of adapters is complete, and what it calls done can be found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.registry import BUILT_IN, get

QUALITY: dict[str, Any] = yaml.safe_load(Path("adapters/quality.yaml").read_text("utf-8"))
TESTS = Path("tests/adapters")


def answers(name: str) -> dict[str, Any]:
    """Rule → answer of one adapter."""
    return dict(QUALITY["adapters"][name])


def test_every_adapter_is_graded() -> None:
    """No adapter without a checklist, no checklist without an adapter."""
    assert set(QUALITY["adapters"]) == set(BUILT_IN)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_rule_has_an_answer(name: str) -> None:
    """Done, or exempt with a reason."""
    assert set(answers(name)) == set(QUALITY["rules"])
    for rule, answer in answers(name).items():
        reason = answer.get("exempt", "") if isinstance(answer, dict) else ""
        assert answer == "done" or len(reason) > 10, rule


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_features_are_as_graded(name: str) -> None:
    """What the checklist calls done is claimed in the declaration, where the contract suite tests it."""
    features, graded = get(name).features, answers(name)
    assert features.signs == (graded["signs"] == "done")
    assert features.verifies == (graded["verifies"] == "done")
    assert features.asks == (graded["asks"] == "done")


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_contract_suite_is_used(name: str) -> None:
    """The adapter's own test file subclasses the suite, with this declaration."""
    module, _, attribute = BUILT_IN[name].partition(":")
    text = (TESTS / f"test_{module.split('.')[1]}.py").read_text("utf-8")
    suite = "ReceiverContract" if get(name).direction == "receive" else "AdapterContract"
    assert f"({suite})" in text
    assert f"spec = {attribute}" in text


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_sandbox_exchange_is_tested(name: str) -> None:
    """An adapter that claims it is built by name in the test against the sandbox."""
    if answers(name)["sandbox"] == "done":
        assert f'"{name}"' in (TESTS / "test_sandbox_agencies.py").read_text("utf-8")

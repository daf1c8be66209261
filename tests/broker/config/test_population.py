"""The policy file of the population check."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from broker.config.population import PopulationConfig


def test_the_file_becomes_a_table_of_decisions() -> None:
    """By person, field and verdict; the unknown is ignored unless the file says otherwise."""
    config = PopulationConfig.model_validate(
        {
            "agency": "dancu",
            "policy": {
                "Mother": {"Name": {"differs": "ask"}, "BirthDate": {"differs": "flag", "unknown": "ask"}}
            },
        }
    )
    assert config.decisions() == {
        ("Mother", "Name", "differs"): "ask",
        ("Mother", "Name", "unknown"): "ignore",
        ("Mother", "BirthDate", "differs"): "flag",
        ("Mother", "BirthDate", "unknown"): "ask",
    }


@pytest.mark.parametrize(
    "policy",
    [
        {"Aunt": {"Name": {"differs": "ask"}}},
        {"Mother": {"Shoe": {"differs": "ask"}}},
        {"Mother": {"Name": {"differs": "shout"}}},
    ],
)
def test_unknown_persons_fields_and_actions_are_refused(policy: dict[str, object]) -> None:
    """A typing error must not switch a check off."""
    with pytest.raises(ValidationError):
        PopulationConfig.model_validate({"agency": "dancu", "policy": policy})

"""What a difference with the population database leads to: config/population.yaml."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from broker.config.base import Frozen, Name
from broker.population import FieldName, Role
from broker.verdicts import Action, Policy


class FieldPolicy(Frozen):
    """What follows for one field of one person."""

    differs: Action
    """When the register holds another value."""
    unknown: Action = "ignore"
    """When the register could not say."""


class PopulationConfig(Frozen):
    """How declarations are checked against the population database."""

    agency: Name
    """Agency that answers look-ups."""
    policy: Mapping[Role, Mapping[FieldName, FieldPolicy]] = Field(min_length=1)
    """Person → field → what follows; what is not named is kept with the dossier and nothing more."""

    def decisions(self) -> Policy:
        """The table that `broker.verdicts.decide` uses."""
        return {
            (role, field, verdict): action
            for role, fields in self.policy.items()
            for field, rule in fields.items()
            for verdict, action in (("differs", rule.differs), ("unknown", rule.unknown))
        }

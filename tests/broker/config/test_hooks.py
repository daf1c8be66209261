"""A client's web hook is an agency like any other."""

from __future__ import annotations

from pathlib import Path

from adapters.registry import get
from broker.config.hooks import agency_of, hook_agencies
from broker.config.hub import Client, WebHook
from broker.config.project import Project

ROOT = Path(__file__).parents[3]


def test_only_clients_with_a_hook_become_agencies() -> None:
    """Its settings are what the adapter takes; states and notices go there."""
    hook = WebHook(url="https://portal.example/nghe", secret="hook")
    told = Client(id="portal", key="k", webhook=hook)
    quiet = Client(id="quiet", key="k")
    hub = Project.load(ROOT).hub.model_copy(update={"clients": (told, quiet)})
    (agency,) = hook_agencies(hub).values()
    assert agency.id == agency_of("portal") == "webhook-portal"
    assert agency.offers("notice")
    assert agency.offers("state")
    assert agency.adapters.send is not None
    settings = get("webhook").settings.model_validate(dict(agency.adapters.send.settings))
    assert settings.model_dump()["url"] == hook.url

"""The web hooks of clients as agencies: what is posted there goes the way of every other message."""

from __future__ import annotations

from broker.config.agency import AdapterUse, AgencyConfig, Endpoint, Operation
from broker.config.base import Words
from broker.config.hub import Client, Hub, WebHook

_SPACE = "{urn:lienthong:1.0}"
_ROOTS = {"notice": f"{_SPACE}Notice", "state": f"{_SPACE}StateReport"}


def agency_of(client: str) -> str:
    """Id of the agency that stands for the web hook of that client."""
    return f"webhook-{client}"


def hook_agencies(hub: Hub) -> dict[str, AgencyConfig]:
    """An agency for every client that has a web hook, by its id."""
    return {
        agency_of(client.id): _agency(client, client.webhook, hub.owner)
        for client in hub.clients
        if client.webhook is not None
    }


def _agency(client: Client, hook: WebHook, owner: str) -> AgencyConfig:
    settings = {
        "url": hook.url,
        "secret": hook.secret,
        "xsd": ["lienthong/1.0/notice.xsd", "lienthong/1.0/step.xsd"],
        "operations": _ROOTS,
        "lists": ["Paragraph", "Code"],
    }
    return AgencyConfig(
        id=agency_of(client.id),
        name=Words(vi=f"Web hook của {client.id}", en=f"Web hook of {client.id}"),
        owner=owner,
        adapters=Endpoint(send=AdapterUse(adapter="webhook", settings=settings)),
        operations={name: Operation(operation=name) for name in _ROOTS},
    )

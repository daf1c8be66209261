"""Small valid values for the tests of the store."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

from broker.model import Delivery, DeliveryKind, Dossier, Message, Phase, Step, StepState, WorkItem
from tests.clock import START


def message(message_id: str, **changes: Any) -> Message:
    """A message from civil status."""
    values: dict[str, Any] = {
        "id": message_id,
        "at": START,
        "direction": "out",
        "kind": "request",
        "agency": "hotich",
        "operation": "submit",
        "body": f"<Nguyễn>{message_id}</Nguyễn>".encode(),
    }
    return Message(**values | changes)


def delivery(delivery_id: str, **changes: Any) -> Delivery:
    """A delivery to civil status, alone in its lane."""
    values: dict[str, Any] = {
        "id": delivery_id,
        "lane": f"lane-{delivery_id}",
        "seq": 0,
        "agency": "hotich",
        "kind": DeliveryKind.STEP,
        "operation": "submit",
        "key": f"key-{delivery_id}",
        "payload": b"<x/>",
        "created_at": START,
        "next_at": START,
    }
    return Delivery(**values | changes)


def step(step_id: str, **changes: Any) -> Step:
    """A step that was received by its agency."""
    return dataclasses.replace(Step(step_id, "hotich", StepState.RECEIVED, START), **changes)


def dossier(dossier_id: str, **changes: Any) -> Dossier:
    """An open dossier of one commune with two steps."""
    number = int("0" + "".join(filter(str.isdigit, dossier_id)))
    values: dict[str, Any] = {
        "id": dossier_id,
        "code": f"H01-{dossier_id}",
        "process": "birth",
        "rule_set": "nd63",
        "sender": "dvcqg",
        "received_at": START + timedelta(minutes=number),
        "phase": Phase.OPEN,
        "declaration": b"<d/>",
        "officer": "officer-1",
        "unit": "00004",
        "steps": (step("registration"), step("residence", agency="cutru")),
    }
    return Dossier(**values | changes)


def work_item(item_id: str, **changes: Any) -> WorkItem:
    """A dead letter that somebody owns."""
    return dataclasses.replace(WorkItem(item_id, "dead-letter", START, "ops", "refused"), **changes)

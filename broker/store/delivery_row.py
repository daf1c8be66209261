"""A delivery as a row and back."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Row

from broker.model import Delivery, DeliveryKind, DeliveryState
from broker.store.schema import deliveries
from broker.store.sealing import seal, unseal
from signing.vault import Vault


def values(delivery: Delivery, vault: Vault) -> dict[str, Any]:
    """The columns of a new delivery, without its place in the lane."""
    return seal(vault, deliveries, _plain(delivery))


def _plain(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "lane": delivery.lane,
        "agency": delivery.agency,
        "kind": delivery.kind.value,
        "operation": delivery.operation,
        "key": delivery.key,
        "payload": delivery.payload,
        "created_at": delivery.created_at,
        "since": delivery.created_at,
        "next_at": delivery.next_at,
        "state": DeliveryState.QUEUED.value,
        "in_flight": False,
        "dossier_id": delivery.dossier_id,
        "step": delivery.step,
        "attempts": 0,
        "tries": 0,
        "ambiguous": delivery.ambiguous,
        "context": json.dumps(dict(delivery.context), ensure_ascii=False, sort_keys=True),
        "items": json.dumps(delivery.items, ensure_ascii=False),
    }


def to_delivery(row: Row[Any], vault: Vault) -> Delivery:
    """The value of a row. Raises KeyProblem or SealBroken for what `vault` cannot open."""
    return Delivery(
        id=row.id,
        lane=row.lane,
        seq=row.seq,
        agency=row.agency,
        kind=DeliveryKind(row.kind),
        operation=row.operation,
        key=row.key,
        payload=unseal(vault, row, deliveries.c.payload),
        created_at=row.created_at,
        next_at=row.next_at,
        state=DeliveryState(row.state),
        dossier_id=row.dossier_id,
        step=row.step,
        attempts=row.attempts,
        ambiguous=row.ambiguous,
        error_class=row.error_class,
        reason=row.reason,
        context=json.loads(unseal(vault, row, deliveries.c.context)),
        items=tuple((dossier, step) for dossier, step in json.loads(row.items)),
        lease_owner=row.lease_owner,
        lease_until=row.lease_until,
        done_at=row.done_at,
    )

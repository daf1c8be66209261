"""A delivery as a row."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from broker.store.delivery_row import to_delivery, values
from tests.broker.store.samples import delivery
from tests.vaults import vault

VAULT = vault()
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(TEXTS, TEXTS), st.lists(st.tuples(TEXTS, TEXTS)).map(tuple))
def test_context_and_items_survive(context: dict[str, str], items: tuple[tuple[str, str], ...]) -> None:
    """Whatever names and texts they hold."""
    new = delivery("d1", seq=1, context=context, items=items)
    absent = dict.fromkeys(("error_class", "reason", "lease_owner", "lease_until", "done_at"))
    assert to_delivery(SimpleNamespace(seq=1, **values(new, VAULT), **absent), VAULT) == new  # type: ignore[arg-type]

"""Personal data in clear is an act with a name and a purpose."""

from __future__ import annotations

import getpass

import pytest
import typer

from broker.store.engine import Store
from lienthong.cli.revealing import eyes


def test_masked_by_default(store: Store) -> None:
    """Without a wish to see nothing is shown and nothing is noted."""
    shown = eyes(store, "d1", False, None, None)
    assert shown("số 079090002345") == "số 0790*****345"
    assert shown(None) is None
    assert store.read(lambda tx: tx.acts.of("d1")) == ()


@pytest.mark.parametrize("purpose", [None, "", "  "])
def test_no_purpose_no_sight(store: Store, purpose: str | None) -> None:
    """A purpose that says nothing is none."""
    with pytest.raises(typer.Exit):
        eyes(store, "d1", True, purpose, "an")
    assert store.read(lambda tx: tx.acts.of("d1")) == ()


def test_the_viewer_is_the_systems_user_unless_said(store: Store) -> None:
    """Nobody looks without a name."""
    assert eyes(store, "d1", True, "đơn 7", None)("số 079090002345") == "số 079090002345"
    (act,) = store.read(lambda tx: tx.acts.of("d1"))
    assert (act.who, act.act, act.why) == (getpass.getuser(), "reveal", "đơn 7")

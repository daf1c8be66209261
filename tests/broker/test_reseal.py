"""A pass moves everything to the newest key while the hub goes on working, and is made once for each key."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sqlalchemy import delete

from broker.store.rows import MessageFilter
from broker.store.schema import message_people
from signing.vault import create_data_key, load_vault, retire_data_key
from tests.broker.rig import Rig

PAPER = b"%PDF giay chung sinh"
SHA = hashlib.sha256(PAPER).hexdigest()


async def test_after_a_pass_the_old_key_can_go(rig_on_both: Rig, tmp_path: Path) -> None:
    """Rows and files move to a key that was added while the hub runs; the dossier goes on, the old key is retired."""
    rig, keys = rig_on_both, tmp_path / "keys"
    code = await rig.opened()
    before = rig.dossier(code)
    rig.hub.blobs.put([PAPER], SHA)
    old = rig.hub.vault.newest
    rig.clock.advance(days=90)
    new = create_data_key(keys, clock=rig.clock).id
    reseal = rig.hub.rounds.reseal
    assert await reseal.once() > 10
    assert await reseal.once() == 0
    assert rig.hub.store.read(lambda tx: set(tx.resealing.keys())) == {new}
    assert rig.hub.blobs.sealed_by(SHA) == new
    retire_data_key(keys, old)
    rig.hub.vault.refresh()
    assert rig.dossier(code) == before
    assert rig.hub.blobs.read(SHA) == PAPER
    assert load_vault(keys).newest == new
    rig.agencies["hotich"].done.add(code)
    await rig.hub.rounds.polls()
    await rig.settle()
    assert rig.dossier(code).step("registration").result is not None


async def test_a_running_hub_sees_a_new_key(rig: Rig, tmp_path: Path) -> None:
    """From the next look on the process seals with the key that was added meanwhile."""
    rig.clock.advance(days=1)
    new = create_data_key(tmp_path / "keys", clock=rig.clock).id
    assert rig.hub.vault.newest != new
    await rig.hub.scheduler.tick("keys")
    await rig.submit()
    assert rig.hub.store.read(lambda tx: set(tx.resealing.keys())) == {new}


async def test_a_file_that_goes_meanwhile_is_passed_over(rig: Rig, tmp_path: Path) -> None:
    """A pass beside an erasure does not fail, and does not bring the file back."""
    rig.hub.blobs.put([PAPER], SHA)
    rig.clock.advance(days=1)
    create_data_key(tmp_path / "keys", clock=rig.clock)
    rig.hub.vault.refresh()
    rig.hub.blobs.erase(SHA)
    assert not rig.hub.rounds.reseal._file(SHA)
    assert SHA not in rig.hub.blobs


async def test_people_are_indexed_again(rig: Rig, tmp_path: Path) -> None:
    """Dossiers from before there was an index of people are found by them after a pass, with the newest key alone."""
    await rig.opened()
    number = "001192000027"
    with rig.hub.store._writing.begin() as conn:
        conn.execute(delete(message_people))
    found = MessageFilter(person=number)
    assert rig.hub.store.read(lambda tx: tx.messages.search(found)).items == []
    rig.clock.advance(days=1)
    new = create_data_key(tmp_path / "keys", clock=rig.clock).id
    await rig.hub.rounds.reseal.once()
    assert rig.hub.store.read(lambda tx: tx.messages.search(found)).items
    assert set(rig.hub.store.read(lambda tx: tx.people.tagged())) == {new}

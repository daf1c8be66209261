"""Data keys and sealing: what opens where, what refuses, and what the errors tell people to do."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.errors import KeyProblem, SealBroken
from signing.vault import (
    OVERHEAD,
    Vault,
    create_data_key,
    key_of,
    list_data_keys,
    load_vault,
    retire_data_key,
)
from tests.clock import START, ManualClock
from tests.vaults import NEW, OLD

PLACE = "messages.body/m-1"


@given(plain=st.binary(max_size=500), place=st.text(max_size=20))
def test_what_is_sealed_opens_at_its_place(plain: bytes, place: str) -> None:
    """Any bytes come back, sealed data names its key and is longer by a fixed number of bytes."""
    vault = Vault([OLD])
    sealed = vault.seal(plain, place)
    assert vault.open(sealed, place) == plain
    assert key_of(sealed) == OLD.id == vault.newest
    assert len(sealed) == len(plain) + OVERHEAD


def test_a_value_sealed_twice_differs() -> None:
    """Equal values are not recognised as equal in the database."""
    vault = Vault([OLD])
    assert vault.seal(b"x", PLACE) != vault.seal(b"x", PLACE)


def test_moved_data_does_not_open() -> None:
    """Swapping two rows' ciphertexts is found out."""
    vault = Vault([OLD])
    with pytest.raises(SealBroken, match=r"messages.body/m-2 was changed or moved"):
        vault.open(vault.seal(b"x", PLACE), "messages.body/m-2")


@pytest.mark.parametrize("at", [0, 1, 5, 17, -1])
def test_changed_data_does_not_open(at: int) -> None:
    """One changed byte anywhere refuses: in version, key id, nonce, text or tag."""
    vault = Vault([OLD])
    sealed = bytearray(vault.seal(b"declaration", PLACE))
    sealed[at] ^= 1
    with pytest.raises((SealBroken, KeyProblem)):
        vault.open(bytes(sealed), PLACE)


def test_plain_data_is_not_taken_for_sealed() -> None:
    """A document that was never sealed is refused and named."""
    assert key_of(b"<SubmitRequest/>" * 10) is None
    with pytest.raises(SealBroken, match="is not sealed data"):
        Vault([OLD]).open(b"<SubmitRequest/>", PLACE)


def test_the_newest_key_seals_and_all_open() -> None:
    """After a rotation old data still opens, and new data is sealed with the new key."""
    before, after = Vault([OLD]), Vault([NEW, OLD])
    assert after.newest == NEW.id
    assert after.ids == (NEW.id, OLD.id)
    assert after.open(before.seal(b"old", PLACE), PLACE) == b"old"


def test_a_missing_key_is_named_with_the_remedy() -> None:
    """Whoever lost a key file reads which one to bring back."""
    with pytest.raises(
        KeyProblem, match=f"data key {NEW.id}, which is not there: bring {NEW.id}.data.key back"
    ):
        Vault([OLD]).open(Vault([NEW]).seal(b"x", PLACE), PLACE)


def test_a_key_added_by_another_process_is_found() -> None:
    """Data sealed with a key that this process has not seen makes it read the folder again."""
    vault = Vault([OLD], reread=lambda: [OLD, NEW])
    assert vault.open(Vault([NEW]).seal(b"x", PLACE), PLACE) == b"x"
    assert vault.newest == NEW.id


def test_tags_find_a_value_under_every_key() -> None:
    """The tag that an older key made is among the tags of the value; another value's is not."""
    vault = Vault([OLD, NEW])
    assert Vault([OLD]).tag("001199000123") in vault.tags("001199000123")
    assert vault.tag("001199000123") == vault.tags("001199000123")[0]
    assert not set(vault.tags("001199000123")) & set(vault.tags("001199000124"))


def test_no_ring_without_a_key() -> None:
    """A vault that could not seal is not made."""
    with pytest.raises(KeyProblem, match="keys data create"):
        Vault([OLD.retired()])


def test_keys_live_in_a_folder(tmp_path: Path, clock: ManualClock) -> None:
    """A key is created by command, readable by its owner alone, and the newest of the folder seals."""
    with pytest.raises(KeyProblem, match=r"holds no data key: create one with `lienthong keys data create`"):
        load_vault(tmp_path)
    first = create_data_key(tmp_path, clock=clock)
    clock.advance(days=30)
    second = create_data_key(tmp_path, clock=clock)
    assert [key.id for key in list_data_keys(tmp_path)] == [first.id, second.id]
    assert load_vault(tmp_path).newest == second.id
    assert stat.S_IMODE((tmp_path / f"{first.id}.data.key").stat().st_mode) == 0o600


def test_a_slow_clock_does_not_bring_back_the_old_key(tmp_path: Path) -> None:
    """A key that is added on a machine whose clock is behind is the newest all the same."""
    create_data_key(tmp_path, clock=lambda: START + timedelta(days=1))
    second = create_data_key(tmp_path, clock=lambda: START)
    assert load_vault(tmp_path).newest == second.id


def test_secrets_are_not_shown(clock: ManualClock) -> None:
    """A key in a traceback does not tell its secret."""
    assert OLD.secret.hex() not in repr(OLD)
    assert str(list(OLD.secret)) not in repr(OLD)


def test_a_retired_key_still_finds_and_no_longer_opens(tmp_path: Path, clock: ManualClock) -> None:
    """Retiring destroys what opens data and keeps what finds look-ups; the sealing key cannot be retired."""
    first = create_data_key(tmp_path, clock=clock)
    before = load_vault(tmp_path)
    sealed, tag = before.seal(b"x", PLACE), before.tag("001199000123")
    with pytest.raises(KeyProblem, match="rotate first"):
        retire_data_key(tmp_path, first.id)
    clock.advance(days=1)
    create_data_key(tmp_path, clock=clock)
    retire_data_key(tmp_path, first.id)
    after = load_vault(tmp_path)
    assert tag in after.tags("001199000123")
    with pytest.raises(KeyProblem, match="was retired"):
        after.open(sealed, PLACE)
    with pytest.raises(KeyProblem, match="no data key 00000000"):
        retire_data_key(tmp_path, "00000000")


@pytest.mark.parametrize(
    "content", ["", "data+00+x", OLD.line[:-9] + "AAAAAAA=\n", OLD.line.replace(OLD.id, NEW.id)]
)
def test_a_damaged_key_file_is_named(tmp_path: Path, content: str) -> None:
    """A file that is not the key whose name it bears is refused, not used."""
    (tmp_path / f"{OLD.id}.data.key").write_text(content)
    with pytest.raises(KeyProblem, match=rf"{OLD.id}\.data\.key cannot be read"):
        list_data_keys(tmp_path)


def test_a_renamed_key_file_is_named(tmp_path: Path) -> None:
    """A key under another key's name would hide which keys there are."""
    (tmp_path / f"{NEW.id}.data.key").write_text(OLD.line)
    with pytest.raises(KeyProblem, match=f"rename it to {OLD.id}.data.key"):
        list_data_keys(tmp_path)

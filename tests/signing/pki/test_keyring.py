from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from signing.errors import KeyProblem
from signing.keys import ActiveKey, create_key, load_key, name_of, read_certificates, steady
from signing.pki.keyring import FILE, PUBLISHED, KeyRing
from tests.chains import issue
from tests.clock import ManualClock
from tests.pki import NOW

WHO = "nguyễn văn an"


@pytest.fixture
def clock() -> ManualClock:
    """Time of the ring."""
    return ManualClock(NOW)


@pytest.fixture
def ring(tmp_path: Path, clock: ManualClock) -> KeyRing:
    """A ring with its first key."""
    ring = KeyRing(tmp_path, "hub", clock=clock)
    ring.create("hub", WHO, subject="CN=Hub", algorithm="ecdsa-p256")
    return ring


def states(ring: KeyRing) -> dict[str, str]:
    """Name → state, in the ring's order."""
    return {key.name: key.state for key in ring.members()}


def published(ring: KeyRing) -> list[x509.Certificate]:
    """What the published file holds."""
    return read_certificates(ring.folder / PUBLISHED)


def test_the_whole_life_of_a_key(ring: KeyRing, clock: ManualClock) -> None:
    """Prepared, active, overlapping, retired; partners believe the certificate from the first day to the last."""
    first = ring.load("hub").certificate
    assert ring.rotate(WHO, "hết hạn") == "hub-2"
    second = ring.load("hub-2").certificate
    assert (ring.active(), states(ring)) == ("hub", {"hub": "active", "hub-2": "prepared"})
    assert published(ring) == [first, second]
    clock.advance(days=30)
    ring.activate("hub-2", WHO, "hết hạn")
    assert (ring.active(), states(ring)) == ("hub-2", {"hub-2": "active", "hub": "overlapping"})
    assert published(ring) == [second, first]
    clock.advance(days=30)
    assert ring.retire("hub", WHO, "hết hạn")
    assert states(ring) == {"hub-2": "active", "hub": "retired"}
    assert published(ring) == [second]
    acts = {key.name: [(act.act, act.who) for act in key.acts] for key in ring.members()}
    assert acts["hub"] == [("create", WHO), ("replaced by hub-2", WHO), ("retire", WHO)]
    assert [act.at for act in ring.members()[0].acts] == [NOW, NOW + timedelta(days=30)]


def test_what_a_retired_key_signed_can_still_be_verified(ring: KeyRing) -> None:
    """Its certificate stays, its private key does not."""
    certificate = ring.load("hub").certificate
    ring.rotate(WHO, "w")
    ring.activate("hub-2", WHO)
    ring.retire("hub", WHO)
    assert read_certificates(ring.folder / "hub.crt.pem") == [certificate]
    assert certificate in ring.anchors()
    with pytest.raises(KeyProblem, match="does not exist"):
        ring.load("hub")


def test_a_folder_from_before_there_was_a_ring(tmp_path: Path, clock: ManualClock) -> None:
    """Its one key is active, and nothing is written before something changes."""
    create_key(tmp_path, "hub", subject="CN=Hub", algorithm="ecdsa-p256", clock=clock)
    old = KeyRing(tmp_path, "hub", clock=clock)
    assert (old.active(), states(old)) == ("hub", {"hub": "active"})
    assert not (tmp_path / FILE).exists()
    old.rotate(WHO, "w")
    assert states(old) == {"hub": "active", "hub-2": "prepared"}


def test_an_empty_folder(tmp_path: Path, clock: ManualClock) -> None:
    """The remedy is named; a key of another name is prepared only."""
    ring = KeyRing(tmp_path / "none", "hub", clock=clock)
    assert ring.members() == []
    with pytest.raises(KeyProblem, match="lienthong keys create hub"):
        ring.active()
    ring.create("other", WHO, subject="CN=Other", algorithm="ecdsa-p256")
    ring.create("hub", WHO, subject="CN=Hub", algorithm="ecdsa-p256")
    assert states(ring) == {"hub": "active", "other": "prepared"}


def test_steps_in_the_wrong_order_are_refused_and_change_nothing(ring: KeyRing) -> None:
    """The active key cannot be retired, a retired one not activated, and a name not used twice."""
    ring.rotate(WHO, "w")
    before = (ring.folder / FILE).read_bytes()
    with pytest.raises(KeyProblem, match="hub is active, and must be prepared or overlapping"):
        ring.retire("hub", WHO)
    with pytest.raises(KeyProblem, match="there is no key strange"):
        ring.activate("strange", WHO)
    with pytest.raises(KeyProblem, match="exists already"):
        ring.create("hub-2", WHO, subject="CN=x")
    assert (ring.folder / FILE).read_bytes() == before
    ring.retire("hub-2", WHO)
    with pytest.raises(KeyProblem, match="hub-2 is retired"):
        ring.activate("hub-2", WHO)
    with pytest.raises(KeyProblem, match="has had a key hub-2"):
        ring.create("hub-2", WHO, subject="CN=x")
    assert ring.rotate(WHO, "w") == "hub-3"


def test_a_key_that_is_not_valid_is_not_activated(ring: KeyRing, clock: ManualClock) -> None:
    """Nobody would accept its signatures."""
    ring.rotate(WHO, "w", days=1)
    clock.advance(days=2)
    with pytest.raises(KeyProblem, match=r"hub-2 cannot sign: .*expired"):
        ring.activate("hub-2", WHO)
    assert ring.active() == "hub"


def test_a_signer_follows_the_ring_when_it_is_told_to(ring: KeyRing) -> None:
    """Until then, and within one signature, it stays the same key."""
    signer = ring.signer()
    stamp = ring.stamp()
    first = steady(signer)
    ring.rotate(WHO, "w")
    ring.activate("hub-2", WHO)
    assert ring.stamp() != stamp
    assert signer.certificate == first.certificate
    signer.refresh()
    assert signer.certificate == ring.load("hub-2").certificate == signer.chain[0]
    assert first.certificate == ring.load("hub").certificate
    assert isinstance(signer, ActiveKey)
    assert steady(first) is first


def test_the_certificate_that_came_back(ring: KeyRing, tmp_path: Path) -> None:
    """Its issuers stand behind it in order, whatever the order in the file; the one before is kept."""
    before = ring.load("hub").certificate
    root = issue("root", authority=True)
    middle = issue("middle", root, authority=True)
    request = x509.load_pem_x509_csr(ring.load("hub").request(name_of("CN=Sở Tư pháp")))
    own = (
        x509.CertificateBuilder(
            issuer_name=middle.name, subject_name=request.subject, public_key=request.public_key()
        )
        .serial_number(5)
        .not_valid_before(NOW)
        .not_valid_after(NOW + timedelta(days=300))
        .sign(middle.key, hashes.SHA256())
    )
    chain = ring.certify("hub", [root.certificate, own, middle.certificate], WHO)
    assert chain == [own, middle.certificate, root.certificate]
    assert ring.load("hub").chain == tuple(chain)
    assert published(ring) == [own]
    assert read_certificates(tmp_path / "hub.past.pem") == [before]
    assert ring.anchors() == [root.certificate, before]
    with pytest.raises(KeyProblem, match="belongs to the key hub"):
        ring.certify("hub", [root.certificate], WHO)


def test_a_key_that_exists_is_taken_in(ring: KeyRing) -> None:
    """As one that is prepared."""
    party = issue("imported")
    ring.take("imported", WHO, key=party.key, chain=[party.certificate])
    assert states(ring)["imported"] == "prepared"
    with pytest.raises(KeyProblem, match="does not belong"):
        ring.take("wrong", WHO, key=party.key, chain=[issue("other").certificate])
    assert "wrong" not in states(ring)


def test_sealed_keys(tmp_path: Path, clock: ManualClock) -> None:
    """A passphrase seals every private key that is made and opens it again."""
    ring = KeyRing(tmp_path, "hub", clock=clock, passphrase=lambda: b"mat khau")
    made = ring.create("hub", WHO, subject="CN=Hub", algorithm="ecdsa-p256")
    assert b"ENCRYPTED" in (tmp_path / "hub.key.pem").read_bytes()
    assert ring.load("hub").certificate == made.certificate
    for wrong in (None, lambda: b"other"):
        with pytest.raises(KeyProblem, match="cannot be read as a private key"):
            load_key(tmp_path, "hub", passphrase=wrong)


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        '{"keys": {"a": {"state": "alive", "acts": []}}}',
        '{"keys": {"a": {"state": "active"}}}',
        '{"keys": {"a": {"state": "active", "acts": []}, "b": {"state": "active", "acts": []}}}',
    ],
)
def test_a_broken_file_of_states_is_named(ring: KeyRing, text: str) -> None:
    """No key signs by accident."""
    (ring.folder / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(KeyProblem, match=FILE):
        ring.active()


def test_nothing_secret_is_in_the_file_of_states(ring: KeyRing) -> None:
    """Names, states and acts."""
    stored = json.loads((ring.folder / FILE).read_text(encoding="utf-8"))
    assert set(stored["keys"]["hub"]) == {"state", "acts"}
    assert set(stored["keys"]["hub"]["acts"][0]) == {"at", "who", "act", "why"}

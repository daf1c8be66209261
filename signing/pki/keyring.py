"""The ring of our keys: which one signs, which are being introduced or taken out, and who decided so when.

A key is **prepared**, then **active** (it signs, exactly one does), then **overlapping** (it signs no more, and
partners still believe its certificate), then **retired** (its private key is destroyed, its certificate stays so that
what it signed can be verified). ``keys.json`` in the key folder says so; nothing in it is secret, and losing it means
to say again which key is active. ``published.pem`` holds what partners should believe: the certificates of all keys
that are not retired, the active one first. A folder without ``keys.json`` has one key in the ring, the one that the
configuration names, and it is active.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from signing import keys
from signing.algorithms import PrivateKey
from signing.errors import KeyProblem, Untrusted
from signing.keys import ActiveKey, Algorithm, FileKey, Passphrase
from signing.pki.path import check_purpose, check_validity
from signing.pki.pkcs11 import TokenKey

State = Literal["prepared", "active", "overlapping", "retired"]
STATES: tuple[State, ...] = ("active", "prepared", "overlapping", "retired")
"""In the order in which certificates are published and keys listed."""
FILE = "keys.json"
PUBLISHED = "published.pem"
_NUMBERED = re.compile(r"^(.*?)(?:-(\d+))?$")


@dataclasses.dataclass(frozen=True, slots=True)
class KeyAct:
    """What somebody did with a key."""

    at: datetime
    who: str
    act: str
    why: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class RingKey:
    """One key of the ring."""

    name: str
    state: State
    acts: tuple[KeyAct, ...] = ()


class KeyRing:
    """The keys of one folder. Every change is one act of one person, written as a whole or not at all."""

    def __init__(
        self,
        folder: Path,
        default: str,
        *,
        clock: Callable[[], datetime],
        passphrase: Passphrase | None = None,
    ) -> None:
        """``default``: the key that the configuration names; ``passphrase`` opens sealed files, or is a token's PIN."""
        self.folder = folder
        self._default = default
        self._clock = clock
        self.passphrase = passphrase

    def members(self) -> list[RingKey]:
        """All keys of the ring: the active one, those prepared, overlapping, retired. Raises KeyProblem."""
        found = self._read()
        return sorted(found.values(), key=lambda key: (STATES.index(key.state), key.name))

    def active(self) -> str:
        """Name of the key that signs. Raises KeyProblem."""
        found = next((key.name for key in self.members() if key.state == "active"), None)
        if found is None:
            remedy = f"create it with `lienthong keys create {self._default}`, or activate another one"
            raise KeyProblem(f"{self.folder} holds no key {self._default}: {remedy}")
        return found

    def load(self, name: str) -> FileKey:
        """A key with its certificates. Raises KeyProblem."""
        return keys.load_key(self.folder, name, passphrase=self.passphrase)

    def signer(self) -> ActiveKey:
        """A signer that follows the ring. Raises KeyProblem."""
        return ActiveKey(lambda: self.load(self.active()))

    def stamp(self) -> object:
        """What changes when another key, or another certificate, is active."""
        files = (self.folder / FILE, keys.key_path(self.folder, self.active(), ".crt.pem"))
        return [(file.name, file.stat().st_mtime_ns, file.stat().st_ino) for file in files if file.exists()]

    def published(self) -> list[x509.Certificate]:
        """What partners should believe: certificates of keys that are not retired, the active one first."""
        shown = [key for key in self.members() if key.state != "retired"]
        return [keys.certificates_of(self.folder, key.name)[0] for key in shown]

    def anchors(self) -> list[x509.Certificate]:
        """By what everything that keys of the ring ever signed is verified. Raises KeyProblem.

        That is the end of each key's chain, retired keys and certificates that were replaced included.
        """
        names = [key.name for key in self.members()]
        ends = [keys.certificates_of(self.folder, name)[-1] for name in names]
        past = [each for name in names for each in keys.past_certificates(self.folder, name)]
        return list(dict.fromkeys([*ends, *past]))

    def publish(self) -> Path:
        """Write ``published.pem``, as every change does; says where it is. Raises KeyProblem."""
        pem = [each.public_bytes(serialization.Encoding.PEM) for each in self.published()]
        file = self.folder / PUBLISHED
        if not file.exists() or file.read_bytes() != b"".join(pem):
            keys.replace_file(file, b"".join(pem))
        return file

    def create(
        self,
        name: str,
        who: str,
        why: str = "",
        *,
        subject: str,
        algorithm: Algorithm = "rsa-2048",
        days: int = 825,
        token: TokenKey | None = None,
    ) -> FileKey:
        """Make a key with a self-signed certificate: prepared, or active if it is the ring's first and its default."""
        with self._changed() as ring:
            self._check_new(ring, name)
            made = keys.create_key(
                self.folder,
                name,
                subject=subject,
                algorithm=algorithm,
                days=days,
                clock=self._clock,
                passphrase=self.passphrase,
                token=token,
            )
            ring[name] = RingKey(name, self._first_state(ring, name), (self._act(who, "create", why),))
        return made

    def take(
        self,
        name: str,
        who: str,
        why: str = "",
        *,
        key: PrivateKey,
        chain: Sequence[x509.Certificate],
        token: TokenKey | None = None,
    ) -> FileKey:
        """Put a key that exists into the ring, in the same state as a new one."""
        with self._changed() as ring:
            self._check_new(ring, name)
            taken = keys.store_key(self.folder, name, key, chain, passphrase=self.passphrase, token=token)
            ring[name] = RingKey(name, self._first_state(ring, name), (self._act(who, "import", why),))
        return taken

    def certify(
        self, name: str, certificates: Sequence[x509.Certificate], who: str, why: str = ""
    ) -> list[x509.Certificate]:
        """Give a key the certificate that an authority issued for it. Raises KeyProblem."""
        with self._changed() as ring:
            self._key(ring, name, "prepared", "active", "overlapping")
            chain = keys.certify_key(self.folder, name, certificates)
            self._note(ring, name, ring[name].state, self._act(who, "certify", why))
        return chain

    def activate(self, name: str, who: str, why: str = "") -> None:
        """Let ``name`` sign from now on; the key that did overlaps. Raises KeyProblem, also if it is not valid."""
        with self._changed() as ring:
            self._key(ring, name, "prepared", "overlapping")
            self._check_usable(name)
            for other in [key.name for key in ring.values() if key.state == "active"]:
                self._note(ring, other, "overlapping", self._act(who, f"replaced by {name}", why))
            self._note(ring, name, "active", self._act(who, "activate", why))

    def rotate(self, who: str, why: str = "", *, days: int = 825, token: TokenKey | None = None) -> str:
        """Prepare a successor of the active key, alike in subject and algorithm; says its name."""
        before = self.load(self.active())
        name = self.successor()
        self.create(
            name,
            who,
            why or f"successor of {self.active()}",
            subject=before.certificate.subject.rfc4514_string(),
            algorithm=before.kind,
            days=days,
            token=token,
        )
        return name

    def retire(self, name: str, who: str, why: str = "") -> bool:
        """Destroy the private key and keep the certificate; False if a token holds the key, to be deleted there."""
        with self._changed() as ring:
            self._key(ring, name, "prepared", "overlapping")
            self._note(ring, name, "retired", self._act(who, "retire", why))
        return keys.destroy_key(self.folder, name)

    def note(self, name: str, who: str, act: str, why: str = "") -> None:
        """Keep something that was done with a key and changes no state. Raises KeyProblem."""
        with self._changed() as ring:
            self._note(ring, name, self._key(ring, name, *STATES).state, self._act(who, act, why))

    def _check_usable(self, name: str) -> None:
        certificate = self.load(name).certificate
        try:
            check_validity(certificate, self._clock())
            check_purpose(certificate, "signing")
        except Untrusted as error:
            raise KeyProblem(f"key {name} cannot sign: {error}") from error

    def successor(self) -> str:
        """The name that the next key after the active one gets. Raises KeyProblem."""
        found = _NUMBERED.match(self.active())
        assert found is not None, "the expression matches everything"
        number = int(found[2] or 1) + 1
        taken = set(keys.list_keys(self.folder))
        while f"{found[1]}-{number}" in taken:
            number += 1
        return f"{found[1]}-{number}"

    def _check_new(self, ring: Mapping[str, RingKey], name: str) -> None:
        keys.check_free(self.folder, name)
        if name in ring and ring[name].acts:
            raise KeyProblem(f"the ring has had a key {name}: choose another name")

    def _first_state(self, ring: Mapping[str, RingKey], name: str) -> State:
        others = [key for key in ring.values() if key.name != name and key.state == "active"]
        return "active" if name == self._default and not others else "prepared"

    @staticmethod
    def _key(ring: Mapping[str, RingKey], name: str, *states: State) -> RingKey:
        if name not in ring:
            raise KeyProblem(
                f"there is no key {name} in the ring: `lienthong keys list` shows those there are"
            )
        if ring[name].state not in states:
            raise KeyProblem(f"key {name} is {ring[name].state}, and must be {' or '.join(states)} for this")
        return ring[name]

    @staticmethod
    def _note(ring: dict[str, RingKey], name: str, state: State, act: KeyAct) -> None:
        ring[name] = RingKey(name, state, (*ring[name].acts, act))

    def _act(self, who: str, act: str, why: str) -> KeyAct:
        return KeyAct(self._clock(), who, act, why)

    def _read(self) -> dict[str, RingKey]:
        file = self.folder / FILE
        try:
            stored = json.loads(file.read_text(encoding="utf-8"))["keys"] if file.exists() else {}
            ring = {name: _key_of(name, value) for name, value in stored.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise KeyProblem(f"{file} cannot be read as the states of keys: {error}") from error
        if not ring and self._default in keys.list_keys(self.folder):
            return {self._default: RingKey(self._default, "active")}
        if [key.state for key in ring.values()].count("active") > 1:
            raise KeyProblem(f"{file} names several active keys, and only one may be")
        return ring

    @contextlib.contextmanager
    def _changed(self) -> Iterator[dict[str, RingKey]]:
        """The ring, to be changed; written when the block ends well. One change at a time, whatever the process."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / f".{FILE}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            ring = self._read()
            yield ring
            text = json.dumps(
                {"version": 1, "keys": {name: _plain(key) for name, key in ring.items()}}, indent=2
            )
            keys.replace_file(self.folder / FILE, text.encode() + b"\n")
            self.publish()


def _key_of(name: str, value: Mapping[str, Any]) -> RingKey:
    acts = tuple(
        KeyAct(datetime.fromisoformat(act["at"]), act["who"], act["act"], act["why"]) for act in value["acts"]
    )
    if value["state"] not in STATES:
        raise ValueError(f"{value['state']!r} is not a state of a key")
    return RingKey(name, value["state"], acts)


def _plain(key: RingKey) -> dict[str, Any]:
    acts = [{**dataclasses.asdict(act), "at": act.at.isoformat()} for act in key.acts]
    return {"state": key.state, "acts": acts}

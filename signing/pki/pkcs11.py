"""Private keys in a PKCS#11 token: a security module, a smart card, or SoftHSM. The key never leaves it.

A key in a token looks like any other private key of `cryptography`, so that everything that signs (messages, requests
for certificates, time-stamps) does so without knowing where the key is. One session is kept open for each token and is
used by one thread at a time; one that was lost is opened again once. The package ``pkcs11`` (extra ``hsm``) is loaded
when a token is first used. Standard: PKCS#11 v2.40.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from signing.errors import KeyProblem

T = TypeVar("T")
Pin = Callable[[], bytes]

_LOST = (
    "DeviceError",
    "DeviceRemoved",
    "GeneralError",
    "KeyHandleInvalid",
    "NoSuchToken",
    "ObjectHandleInvalid",
    "SessionClosed",
    "SessionHandleInvalid",
    "TokenNotPresent",
    "UserNotLoggedIn",
)
_RSA_MECHANISMS = {"sha256": "SHA256_RSA_PKCS", "sha384": "SHA384_RSA_PKCS", "sha512": "SHA512_RSA_PKCS"}
_CURVES: dict[str, ec.EllipticCurve] = {"ecdsa-p256": ec.SECP256R1(), "ecdsa-p384": ec.SECP384R1()}


@dataclasses.dataclass(frozen=True, slots=True)
class TokenKey:
    """Where a key is: library of the module, label of the token, label of the key. Nothing of it is secret."""

    module: str
    token: str
    label: str

    @classmethod
    def read(cls, file: Path) -> TokenKey:
        """From the file that stands for the key in a key folder. Raises KeyProblem."""
        try:
            return cls(**json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise KeyProblem(f"{file} does not say where a key is: {error}") from error

    @property
    def text(self) -> str:
        """The text of that file."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False, indent=2) + "\n"


def open_key(place: TokenKey, pin: Pin) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    """The private key at ``place``. Raises KeyProblem if module, token or key is not there or the PIN is wrong."""
    der = _module(place.module).use(place.token, pin, lambda session: _public_key(session, place))
    public = serialization.load_der_public_key(der)
    if isinstance(public, rsa.RSAPublicKey):
        return _TokenRsaKey(place, pin, public)
    if isinstance(public, ec.EllipticCurvePublicKey):
        return _TokenEcKey(place, pin, public)
    raise KeyProblem(f"the key {place.label} in token {place.token} is neither RSA nor ECDSA")


def generate_key(place: TokenKey, pin: Pin, algorithm: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    """Make a key pair inside the token, never to be extracted. Raises KeyProblem, also if the label is taken."""
    key_id = hashlib.sha256(place.label.encode()).digest()[:16]

    def generate(session: _Session) -> None:
        import pkcs11

        if list(session.opened.get_objects({pkcs11.Attribute.LABEL: place.label})):
            raise KeyProblem(f"token {place.token} holds a key {place.label} already")
        names = {"id": key_id, "label": place.label, "store": True}
        if algorithm in _CURVES:
            curve = pkcs11.util.ec.encode_named_curve_parameters(_CURVES[algorithm].name)
            known = {pkcs11.Attribute.EC_PARAMS: curve}
            parameters = session.opened.create_domain_parameters(pkcs11.KeyType.EC, known, local=True)
            parameters.generate_keypair(**names)
        else:
            bits = int(algorithm.removeprefix("rsa-"))
            session.opened.generate_keypair(pkcs11.KeyType.RSA, bits, **names)

    _module(place.module).use(place.token, pin, generate, write=True)
    return open_key(place, pin)


def _public_key(session: _Session, place: TokenKey) -> bytes:
    """DER (SubjectPublicKeyInfo) of the key's public half, which the token holds beside it."""
    import pkcs11

    session.key(place.label)
    public = session.opened.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=place.label)
    if public.key_type == pkcs11.KeyType.RSA:
        numbers = rsa.RSAPublicNumbers(
            int.from_bytes(public[pkcs11.Attribute.PUBLIC_EXPONENT], "big"),
            int.from_bytes(public[pkcs11.Attribute.MODULUS], "big"),
        )
        return numbers.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    return bytes(pkcs11.util.ec.encode_ec_public_key(public))


@dataclasses.dataclass(frozen=True, slots=True)
class _Session:
    """An open session, with the private keys that were found in it: looking for one costs more than signing."""

    opened: Any
    keys: dict[str, Any] = dataclasses.field(default_factory=dict)

    def key(self, label: str) -> Any:
        """The private key of that label. Raises PKCS11Error."""
        import pkcs11

        if label not in self.keys:
            self.keys[label] = self.opened.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=label)
        return self.keys[label]


class _Module:
    """One PKCS#11 library with a session for each token. One call at a time: sessions are not for two threads."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._sessions: dict[str, _Session] = {}

    def use(self, token: str, pin: Pin, action: Callable[[_Session], T], *, write: bool = False) -> T:
        """The result of ``action`` with a session of ``token``, after opening it again if it was lost.

        Raises KeyProblem.
        """
        pkcs11 = _library()
        with self._lock:
            try:
                return action(self._session(token, pin, write=write))
            except pkcs11.PKCS11Error as error:
                if type(error).__name__ not in _LOST:
                    _refuse(error, token, self._path)
            try:
                self._forget()
                return action(self._session(token, pin, write=write))
            except pkcs11.PKCS11Error as error:
                _refuse(error, token, self._path)

    def _session(self, token: str, pin: Pin, *, write: bool) -> _Session:
        pkcs11 = _library()
        if write:  # for making keys only: the session for signing cannot write
            self._forget()
        if token not in self._sessions:
            try:
                library = pkcs11.lib(self._path)
            except RuntimeError as error:  # the word of the package for a library that cannot be loaded
                raise KeyProblem(f"the PKCS#11 module {self._path} cannot be loaded: {error}") from error
            found = library.get_token(token_label=token)
            self._sessions[token] = _Session(found.open(user_pin=pin().decode(), rw=write))
        return self._sessions[token]

    def _forget(self) -> None:
        """Start anew: a module may go on only after being initialised again, and then all its sessions are lost."""
        pkcs11 = _library()
        self._sessions.clear()
        try:
            pkcs11.lib(self._path).reinitialize()
        except RuntimeError as error:
            raise KeyProblem(f"the PKCS#11 module {self._path} cannot be loaded: {error}") from error


_MODULES: dict[str, _Module] = {}
_MODULES_LOCK = threading.Lock()


def _module(path: str) -> _Module:
    with _MODULES_LOCK:
        return _MODULES.setdefault(path, _Module(path))


def _library() -> Any:
    try:
        import pkcs11
    except ImportError as error:
        raise KeyProblem("keys in a token need the package python-pkcs11: install lienthong[hsm]") from error
    return pkcs11


def _refuse(error: Exception, token: str, module: str) -> NoReturn:
    what = {
        "NoSuchToken": f"there is no token {token} in {module}",
        "NoSuchKey": "there is no such key in it",
        "MultipleObjectsReturned": "several keys in it have this label",
        "PinIncorrect": "the PIN is wrong",
        "PinLocked": "the PIN is locked after too many wrong ones",
    }.get(type(error).__name__, f"{type(error).__name__} {error}".strip())
    raise KeyProblem(f"token {token} cannot be used: {what}") from error


class _InToken:
    """What keys of both kinds have in common."""

    def __init__(self, place: TokenKey, pin: Pin) -> None:
        self._place, self._pin = place, pin

    def _sign(self, data: bytes, mechanism: str) -> bytes:
        def sign(session: _Session) -> bytes:
            import pkcs11

            key = session.key(self._place.label)
            return bytes(key.sign(data, mechanism=getattr(pkcs11.Mechanism, mechanism)))

        return _module(self._place.module).use(self._place.token, self._pin, sign)

    def _kept(self) -> NoReturn:
        raise KeyProblem(f"the key {self._place.label} does not leave token {self._place.token}")


class _TokenRsaKey(_InToken, rsa.RSAPrivateKey):
    """An RSA key in a token."""

    def __init__(self, place: TokenKey, pin: Pin, public: rsa.RSAPublicKey) -> None:
        super().__init__(place, pin)
        self._public = public

    def sign(self, data: Any, padding: Any, algorithm: Any) -> bytes:
        """PKCS#1 v1.5 with SHA-2."""
        if not _is_plain(padding) or algorithm.name not in _RSA_MECHANISMS:
            raise KeyProblem("keys in a token sign with PKCS#1 v1.5 and SHA-256, SHA-384 or SHA-512")
        return self._sign(bytes(data), _RSA_MECHANISMS[algorithm.name])

    @property
    def key_size(self) -> int:
        """Bits of the modulus."""
        return self._public.key_size

    def public_key(self) -> rsa.RSAPublicKey:
        """The public half."""
        return self._public

    def decrypt(self, ciphertext: bytes, padding: Any) -> bytes:
        """Refused: these keys sign."""
        self._kept()

    def private_numbers(self) -> rsa.RSAPrivateNumbers:
        """Refused."""
        self._kept()

    def private_bytes(self, encoding: Any, format: Any, encryption_algorithm: Any) -> bytes:  # noqa: A002
        """Refused."""
        self._kept()

    def __copy__(self) -> _TokenRsaKey:
        return self

    def __deepcopy__(self, memo: dict[Any, Any]) -> _TokenRsaKey:
        return self


class _TokenEcKey(_InToken, ec.EllipticCurvePrivateKey):
    """An ECDSA key in a token."""

    def __init__(self, place: TokenKey, pin: Pin, public: ec.EllipticCurvePublicKey) -> None:
        super().__init__(place, pin)
        self._public = public

    def sign(self, data: Any, signature_algorithm: Any) -> bytes:
        """ECDSA over a SHA-2 digest, as DER."""
        algorithm = signature_algorithm.algorithm
        if not isinstance(algorithm, hashes.HashAlgorithm):
            raise KeyProblem("keys in a token sign data, not digests")
        digest = hashes.Hash(algorithm)
        digest.update(bytes(data))
        raw = self._sign(digest.finalize(), "ECDSA")
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))

    @property
    def curve(self) -> ec.EllipticCurve:
        """The curve."""
        return self._public.curve

    @property
    def key_size(self) -> int:
        """Bits of the curve's order."""
        return self._public.key_size

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The public half."""
        return self._public

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> bytes:
        """Refused: these keys sign."""
        self._kept()

    def private_numbers(self) -> ec.EllipticCurvePrivateNumbers:
        """Refused."""
        self._kept()

    def private_bytes(self, encoding: Any, format: Any, encryption_algorithm: Any) -> bytes:  # noqa: A002
        """Refused."""
        self._kept()

    def __copy__(self) -> _TokenEcKey:
        return self

    def __deepcopy__(self, memo: dict[Any, Any]) -> _TokenEcKey:
        return self


def _is_plain(value: object) -> bool:
    return isinstance(value, padding.PKCS1v15)

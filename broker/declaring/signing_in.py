"""Sign-in of citizens: from the identity provider's word to a session of the hub, and back out.

A sign-in under way is sealed into a cookie of the browser that began it: nothing is stored before somebody has signed
in, and nobody can finish what another browser began. A session is an opaque token, known here by its hash.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from broker.clock import Clock
from broker.declaring.declarant import CITIZEN, Citizen, Declarant
from broker.declaring.oidc import Begun, RelyingParty, SignInRefused
from broker.errors import Forbidden, NotNow
from broker.store.engine import Store
from broker.store.errors import StoreUnavailable
from signing.errors import SigningError
from signing.vault import Vault

log = structlog.get_logger(__name__)

BEGUN_LIFE = timedelta(minutes=10)
"""How long a citizen may take at the identity provider."""
_PLACE = "sign-in/cookie"


@dataclasses.dataclass(frozen=True, slots=True)
class Opened:
    """A session that was just opened."""

    token: str
    until: datetime
    citizen: Citizen


class SigningIn:
    """Opens and closes sessions of citizens."""

    def __init__(
        self,
        party: RelyingParty,
        store: Store,
        vault: Vault,
        client: str,
        life: timedelta,
        clock: Clock,
        new_token: Callable[[], str],
    ) -> None:
        """``client``: under which citizens' dossiers are sent; ``new_token`` gives a secret that nobody can guess."""
        self._party = party
        self._store = store
        self._vault = vault
        self._client = client
        self._life = life
        self._clock = clock
        self._new_token = new_token

    def now(self) -> datetime:
        """The time by which sessions end."""
        return self._clock()

    async def begin(self) -> tuple[str, str]:
        """Where the browser has to go, and the cookie that it keeps meanwhile. Raises `NotNow`."""
        begun = Begun(self._new_token(), self._new_token(), self._new_token() + self._new_token())
        kept = dataclasses.asdict(begun) | {"until": (self._clock() + BEGUN_LIFE).isoformat()}
        sealed = self._vault.seal(json.dumps(kept).encode(), _PLACE)
        return await self._party.address(begun), base64.urlsafe_b64encode(sealed).decode()

    async def finish(self, cookie: str, answer: Mapping[str, str]) -> Opened:
        """Open a session for whoever came back. Raises `Forbidden` if they cannot be believed, and `NotNow`."""
        try:
            claims = await self._party.claims(self._begun(cookie), answer)
            citizen = _citizen(claims)
        except SignInRefused as error:
            log.warning("sign-in refused", why=str(error))
            vi = "Đăng nhập không thành công; vui lòng bắt đầu lại."
            raise Forbidden(vi, "The sign-in was not successful: begin again.") from error
        token, until = self._new_token(), self._clock() + self._life
        try:
            await self._store.write(lambda tx: tx.sessions.add(token, until, citizen.document()))
        except StoreUnavailable as error:
            raise NotNow from error
        return Opened(token, until, citizen)

    async def declarant(self, token: str) -> Declarant | None:
        """Whose session it is; None if it is over or never was."""
        try:
            found = await self._store.aread(lambda tx: tx.sessions.find(token))
        except StoreUnavailable as error:
            raise NotNow from error
        if found is None:
            return None
        citizen = Citizen.read(found)
        tags = (tag.hex() for tag in self._vault.tags(citizen.number))
        return Declarant(self._client, tuple(f"{CITIZEN}:{tag}" for tag in tags), citizen)

    async def end(self, token: str) -> None:
        """Close a session."""
        try:
            await self._store.write(lambda tx: tx.sessions.end(token))
        except StoreUnavailable as error:
            raise NotNow from error

    def _begun(self, cookie: str) -> Begun:
        try:
            kept = json.loads(self._vault.open(base64.urlsafe_b64decode(cookie), _PLACE))
        except (binascii.Error, ValueError, SigningError) as error:
            raise SignInRefused("the cookie of the sign-in is not ours") from error
        if self._clock() >= datetime.fromisoformat(kept.pop("until")):
            raise SignInRefused("the sign-in took too long")
        return Begun(**kept)


def _citizen(claims: Mapping[str, object]) -> Citizen:
    number, name, born = (str(claims.get(claim) or "") for claim in ("sub", "name", "birthdate"))
    if len(number) != 12 or not number.isdecimal() or not name or not born:
        raise SignInRefused("the provider does not say who it is: sub, name and birthdate are needed")
    sex = claims.get("gender")
    return Citizen(number, name, born, sex if isinstance(sex, str) else None)

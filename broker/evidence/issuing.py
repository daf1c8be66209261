"""Gives evidence to clients who may have it: the right ``log``, and ``bodies`` for what messages say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from broker.errors import Conflict, NotFound, NotNow
from broker.evidence.gathering import Asked, Evidence, NotAsSigned, TooMuch
from broker.rights import Asker, Rights, require_answerable
from broker.store.errors import Conflict as Ambiguous
from broker.store.errors import Missing, StoreUnavailable

_NOTHING = ("Không tìm thấy thông điệp hoặc hồ sơ này.", "No such message or dossier was found.")
_BROKEN = (
    "Nhật ký trong kho không còn đúng như đã ký; không lập được chứng cứ.",
    "The stored log is not what was signed: no evidence is made of it.",
)
_TOO_MUCH = (
    "Quá nhiều nội dung cho một tệp chứng cứ; hãy yêu cầu từng lượt trao đổi.",
    "This is too much for one file of evidence: ask for single exchanges.",
)
_AMBIGUOUS = (
    "Mã này thuộc về nhiều hồ sơ khác nhau; hãy dùng mã liên thông.",
    "This code belongs to different dossiers: use the linked code.",
)


class Issuing:
    """Gives out evidence files."""

    def __init__(self, evidence: Evidence, rights: Rights) -> None:
        """``rights`` decide who may have what, and keep who was refused."""
        self._rights = rights
        self._makers: Mapping[str, Callable[[str, Asked], Awaitable[bytes]]] = {
            "message": evidence.message,
            "exchange": evidence.exchange,
            "dossier": evidence.dossier,
        }

    async def issue(self, asker: Asker, kind: str, name: str, *, bodies: bool) -> bytes:
        """The file about a ``message``, ``exchange`` or ``dossier``. Raises `HubError`."""
        what = f"evidence of {kind} {name}"
        await self._rights.require(asker, "log", what)
        if bodies:
            await self._rights.require(asker, "bodies", what)
        require_answerable(asker)
        asked = Asked(asker.name, (asker.purpose or "").strip(), bodies)
        try:
            return await self._makers[kind](name, asked)
        except Missing as error:
            raise NotFound(*_NOTHING) from error
        except NotAsSigned as error:
            raise Conflict(*_BROKEN) from error
        except TooMuch as error:
            raise Conflict(*_TOO_MUCH) from error
        except Ambiguous as error:
            raise Conflict(*_AMBIGUOUS) from error
        except StoreUnavailable as error:
            raise NotNow from error

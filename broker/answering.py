"""What all requests have in common: rights, understanding, repeating, refusing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from broker.canonical import build
from broker.config.hub import Client
from broker.errors import Conflict, Forbidden, HubError, Invalid, NotNow
from broker.inbox import Answered, Inbox, Request
from broker.mapping import MappingError
from broker.model import Problem
from broker.store.errors import Conflict as StoreConflict
from broker.store.errors import StoreUnavailable

Act = Callable[[Request], Awaitable[bytes]]
"""Acts on a request and gives the answer, committed."""


class Answering:
    """Answers requests: each acts once, and is answered the same again."""

    def __init__(self, inbox: Inbox, clients: Mapping[str, Client], wake: Callable[[], None]) -> None:
        """``wake`` tells the worker that something may be due."""
        self._inbox = inbox
        self._clients = clients
        self._wake = wake

    async def answer(self, client_id: str, right: str, name: str, document: bytes, act: Act) -> bytes:
        """Let ``act`` answer a request whose root is ``name``, if the client has the ``right``. Raises `HubError`."""
        client = self._clients.get(client_id)
        try:
            if client is None or right not in client.may:
                raise Forbidden
            answer = await self._act(self._inbox.understand(client, name, document), act)
        except Answered as answered:
            return build.mark_duplicate(answered.answer)
        except HubError as error:
            await self._inbox.keep_refused(client_id, name, document, error)
            raise
        except StoreConflict as error:
            vi, en = (
                "Mã thông điệp này đã được dùng cho nội dung khác.",
                "This message id was used for other content.",
            )
            refusal = Conflict(vi, en, field="MessageId")
            await self._inbox.keep_refused(client_id, name, document, refusal)
            raise refusal from error
        except StoreUnavailable as error:
            raise NotNow from error
        self._wake()
        return answer

    async def _act(self, request: Request, act: Act) -> bytes:
        """Act once. What is refused now may be a repetition of what was accepted when things stood otherwise."""
        try:
            return await act(request)
        except MappingError as error:
            refusal: HubError = Invalid(
                [
                    Problem(problem.field or None, problem.message_vi, problem.message_en)
                    for problem in error.problems
                ]
            )
        except HubError as error:
            refusal = error
        if (first := await self._inbox.first_answer(request)) is not None:
            raise Answered(first)
        raise refusal

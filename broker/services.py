"""What the web face may ask of a hub, joined from the parts that do it (`broker.web.services.Services`)."""

from __future__ import annotations

import asyncio

from adapters.base import Answer, Inbound
from broker.callbacks import Callbacks
from broker.errors import Forbidden, HubError, NotFound, NotNow
from broker.hub import Hub
from broker.inbox import Inbox
from broker.store.engine import Tx
from broker.store.errors import Missing, StoreUnavailable
from broker.web.services import Attachment


class HubServices:
    """The services of one hub."""

    def __init__(self, hub: Hub) -> None:
        """Uses the hub, which stays its owner's."""
        self._hub = hub
        self._clients = {client.id: client for client in hub.project.hub.clients}
        self._inbox: Inbox = hub.inbox
        self._callbacks: Callbacks = hub.callbacks

    async def submit(self, client: str, document: bytes) -> bytes:
        """SubmitRequest → SubmitResponse."""
        return await self._hub.intake.submit(client, document)

    async def status(self, client: str, document: bytes) -> bytes:
        """StatusRequest → StatusResponse."""
        answer = await self._hub.standing.status(client, document)
        await self._inbox.keep_looked(client, "StatusRequest", document, answer)
        return answer

    async def supplement(self, client: str, document: bytes) -> bytes:
        """SupplementRequest → SupplementResponse."""
        return await self._hub.requests.supplement(client, document)

    async def withdraw(self, client: str, document: bytes) -> bytes:
        """WithdrawRequest → WithdrawResponse."""
        return await self._hub.requests.withdraw(client, document)

    async def consent(self, client: str, document: bytes) -> bytes:
        """ConsentRequest → ConsentResponse."""
        return await self._hub.requests.consent(client, document)

    async def resume(self, client: str, document: bytes) -> bytes:
        """ResumeRequest → ResumeResponse."""
        return await self._hub.requests.resume(client, document)

    async def handover(self, client: str, document: bytes) -> bytes:
        """HandoverRequest → HandoverResponse."""
        return await self._hub.requests.handover(client, document)

    async def report(self, client: str, document: bytes) -> bytes:
        """ReportRequest → ReportResponse."""
        return await self._hub.intake.report(client, document)

    async def put_attachment(self, client: str, sha256: str, media_type: str, data: bytes) -> bool:
        """Keep a file: first the bytes on disk, then what is known of them; True if it was new."""
        self._allow(client, "attach")
        new = sha256 not in self._hub.blobs
        try:
            await asyncio.to_thread(self._hub.blobs.put, [data], sha256)
            handed = self._inbox.handed_over(client, sha256, len(data), media_type)

            def keep(tx: Tx) -> None:
                tx.blobs.add(sha256, len(data), media_type)
                tx.messages.add(handed)

            await self._hub.store.write(keep)
            if (
                sha256 not in self._hub.blobs
            ):  # erased in between, as nobody had named it; now it is new again
                await asyncio.to_thread(self._hub.blobs.put, [data], sha256)
        except (OSError, StoreUnavailable) as error:
            raise NotNow from error
        return new

    async def attachment(self, client: str, sha256: str) -> Attachment:
        """What is known of a file. Raises NotFound."""
        self._allow(client, "attach")
        try:
            blob = await self._hub.store.aread(lambda tx: tx.blobs.get(sha256))
        except Missing as error:
            raise NotFound from error
        except StoreUnavailable as error:
            raise NotNow from error
        return Attachment(blob.sha256, blob.size, blob.media_type)

    async def callback(self, agency: str, inbound: Inbound) -> Answer:
        """What an agency says of its own accord."""
        return await self._callbacks.take(agency, inbound)

    async def refused(
        self, client: str, operation: str, body: bytes, media_type: str, error: HubError
    ) -> None:
        """Record a request that never became a canonical document."""
        await self._inbox.keep_refused(client, operation, body, error, media_type)

    def _allow(self, client: str, right: str) -> None:
        known = self._clients.get(client)
        if known is None or right not in known.may:
            raise Forbidden

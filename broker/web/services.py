"""What the web face asks of the hub: canonical documents in, canonical documents out, no transport in
sight.
"""

from __future__ import annotations

import dataclasses
from typing import Protocol

from adapters.base import Answer, Inbound
from broker.errors import HubError


@dataclasses.dataclass(frozen=True, slots=True)
class Attachment:
    """A file that was handed over; ``size`` in bytes."""

    sha256: str
    size: int
    media_type: str


class Services(Protocol):
    """The hub. ``client`` is the authenticated caller; rights, signatures and schemas are checked behind
    this.

    What is answered has been committed. Each raises `broker.errors.HubError`, after the refused document has
    been recorded.
    """

    async def submit(self, client: str, document: bytes) -> bytes:
        """SubmitRequest → SubmitResponse."""

    async def status(self, client: str, document: bytes) -> bytes:
        """StatusRequest → StatusResponse."""

    async def supplement(self, client: str, document: bytes) -> bytes:
        """SupplementRequest → SupplementResponse."""

    async def withdraw(self, client: str, document: bytes) -> bytes:
        """WithdrawRequest → WithdrawResponse."""

    async def consent(self, client: str, document: bytes) -> bytes:
        """ConsentRequest → ConsentResponse."""

    async def resume(self, client: str, document: bytes) -> bytes:
        """ResumeRequest → ResumeResponse."""

    async def handover(self, client: str, document: bytes) -> bytes:
        """HandoverRequest → HandoverResponse."""

    async def report(self, client: str, document: bytes) -> bytes:
        """ReportRequest → ReportResponse."""

    async def put_attachment(self, client: str, sha256: str, media_type: str, data: bytes) -> bool:
        """Keep a file whose hash and kind have been checked; True if it was new."""

    async def attachment(self, client: str, sha256: str) -> Attachment:
        """What is known of a file. Raises NotFound."""

    async def callback(self, agency: str, inbound: Inbound) -> Answer:
        """What an agency says of its own accord, as it arrived: the agency's receiver is asked behind
        this.
        """

    async def refused(
        self, client: str, operation: str, body: bytes, media_type: str, error: HubError
    ) -> None:
        """Record a request that never became a canonical document: nothing is dropped silently."""

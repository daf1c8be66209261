"""A small hub behind the web face for tests: it checks documents, remembers them, and answers."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime

from adapters.base import Answer, Inbound
from broker.canonical import build
from broker.canonical import document as documents
from broker.canonical.schemas import Schemas
from broker.canonical.status import Status, status_response
from broker.errors import Conflict, Forbidden, HubError, Invalid, NotFound
from broker.model import DossierState
from broker.web.services import Attachment

NOW = datetime(2026, 9, 15, 2, 0, tzinfo=UTC)
CODE = "G22.99.08-260915-000123"
KEY = "khóa bí mật".encode().hex()
KEYS = {"dvcqg": hashlib.sha256(KEY.encode()).hexdigest(), "other": hashlib.sha256(b"other").hexdigest()}


@dataclasses.dataclass
class FakeHub:
    """Services in memory. ``fail`` is raised by whatever is asked next."""

    schemas: Schemas
    answers: dict[str, tuple[bytes, bytes]] = dataclasses.field(default_factory=dict)
    files: dict[str, Attachment] = dataclasses.field(default_factory=dict)
    refusals: list[tuple[str, str, bytes, str]] = dataclasses.field(default_factory=list)
    heard: list[Inbound] = dataclasses.field(default_factory=list)
    fail: Exception | None = None

    async def submit(self, client: str, document: bytes) -> bytes:
        """Answer a valid request once, and the same again."""
        answer = build.submit_response(CODE, NOW, NOW, duplicate=False)
        return self._once(document, "SubmitRequest", answer)

    async def status(self, client: str, document: bytes) -> bytes:
        """One dossier, which only its sender may see."""
        self._may_fail()
        if documents.text_at(documents.read(document), "Code") != CODE or client != "dvcqg":
            raise NotFound
        return status_response(Status(CODE, {"dvcqg": "A-1"}, "3.000722", NOW, DossierState.PROCESSING))

    async def supplement(self, client: str, document: bytes) -> bytes:
        """Acknowledge."""
        answer = build.acknowledgement("SupplementResponse", CODE, NOW, duplicate=False)
        return self._once(document, "SupplementRequest", answer)

    async def withdraw(self, client: str, document: bytes) -> bytes:
        """Acknowledge."""
        answer = build.acknowledgement("WithdrawResponse", CODE, NOW, duplicate=False)
        return self._once(document, "WithdrawRequest", answer)

    async def consent(self, client: str, document: bytes) -> bytes:
        """Acknowledge."""
        answer = build.acknowledgement("ConsentResponse", CODE, NOW, duplicate=False)
        return self._once(document, "ConsentRequest", answer)

    async def resume(self, client: str, document: bytes) -> bytes:
        """Acknowledge."""
        answer = build.acknowledgement("ResumeResponse", CODE, NOW, duplicate=False)
        return self._once(document, "ResumeRequest", answer)

    async def handover(self, client: str, document: bytes) -> bytes:
        """Acknowledge."""
        answer = build.acknowledgement("HandoverResponse", CODE, NOW, duplicate=False)
        return self._once(document, "HandoverRequest", answer)

    async def report(self, client: str, document: bytes) -> bytes:
        """Acknowledge, but not to everybody."""
        if client != "dvcqg":
            raise Forbidden
        answer = build.acknowledgement("ReportResponse", None, NOW, duplicate=False)
        return self._once(document, "ReportRequest", answer)

    async def put_attachment(self, client: str, sha256: str, media_type: str, data: bytes) -> bool:
        """Remember what a file is."""
        self._may_fail()
        new = sha256 not in self.files
        self.files[sha256] = Attachment(sha256, len(data), media_type)
        return new

    async def attachment(self, client: str, sha256: str) -> Attachment:
        """What was remembered."""
        if sha256 not in self.files:
            raise NotFound
        return self.files[sha256]

    async def callback(self, agency: str, inbound: Inbound) -> Answer:
        """Echo."""
        self._may_fail()
        self.heard.append(inbound)
        return Answer(200, inbound.body, "application/xml", {"X-Agency": agency})

    async def refused(
        self, client: str, operation: str, body: bytes, media_type: str, error: HubError
    ) -> None:
        """Remember what was refused."""
        self.refusals.append((client, operation, body, error.reason))

    def _once(self, document: bytes, root_name: str, answer: bytes) -> bytes:
        self._may_fail()
        problems = self.schemas.validate(document, root_name)
        if problems:
            raise Invalid(problems)
        message_id = documents.text_at(documents.read(document), "MessageId") or ""
        first = self.answers.setdefault(message_id, (document, answer))
        if first[0] != document:
            raise Conflict("Mã thông điệp đã dùng.", "The message id was used.", field="MessageId")
        return answer if first[1] is answer else build.mark_duplicate(first[1])

    def _may_fail(self) -> None:
        if self.fail is not None:
            failure, self.fail = self.fail, None
            raise failure

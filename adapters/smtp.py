"""Sender ``smtp``: one document becomes one e-mail (RFC 5321, RFC 5322), in text and HTML, Vietnamese before English.

The Message-ID is made of the idempotency key, so a mail that was sent twice after a lost answer is recognised as one.
Credentials are used while sending and are in no `Wire`.
"""

from __future__ import annotations

import asyncio
import email.policy
import html
import re
import smtplib
import ssl
from collections.abc import Iterator
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from typing import NoReturn
from urllib.parse import urlsplit

from lxml import etree
from pydantic import Field

from adapters import checking
from adapters.base import CheckReport, Features, Reply, Request, Resources, Settings, Spec, Wire
from adapters.errors import AdapterError, Ambiguous, Rejected, Throttled, Unauthorized, Unavailable
from adapters.http import Tls, tls_context
from adapters.schemas import Folder, schema_of
from signing.errors import XmlRefused
from signing.xml import parse, serialize

__all__ = ["SPEC", "Smtp", "SmtpSettings"]

OPERATION = "Mail"
_WIDTH = 76  # RFC 2047 §2
_POLICY = email.policy.SMTP.clone(max_line_length=_WIDTH)
_SLOW_DOWN = re.compile(r"^(421|452)|\b4\.[27]\.")  # too many at once, mailbox full, greylisted (RFC 3463)
_NOT_US = frozenset({530, 534, 535, 538})  # RFC 4954 §6
_RECEIPT = "urn:lienthong:smtp:1.0"


class SmtpSettings(Settings):
    """A mail relay."""

    address: str = Field(
        pattern=r"^smtp://[^/@]+$", description="relay, for example smtp://relay.example:587"
    )
    sender: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", description="address in From, and of the envelope")
    sender_name: str | None = Field(None, description="name in From")
    xsd: str = Field(description="schema of the documents, below the contracts folder")
    root: str = Field(description="Clark name of the document's root")
    to: str = Field("Recipient/Email", description="path (local names) of the address")
    subject: str = Field("Subject/Vi", description="path of the subject")
    paragraphs: tuple[str, ...] = Field(
        ("Paragraph/Vi", "Paragraph/En"), min_length=1, description="paths of the paragraphs, a part for each"
    )
    starttls: bool = Field(True, description="demand encryption (RFC 3207); without it nothing is sent")
    tls: Tls | None = Field(None, description="certificate authorities and client certificate")
    user: str | None = Field(None, description="name of the secret that holds the user name")
    password: str | None = Field(None, description="name of the secret that holds the password")
    timeout_seconds: float = Field(30, gt=0, description="bound of each step of an exchange")


class Smtp:
    """One mail relay."""

    features = Features()

    def __init__(self, settings: SmtpSettings, resources: Resources) -> None:
        """Compile the schema. Raises ValueError for settings that contradict each other or a schema that is wrong."""
        if (settings.user is None) != (settings.password is None):
            raise ValueError("user and password belong together")
        if settings.user is not None and not settings.starttls:
            raise ValueError("a password is not sent in the clear: set starttls")
        self._settings = settings
        self._resources = resources
        self._schema = schema_of(Folder(resources.contracts), settings.xsd)

    def encode(self, request: Request) -> Wire:
        """The whole mail. Raises ValueError if the operation or the document is not what is sent here."""
        if request.operation != OPERATION:
            raise ValueError(f"there is no operation {request.operation!r}; there is {OPERATION}")
        try:
            root = parse(request.payload)
        except XmlRefused as error:
            raise ValueError(f"the payload cannot be read: {error}") from error
        if root.tag != self._settings.root:
            raise ValueError(f"the payload is {root.tag}, not {self._settings.root}")
        if problems := self._schema.problems(root):
            raise ValueError(f"the payload does not satisfy the contract: {'; '.join(problems)}")
        mail = self._mail(root, request.key)
        return Wire(request.operation, request.key, self._settings.address, mail.as_bytes(policy=_POLICY))

    async def send(self, wire: Wire) -> Reply:
        """Hand the mail to the relay, once. Raises `AdapterError`."""
        mail = email.message_from_bytes(wire.body, policy=email.policy.SMTP)
        answer = await asyncio.to_thread(self._deliver, wire.body, str(mail["To"]))
        receipt = etree.Element(f"{{{_RECEIPT}}}Taken", messageId=str(mail["Message-ID"]))
        return Reply(wire.operation, answer, serialize(receipt))

    async def check(self) -> CheckReport:
        """Reach the relay, encrypt and log in as for a mail, and leave."""
        try:
            await asyncio.to_thread(self._greet)
        except AdapterError as error:
            return checking.report([(False, f"{self._settings.address}: {error.detail}")])
        return checking.report([(True, f"{self._settings.address}: reached, ready for mail")])

    async def close(self) -> None:
        """Nothing stays open between two mails."""

    # ------------------------------------------------------------------ the mail

    def _mail(self, root: etree._Element, key: str) -> EmailMessage:
        settings = self._settings
        mail = EmailMessage(policy=_POLICY)
        name, _, domain = settings.sender.partition("@")
        mail["From"] = Address(settings.sender_name or "", name, domain)
        mail["To"] = _one(root, settings.to)
        mail.set_raw("Subject", folded(_one(root, settings.subject)))
        mail["Date"] = self._resources.clock()
        mail["Message-ID"] = message_id(key, domain)
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
        parts = [list(_texts(root, path)) for path in settings.paragraphs]
        mail.set_content("\n\n---\n\n".join("\n\n".join(part) for part in parts), cte="base64")
        mail.add_alternative(_html(parts), subtype="html", cte="base64")
        # Derived from the key like the Message-ID: the same mail is the same bytes on every attempt.
        mail.set_boundary(f"={_safe(key)}=")
        return mail

    # ------------------------------------------------------------------ the relay (blocking)

    def _deliver(self, mail: bytes, recipient: str) -> bytes:
        relay = self._connected()
        try:
            return self._hand_over(relay, mail, recipient)
        finally:
            relay.close()

    def _hand_over(self, relay: smtplib.SMTP, mail: bytes, recipient: str) -> bytes:
        try:
            _expect(relay.mail(self._settings.sender), "MAIL FROM")
            _expect(relay.rcpt(recipient), "RCPT TO")
        except (smtplib.SMTPException, OSError) as error:
            _failed(error, self._settings.address)
        try:
            code, words = relay.data(mail)
        except smtplib.SMTPDataError as error:  # refused before the mail itself
            _failed(error, self._settings.address)
        except (smtplib.SMTPException, OSError) as error:
            raise Ambiguous(
                f"{self._settings.address}: the mail was sent, but no answer came ({type(error).__name__})"
            ) from error
        _expect((code, words), "DATA")
        return b"%d %b" % (code, words)

    def _greet(self) -> None:
        self._connected().close()

    def _connected(self) -> smtplib.SMTP:
        """A session in which mail may be sent. Raises `AdapterError`."""
        settings = self._settings
        place = urlsplit(settings.address)
        try:
            relay = smtplib.SMTP(place.hostname or "", place.port or 587, timeout=settings.timeout_seconds)
        except (smtplib.SMTPException, OSError) as error:
            _failed(error, settings.address)
        try:
            self._introduce(relay)
        except (smtplib.SMTPException, OSError) as error:
            relay.close()
            _failed(error, settings.address)
        except AdapterError:
            relay.close()
            raise
        return relay

    def _introduce(self, relay: smtplib.SMTP) -> None:
        settings, secret = self._settings, self._resources.secret
        relay.ehlo_or_helo_if_needed()
        if settings.starttls:
            relay.starttls(context=tls_context(settings.tls))
            relay.ehlo()
        if settings.user is not None and settings.password is not None:
            relay.login(secret(settings.user), secret(settings.password))


def folded(subject: str) -> str:
    """A subject as it is written into a mail. The library's own folding loses spaces between encoded words."""
    return Header(subject, "utf-8", _WIDTH, "Subject").encode()


def message_id(key: str, domain: str) -> str:
    """The Message-ID of the mail with this idempotency key."""
    return f"<{_safe(key)}@{domain}>"


def _safe(key: str) -> str:
    """A key in the signs that are free of meaning in headers."""
    return re.sub(r"[^A-Za-z0-9.-]", "_", key).strip(".")


def _texts(root: etree._Element, path: str) -> Iterator[str]:
    for found in root.iterfind("/".join(f"{{*}}{name}" for name in path.split("/"))):
        yield " ".join((found.text or "").split())


def _one(root: etree._Element, path: str) -> str:
    text = next(_texts(root, path), "")
    if not text:
        raise ValueError(f"the payload has no {path}")
    return text


def _html(parts: list[list[str]]) -> str:
    bodies = ("\n".join(f"<p>{html.escape(text)}</p>" for text in part) for part in parts)
    return '<!DOCTYPE html>\n<html lang="vi"><body>\n' + "\n<hr>\n".join(bodies) + "\n</body></html>\n"


def _expect(answer: tuple[int, bytes], step: str) -> None:
    code, words = answer
    if not 200 <= code < 300:
        _refused(code, words, step)


def _failed(error: Exception, address: str) -> NoReturn:
    """Raise the class of an error before the mail itself was handed over: nothing was taken in."""
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        _refused(error.smtp_code, words if isinstance(words, bytes) else str(words).encode(), address)
    if isinstance(error, ssl.SSLError):
        raise Unavailable(f"{address}: TLS handshake failed, or its certificate is not trusted") from error
    if isinstance(error, smtplib.SMTPNotSupportedError):
        raise Unavailable(f"{address} does not offer what the settings demand: {error}") from error
    raise Unavailable(f"{address} gave no answer ({type(error).__name__})") from error


def _refused(code: int, words: bytes, step: str) -> NoReturn:
    """Raise what a reply code means (RFC 5321 §4.2.1): 4yz may be tried again, 5yz not."""
    detail = f"{step}: {code} {words.decode('utf-8', 'replace')}"[:300]
    if code in _NOT_US:
        raise Unauthorized(detail, code=str(code), raw=words)
    if 400 <= code < 500 or code < 0:
        kind = Throttled if _SLOW_DOWN.search(f"{code} {words.decode('ascii', 'replace')}") else Unavailable
        raise kind(detail, code=str(code), raw=words)
    raise Rejected(detail, code=str(code), raw=words)


SPEC = Spec(
    name="smtp",
    direction="send",
    summary="Sends a document as an e-mail through a relay, with STARTTLS.",
    settings=SmtpSettings,
    build=Smtp,
    features=Smtp.features,
)
"""Declaration of the sender."""

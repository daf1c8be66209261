"""smtp keeps the contract of a sender, towards a mail server that shares no code with it."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import email
import email.policy
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.base import Answer, Reply, Request, Sender
from adapters.errors import AdapterError, Ambiguous, Rejected, Throttled, Unauthorized, Unavailable
from adapters.http import HttpClient
from adapters.smtp import SPEC, folded, message_id
from lienthong.testing import AdapterContract, FakeAgency, Heard

LT = "{urn:lienthong:1.0}"
NOTICE = """<Notice xmlns="urn:lienthong:1.0"><Key>key-{number}</Key>
<DossierCode>G22.99.08-261122-000123</DossierCode><Kind>received</Kind><At>2026-11-22T09:00:00+07:00</At>
<Recipient><Name>Trần Thị Thủy</Name><Email>thuy@vidu.vn</Email></Recipient>
<Subject><Vi>Đã tiếp nhận hồ sơ G22.99.08-261122-000123</Vi><En>Received</En></Subject>
<Paragraph><Vi>Hồ sơ của ông/bà đã được tiếp nhận.</Vi><En>Your dossier was received.</En></Paragraph>
<Paragraph><Vi>Ngày hẹn trả: 25/11/2026 &lt;17:00&gt;.</Vi><En>Due on 25/11/2026.</En></Paragraph></Notice>"""


class Relay:
    """A real mail server; ``says`` maps a command to the reply that it gives instead of its own."""

    def __init__(self, says: dict[str, str] | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.says = says or {}
        self.tls = tls
        self.heard: list[Heard] = []
        self.passwords: list[tuple[bytes, bytes]] = []
        self._served: list[SMTP] = []

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Called by aiosmtpd."""
        envelope.mail_from = address
        return self.says.get("MAIL", "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Called by aiosmtpd."""
        envelope.rcpt_tos.append(address)
        return self.says.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Called by aiosmtpd."""
        body = envelope.original_content or b""
        self.heard.append(Heard("MAIL", ",".join(envelope.rcpt_tos), {}, body))
        if self.says.get("DATA") == "hang up":
            assert server.transport is not None
            server.transport.abort()
        return self.says.get("DATA", "250 2.0.0 OK")

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, auth: Any
    ) -> AuthResult:
        """Called by aiosmtpd."""
        self.passwords.append((auth.login, auth.password))
        return AuthResult(success=auth.password == b"s3cr3t-relay")

    def serve(self) -> SMTP:
        """A connection."""
        log_in = {"authenticator": self.authenticate, "auth_required": True} if self.tls else {}
        made = SMTP(
            self, tls_context=self.tls, require_starttls=bool(self.tls), enable_SMTPUTF8=False, **log_in
        )
        self._served.append(made)
        return made


def server_context(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """What a server at 127.0.0.1 needs for TLS, and the file of its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay")])
    certificate = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2049, 1, 1, tzinfo=UTC))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "relay.key.pem").write_bytes(key.private_bytes(pem, *plain))
    (folder / "relay.pem").write_bytes(certificate.public_bytes(pem))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "relay.pem", folder / "relay.key.pem")
    return context, folder / "relay.pem"


@contextlib.asynccontextmanager
async def running(relay: Relay) -> AsyncIterator[str]:
    """The relay on a free port; its address."""
    server = await asyncio.get_running_loop().create_server(relay.serve, "127.0.0.1", 0)
    try:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for served in relay._served:
            if served.transport is not None:
                served.transport.abort()


class TestSmtp(AdapterContract):
    """The sender keeps its promises."""

    spec = SPEC

    def settings(self, url: str) -> dict[str, Any]:
        """A relay in the same house, without encryption."""
        return {
            "address": "smtp://" + url.partition("://")[2],
            "sender": "khong-tra-loi@lienthong.example",
            "sender_name": "Hệ thống liên thông",
            "xsd": "lienthong/1.0/notice.xsd",
            "root": f"{LT}Notice",
            "starttls": False,
            "timeout_seconds": 5,
        }

    def request(self, number: int = 0) -> Request:
        """A notice."""
        return Request("Mail", NOTICE.replace("{number}", str(number)).encode(), f"key-{number}")

    def belongs(self, request: Request, reply: Reply) -> bool:
        """The receipt names the mail."""
        return f"{request.key}@".encode() in reply.payload

    @contextlib.asynccontextmanager
    async def _facing(
        self, http: HttpClient, behaviour: Callable[..., Any], **changes: Any
    ) -> AsyncIterator[tuple[Sender, FakeAgency]]:
        """A mail server instead of the suite's web server."""
        relay = behaviour if isinstance(behaviour, Relay) else Relay()
        async with running(relay) as address:
            yield self.build(address, http, **changes), relay  # type: ignore[misc]

    def agency(self, heard: Heard) -> Answer:
        """A relay takes everything."""
        return Answer(250, b"", "")

    @pytest.mark.parametrize("how", [])
    async def test_unusable_answer_has_a_class(self, http: HttpClient, how: str) -> None:
        """What a web server can say is no matter here: replies of a relay are tested below."""


@pytest.mark.parametrize(
    ("step", "said", "expected"),
    [
        ("RCPT", "450 4.2.0 greylisted, come back", Throttled),
        ("MAIL", "421 too many connections", Throttled),
        ("RCPT", "451 4.3.0 try later", Unavailable),
        ("RCPT", "550 5.1.1 no such user", Rejected),
        ("MAIL", "530 5.7.0 authentication required", Unauthorized),
        ("DATA", "554 5.6.0 content refused", Rejected),
        ("DATA", "452 4.2.2 mailbox full", Throttled),
        ("DATA", "hang up", Ambiguous),
    ],
)
async def test_reply_has_a_class(
    http: HttpClient, step: str, said: str, expected: type[AdapterError]
) -> None:
    """4yz: nothing was taken in, try again; 5yz: for good; no answer after the mail: in doubt."""
    suite = TestSmtp()
    async with suite._facing(http, Relay({step: said})) as (sender, _):  # type: ignore[arg-type]
        failure = await suite._failure(sender, sender.encode(suite.request()))
    assert type(failure) is expected


async def test_a_mail_that_people_read(http: HttpClient) -> None:
    """Subject and texts with diacritics in plain text and HTML, Vietnamese first, signs of HTML made harmless."""
    suite = TestSmtp()
    async with suite._facing(http, Relay()) as (sender, relay):  # type: ignore[arg-type]
        await sender.send(sender.encode(suite.request()))
    mail = email.message_from_bytes(relay.heard[0].body, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    assert relay.heard[0].path == mail["To"] == "thuy@vidu.vn"
    assert mail["Subject"] == "Đã tiếp nhận hồ sơ G22.99.08-261122-000123"
    assert mail["Message-ID"] == message_id("key-0", "lienthong.example")
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert page is not None
    assert text.get_content().splitlines()[::2][:2] == [
        "Hồ sơ của ông/bà đã được tiếp nhận.",
        "Ngày hẹn trả: 25/11/2026 <17:00>.",
    ]
    assert "Your dossier was received." in text.get_content()
    assert "&lt;17:00&gt;" in page.get_content()


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["kết", "quả", "được", "cải", "chính", "“Đăng", "sinh”", "G22.99.08-261122-000123", "a"]
        )
    )
)
def test_a_long_subject_keeps_its_spaces(words: list[str]) -> None:
    """Wherever a subject is folded, it reads as it was written, in lines that relays take."""
    subject = " ".join(["Hồ sơ", *words])
    mail = EmailMessage()
    mail.set_raw("Subject", folded(subject))
    read = email.message_from_bytes(mail.as_bytes(), policy=email.policy.default)
    assert read["Subject"] == subject
    assert max(map(len, mail.as_bytes().splitlines())) <= 76


async def test_starttls_with_a_password(http: HttpClient, tmp_path: Path) -> None:
    """The session is encrypted and its certificate checked before the password is said."""
    server, ca = server_context(tmp_path)
    relay = Relay(tls=server)
    suite = TestSmtp()
    secure = {"starttls": True, "tls": {"ca": str(ca)}, "user": "user", "password": "pass"}
    suite.secrets = {"user": "lienthong", "pass": "s3cr3t-relay"}  # type: ignore[misc]
    async with suite._facing(http, relay, **secure) as (sender, _):  # type: ignore[arg-type]
        await sender.send(sender.encode(suite.request()))
        assert (await sender.check()).ok
    assert relay.passwords[0] == (b"lienthong", b"s3cr3t-relay")
    assert len(relay.heard) == 1


async def test_relay_without_starttls_gets_nothing(http: HttpClient) -> None:
    """A relay that does not offer encryption, or whose certificate nobody vouches for, sees no mail."""
    suite = TestSmtp()
    async with suite._facing(http, Relay(), starttls=True) as (sender, relay):  # type: ignore[arg-type]
        assert isinstance(await suite._failure(sender, sender.encode(suite.request())), Unavailable)
    assert relay.heard == []


async def test_certificate_that_nobody_vouches_for(http: HttpClient, tmp_path: Path) -> None:
    """The session ends before anything is said."""
    server, _ = server_context(tmp_path)
    suite = TestSmtp()
    async with suite._facing(http, Relay(tls=server), starttls=True) as (sender, relay):  # type: ignore[arg-type]
        failure = await suite._failure(sender, sender.encode(suite.request()))
    assert isinstance(failure, Unavailable)
    assert "certificate" in failure.detail
    assert relay.heard == []


async def test_relay_that_says_nothing(http: HttpClient) -> None:
    """A relay that accepts the connection and is silent is not available."""
    suite = TestSmtp()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        sender = suite.build(f"smtp://127.0.0.1:{silent.getsockname()[1]}", http, timeout_seconds=0.2)
        assert isinstance(await suite._failure(sender, sender.encode(suite.request())), Unavailable)


def test_password_only_over_an_encrypted_session(http: HttpClient) -> None:
    """Settings that would send it in the clear, or half of it, are refused."""
    suite = TestSmtp()
    with pytest.raises(ValueError, match="in the clear"):
        suite.build("smtp://127.0.0.1:25", http, user="user", password="pass")
    with pytest.raises(ValueError, match="belong together"):
        suite.build("smtp://127.0.0.1:25", http, user="user", starttls=True)


def test_notice_without_an_address_is_refused(http: HttpClient) -> None:
    """Nothing is mailed to nobody."""
    suite = TestSmtp()
    payload = suite.request().payload
    start, end = payload.index(b"<Recipient>"), payload.index(b"</Recipient>") + len(b"</Recipient>")
    sender = suite.build("smtp://127.0.0.1:25", http)
    with pytest.raises(ValueError, match="payload has no Recipient/Email"):
        sender.encode(dataclasses.replace(suite.request(), payload=payload[:start] + payload[end:]))


@pytest.fixture
async def http() -> AsyncIterator[HttpClient]:
    """Lent to every adapter; this one does not use it."""
    client = HttpClient(clock=lambda: (_ for _ in ()).throw(AssertionError("not used")))
    yield client
    await client.close()

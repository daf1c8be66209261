"""Issuers are asked over real HTTP: servers of ours that behave, are slow, down or lie, and OpenSSL's responder."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import ocsp as structures
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku

from broker.clock import system_clock
from broker.config.evidence import Revocation
from broker.keys.revocations import Link, Revocations
from broker.keys.revoking import Revoking
from broker.store.engine import Store
from signing.errors import RevocationUnknown, Revoked
from tests.chains import Party, Taken, issue, points, responder, revocation_list, said
from tests.clock import ManualClock
from tests.pki import NOW

CA = issue("ca", authority=True)


class Issuer:
    """A web server with a list and a responder, each of which says what the test wants."""

    def __init__(self) -> None:
        self.port = 0
        self.crl: bytes | int = revocation_list(CA)
        self.answer: dict[str, object] | bytes | int = {}
        self.signer = CA
        self.asked: list[str] = []
        self.echo: bytes | None = None
        self.slow = asyncio.Event()
        self.slow.set()

    def leaf(self, *, lists: bool = True, responders: bool = True) -> Party:
        """A certificate that names this server."""
        extra = [points(f"http://127.0.0.1:{self.port}/ca.crl")] if lists else []
        extra += [responder(f"http://127.0.0.1:{self.port}/ocsp")] if responders else []
        return issue("leaf", CA, extra=extra)

    async def get_list(self, request: web.Request) -> web.Response:
        """The list, or a status."""
        self.asked.append("crl")
        await self.slow.wait()
        return self._reply(self.crl)

    async def answer_question(self, request: web.Request) -> web.Response:
        """An answer about whatever was asked, with the nonce that came."""
        self.asked.append("ocsp")
        if not isinstance(self.answer, dict):
            return self._reply(self.answer)
        question = structures.load_der_ocsp_request(await request.read())
        nonce = question.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
        about = issue("leaf", CA, serial=question.serial_number).certificate
        given = {"nonce": nonce if self.echo is None else self.echo, **self.answer}
        return self._reply(said(self.signer, about, CA.certificate, **given))  # type: ignore[arg-type]

    def _reply(self, body: bytes | int) -> web.Response:
        if isinstance(body, bytes):
            return web.Response(body=body)
        headers = {"Location": f"http://127.0.0.1:{self.port}/ca.crl"} if body == 302 else {}
        return web.Response(status=body, headers=headers)


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    """A server that runs."""
    told = Issuer()
    app = web.Application()
    app.router.add_get("/ca.crl", told.get_list)
    app.router.add_post("/ocsp", told.answer_question)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    told.port = runner.addresses[0][1]
    yield told
    told.slow.set()
    await runner.cleanup()


class Bed:
    """A memory and the job that fills it, for one certificate."""

    def __init__(self, store: Store, clock: ManualClock, links: Sequence[Link], settings: Revocation) -> None:
        self.clock = clock
        self.known = Revocations(settings, clock)
        self.job = Revoking(settings, self.known, store, clock, links=lambda: links, owner="người trực")
        self.store = store

    def check(self, about: Party) -> None:
        """Judge now."""
        self.known.check(about.certificate, CA.certificate, self.clock())

    def items(self) -> list[str]:
        """What people were told."""
        return [item.reason for item in self.store.read(lambda tx: tx.work.list().items)]


@asynccontextmanager
async def bed(
    store: Store, *about: Party, port: int, clock: ManualClock | None = None, **settings: object
) -> AsyncIterator[Bed]:
    """A test bed that may ask the server on ``port``."""
    links = [(each.certificate, CA.certificate) for each in about]
    made = {"hosts": [f"127.0.0.1:{port}"], "timeout": "500ms", **settings}
    test_bed = Bed(store, clock or ManualClock(NOW), links, Revocation.model_validate(made))
    try:
        yield test_bed
    finally:
        await test_bed.job.close()


async def test_a_responder_is_asked_once_and_again_when_it_is_time(store: Store, issuer: Issuer) -> None:
    """Its answer is enough: no list is fetched; the next question goes out after ``refresh``."""
    leaf = issuer.leaf()
    async with bed(store, leaf, port=issuer.port) as hub:
        assert [await hub.job.run() for _ in range(2)] == [1, 0]
        hub.check(leaf)
        assert issuer.asked == ["ocsp"]
        issuer.answer = {"revoked": -1, "at": NOW + timedelta(hours=1)}
        hub.clock.advance(hours=1)
        assert await hub.job.run() == 1
        with pytest.raises(Revoked):
            hub.check(leaf)


async def test_a_list_where_the_responder_is_silent(store: Store, issuer: Issuer) -> None:
    """One list serves all certificates that name it."""
    issuer.answer = 503
    one, two = issuer.leaf(), issuer.leaf()
    issuer.crl = revocation_list(CA, Taken(two.certificate))
    async with bed(store, one, two, port=issuer.port) as hub:
        assert await hub.job.run() == 1
        hub.check(one)
        with pytest.raises(Revoked):
            hub.check(two)
        assert issuer.asked.count("crl") == 1
        assert hub.items() == []


async def test_another_process_starts_with_what_the_database_has(store: Store, issuer: Issuer) -> None:
    """Nothing is asked twice, and a start needs nobody's answer."""
    leaf = issuer.leaf(responders=False)
    async with bed(store, leaf, port=issuer.port) as first:
        await first.job.run()
    async with bed(store, leaf, port=issuer.port) as second:
        assert await second.job.run() == 0
        second.check(leaf)
    assert issuer.asked == ["crl"]


async def test_what_a_message_brought_is_asked_about(store: Store, issuer: Issuer) -> None:
    """A certificate that no folder has is unknown at first, and known after the next run."""
    leaf = issuer.leaf()
    async with bed(store, port=issuer.port) as hub:
        with pytest.raises(RevocationUnknown):
            hub.check(leaf)
        await hub.job.run()
        hub.check(leaf)


async def test_down_for_long(store: Store, issuer: Issuer) -> None:
    """The last answer serves through its grace; a person is told once; then the setting decides."""
    leaf = issuer.leaf()
    async with bed(store, leaf, port=issuer.port, grace="24h") as hub:
        await hub.job.run()
        issuer.answer = issuer.crl = 500
        hub.clock.advance(hours=24)
        for _ in range(2):
            await hub.job.run()
        hub.check(leaf)
        (reason,) = hub.items()
        assert "whether CN=leaf was revoked cannot be learnt" in reason
        hub.clock.advance(hours=24)
        with pytest.raises(RevocationUnknown):
            hub.check(leaf)
        issuer.answer = {"at": hub.clock()}
        await hub.job.run()
        hub.check(leaf)
        assert not any("ocsp" in source for source in hub.job.failures)


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        ({"status": structures.OCSPCertStatus.UNKNOWN}, "does not know the certificate"),
        ({"at": NOW - timedelta(hours=25)}, "ended on"),
        ({"at": NOW + timedelta(hours=1)}, "is yet to come"),
        ({"nonce": bytes(32)}, "another question"),
        (b"<html>", "cannot be read"),
        (b"x" * 70_000, "larger than"),
        (404, "404"),
        (302, "redirects are not followed"),
    ],
    ids=["unknown", "stale", "future", "nonce", "html", "large", "404", "redirect"],
)
async def test_lies_of_a_responder(
    store: Store, issuer: Issuer, lie: dict[str, object] | bytes | int, why: str
) -> None:
    """Nothing of it is kept, and the reason is at hand."""
    leaf = issuer.leaf(lists=False)
    issuer.answer = lie
    async with bed(store, leaf, port=issuer.port) as hub:
        assert await hub.job.run() == 0
        assert why in next(iter(hub.job.failures.values()))
        with pytest.raises(RevocationUnknown):
            hub.check(leaf)
        assert store.read(lambda tx: tx.revocations.fetched()) == {}


async def test_an_answer_of_somebody_else(store: Store, issuer: Issuer) -> None:
    """Whoever stands between could sign with a key of his own."""
    leaf = issuer.leaf(lists=False)
    issuer.signer = issue("ca", authority=True, key_name="between")
    async with bed(store, leaf, port=issuer.port) as hub:
        assert await hub.job.run() == 0
        assert "not signed by CN=ca" in next(iter(hub.job.failures.values()))


async def test_an_older_list_does_not_replace_a_newer_one(store: Store, issuer: Issuer) -> None:
    """Whoever stands between could send the list from before the revocation."""
    leaf = issuer.leaf(responders=False)
    issuer.crl = revocation_list(CA, Taken(leaf.certificate), at=NOW - timedelta(hours=1))
    async with bed(store, leaf, port=issuer.port) as hub:
        await hub.job.run()
        issuer.crl = revocation_list(CA, at=NOW - timedelta(hours=2), hours=48)
        hub.clock.advance(hours=2)
        assert await hub.job.run() == 0
        assert "older than the one before" in next(iter(hub.job.failures.values()))
        with pytest.raises(Revoked):
            hub.check(leaf)


async def test_a_slow_issuer_is_left(store: Store, issuer: Issuer) -> None:
    """An answer has a time; nobody else waits for it."""
    leaf = issuer.leaf(responders=False)
    issuer.slow.clear()
    async with bed(store, leaf, port=issuer.port, timeout="50ms") as hub:
        assert await hub.job.run() == 0
        assert "time-out" in next(iter(hub.job.failures.values()))


async def test_hosts_that_are_not_listed_are_not_asked(store: Store, issuer: Issuer) -> None:
    """A certificate cannot send the hub to its neighbours."""
    leaf = issuer.leaf()
    for hosts in ([], ["127.0.0.1"], ["localhost:1"]):
        async with bed(store, leaf, port=issuer.port, hosts=hosts) as hub:
            await hub.job.run()
            assert "evidence.revocation.hosts" in next(iter(hub.job.failures.values()))
            assert hub.items()
    assert issuer.asked == []


async def test_switched_off(store: Store, issuer: Issuer) -> None:
    """Nobody is asked."""
    async with bed(store, issuer.leaf(), port=issuer.port, check="off") as hub:
        assert await hub.job.run() == 0
    assert issuer.asked == []


@contextmanager
def openssl_responder(folder: Path, ca: Party, signer: Party, *taken: Party) -> Iterator[int]:
    """OpenSSL's responder; says its port."""
    files = {"ca.pem": ca.certificate, "signer.pem": signer.certificate}
    for name, certificate in files.items():
        (folder / name).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "signer.key").write_bytes(
        signer.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (folder / "index.txt").write_text("".join(map(_index_line, taken)))
    command = ["openssl", "ocsp", "-port", "0", "-index", "index.txt", "-CA", "ca.pem", "-nmin", "60"]
    with subprocess.Popen(
        [*command, "-rsigner", "signer.pem", "-rkey", "signer.key"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        found = re.search(r":(\d+)", line)
        assert found is not None, line
        try:
            yield int(found[1])
        finally:
            process.terminate()


def _index_line(party: Party) -> str:
    """How ``openssl ca`` writes down a certificate that was taken back."""
    until = party.certificate.not_valid_after_utc.strftime("%y%m%d%H%M%SZ")
    number = f"{party.certificate.serial_number:X}"
    number = number.zfill(len(number) + len(number) % 2)
    return f"R\t{until}\t260102000000Z,keyCompromise\t{number}\tunknown\t/CN=leaf\n"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
@pytest.mark.parametrize("delegated", [False, True])
async def test_the_responder_of_openssl(store: Store, tmp_path: Path, delegated: bool) -> None:
    """Its questions and answers are ours: revoked with the reason, and unknown for what its list does not have."""
    clock = ManualClock(system_clock())
    ends = (clock() - NOW).days + 30
    ca = issue("openssl ca", authority=True, ends=ends)
    signer = issue("responder", ca, uses=[Eku.OCSP_SIGNING], ends=ends) if delegated else ca
    serial = 4711
    known = issue("leaf", ca, serial=serial, ends=ends)
    with openssl_responder(tmp_path, ca, signer, known) as port:
        url = responder(f"http://127.0.0.1:{port}/")
        gone, strange = (
            issue("leaf", ca, serial=serial, extra=[url], ends=ends),
            issue("x", ca, extra=[url], ends=ends),
        )
        async with bed(store, port=port, clock=clock, timeout="10s") as hub:
            links = [(gone.certificate, ca.certificate), (strange.certificate, ca.certificate)]
            hub.job._links = lambda: links
            assert await hub.job.run() == 1
            with pytest.raises(Revoked, match="keyCompromise"):
                hub.known.check(gone.certificate, ca.certificate, clock())
            assert "does not know the certificate" in next(iter(hub.job.failures.values()))

"""Which authorities a project asks for time-stamps."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from adapters.http import HttpClient
from broker.clock import system_clock
from broker.config.evidence import TimeAuthority, TimeStamping
from broker.config.project import Project
from broker.log.authorities import Inside, anchors_by_name, authorities
from signing.errors import KeyProblem
from signing.stamps import timestamp
from signing.stamps.authority import create_authority
from tests import authorities as foreign

ROOT = Path(__file__).parents[3]
DATA = b"signed head\n"
DIGEST = hashlib.sha256(DATA).digest()


def project(folder: Path, *asked: TimeAuthority) -> Project:
    """The sample project with other keys and authorities."""
    loaded = Project.load(ROOT)
    stamping = TimeStamping(authorities=asked) if asked else TimeStamping()
    evidence = loaded.hub.evidence.model_copy(update={"timestamps": stamping})
    hub = loaded.hub.model_copy(update={"keys": folder / "keys", "evidence": evidence})
    return dataclasses.replace(loaded, hub=hub)


def inside(folder: Path) -> Inside:
    """The authority inside the hub."""
    return Inside(TimeAuthority(name="ben-trong"), folder / "keys/tsa", system_clock)


async def test_the_key_may_be_created_while_the_hub_runs(tmp_path: Path) -> None:
    """Without one the remedy is named; with one the next question is answered."""
    authority = inside(tmp_path)
    query = timestamp.request(DIGEST, nonce=1)
    with pytest.raises(KeyProblem, match="lienthong keys timestamp create ben-trong"):
        await authority.answer(query)
    assert authority.anchors == ()
    key = create_authority(tmp_path / "keys/tsa", "ben-trong", clock=system_clock)
    token = timestamp.read_response(await authority.answer(query), digest=DIGEST, nonce=1)
    assert authority.anchors == (key.certificate,)
    timestamp.verify(token, DATA, authority.anchors)


async def test_tokens_are_made_in_another_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The event loop does not sign."""
    create_authority(tmp_path / "keys/tsa", "ben-trong", clock=system_clock)
    authority = inside(tmp_path)
    threads: list[int] = []
    issue = authority._issue

    def watched(query: bytes) -> bytes:
        threads.append(threading.get_ident())
        return issue(query)

    monkeypatch.setattr(authority, "_issue", watched)
    await authority.answer(timestamp.request(DIGEST, nonce=1))
    assert threads != [threading.get_ident()]


async def test_the_default_is_the_one_inside(tmp_path: Path) -> None:
    """It is there without any setting, and says that it is not independent."""
    http = HttpClient(clock=system_clock)
    (one,) = authorities(project(tmp_path), http, system_clock)
    assert (one.name, one.independent) == ("ben-trong", False)
    await http.close()


async def test_outside_ones_bring_their_anchors(tmp_path: Path) -> None:
    """In the order of the settings; a file of anchors that is not there is named."""
    key = ec.generate_private_key(ec.SECP256R1())
    anchor = foreign.issue("ca", key, "ca", key, system_clock(), authority=True)
    file = tmp_path / "ca.pem"
    file.write_bytes(anchor.public_bytes(Encoding.PEM))
    outside = TimeAuthority(name="quoc-gia", url="http://127.0.0.1:9/tsa", certificates=file)
    asked = project(tmp_path, outside, TimeAuthority(name="ben-trong"))
    http = HttpClient(clock=system_clock)
    first, second = authorities(asked, http, system_clock)
    assert (first.name, first.independent, list(first.anchors)) == ("quoc-gia", True, [anchor])
    assert second.name == "ben-trong"
    create_authority(tmp_path / "keys/tsa", "nam-ngoai", clock=system_clock)
    assert set(anchors_by_name(asked)) == {"quoc-gia", "nam-ngoai"}, "a former one is still known"
    file.unlink()
    with pytest.raises(KeyProblem, match=r"ca\.pem"):
        authorities(asked, http, system_clock)
    await http.close()


OUTSIDE: dict[str, Any] = {"name": "a", "url": "http://127.0.0.1:9/tsa", "certificates": "a.pem"}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ([{"name": "a", "url": "http://127.0.0.1:9/tsa"}], "certificates"),
        ([{"name": "a", "certificates": "a.pem"}], "certificates"),
        ([OUTSIDE, OUTSIDE], "same name"),
        ([{"name": "trong"}, OUTSIDE], "must be the last"),
    ],
)
def test_settings_that_make_no_sense_are_refused(asked: list[dict[str, Any]], words: str) -> None:
    """Before anything is stamped."""
    with pytest.raises(ValueError, match=words):
        TimeStamping.model_validate({"authorities": asked})

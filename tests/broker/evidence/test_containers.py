"""Evidence files are signed at the highest level that can be had, and their page says which."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from broker.evidence.containers import Containers, chain_of, cosigned, head_files
from broker.store.proofs import SignedHead, StoredToken
from signing.container import asic
from signing.keys import FileKey
from tests.broker.evidences import Authority
from tests.broker.rig import Rig
from tests.pki import NOW, certificate, key, signer

HEAD = SignedHead(5, NOW, "log\n5\nAAAA\n\n— log AAAA\n", ("— w1 BBBB", "— w2 CCCC\n"))


async def written(containers: Containers, **files: bytes) -> tuple[str, asic.Container]:
    """The level that was reached, and the container."""
    out = io.BytesIO()
    level = await containers.write({"a.json": b"{}", **files}, lambda level: level.encode(), out)
    return level, asic.read(out.getvalue())


async def test_the_page_fits_the_level(rig: Rig, tmp_path: Path) -> None:
    """With a time-stamp B-LT, without B-B; an authority that goes away in between lowers it, and the page is right."""
    authority = Authority(rig, tmp_path)
    for away, wanted in ((False, "B-LT"), (True, "B-B")):
        authority.away = away
        level, container = await written(Containers(signer("hub-ec"), rig.clock, stamp=authority.stamp))
        assert (level, container.read("explanation.html").decode()) == (wanted, wanted)
    level, container = await written(Containers(signer("hub-ec"), rig.clock))
    assert level == "B-B"


async def test_without_a_word_from_the_issuer_it_is_not_for_later(rig: Rig, tmp_path: Path) -> None:
    """A certificate that somebody issued needs that issuer's word to be verifiable later: else it is B-T."""
    issued = FileKey(key("yte"), [certificate("yte"), certificate("ca")])
    authority = Authority(rig, tmp_path)
    asked: list[Any] = []

    def nothing(chain: Any) -> Any:
        asked.append(chain)
        return (), ()

    level, _ = await written(Containers(issued, rig.clock, stamp=authority.stamp, material=nothing))
    assert level == "B-T"
    assert [*asked[0]] == [certificate("yte"), certificate("ca"), authority.key.certificate]
    assert chain_of(issued) == (certificate("yte"), certificate("ca"))


def test_files_about_a_head() -> None:
    """The note as it was signed, the note with the witnesses' lines, the keys; the token if there is one."""
    files = head_files(HEAD, ["log+1+A", "w1+2+B"])
    assert files["log/checkpoint.note"] == HEAD.note.encode()
    assert cosigned(HEAD) == HEAD.note + "— w1 BBBB\n— w2 CCCC\n"
    assert files["log/cosigned.note"] == cosigned(HEAD).encode()
    assert files["log/log.vkey"] == b"log+1+A\nw1+2+B\n"
    assert "log/checkpoint.tst" not in files
    stamped = SignedHead(5, NOW, HEAD.note, (), StoredToken("tsa", True, NOW, b"token"))
    assert head_files(stamped, [])["log/checkpoint.tst"] == b"token"


async def test_a_name_that_leads_elsewhere(rig: Rig) -> None:
    """Nothing is written under a name that a container must not hold."""
    with pytest.raises(ValueError, match="plain relative name"):
        await written(Containers(signer("hub-ec"), rig.clock), **{".hidden": b""})

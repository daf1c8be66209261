"""Reading the files of one case: what is not there, what is damaged, what nobody has read."""

from __future__ import annotations

from signing.container import asic
from signing.verifier.anchors import Anchors
from signing.verifier.case import Case
from signing.verifier.findings import Findings
from tests.evidence.building import evidence


def case(data: bytes) -> Case:
    """A case over a container."""
    return Case(asic.read(data, strict=False), Anchors(), Findings())


def test_read() -> None:
    """A file that is there is read, one that is not is None without a word: who needs it says so."""
    found = case(evidence().sealed())
    assert (found.read("bodies/1.xml") or b"").startswith(b"<KhaiSinh>")
    assert found.read("bodies/2.xml") is None
    assert found.text("log/checkpoint.tst") is None, "it is not text"
    assert [(one.code, one.place) for one in found.findings.all()] == [("damaged", "log/checkpoint.tst")]


def test_damage_is_reported_once() -> None:
    """A damaged file is one finding however often it is read."""
    data = evidence().sealed()
    found = case(data.replace(b"<KhaiSinh>", b"<khaisinh>"))
    for _ in range(2):
        assert found.read("bodies/1.xml") is None
        assert b"".join(found.pieces("bodies/1.xml")).startswith(b"<khaisinh>")
    assert [(one.code, one.place) for one in found.findings.all()] == [("damaged", "bodies/1.xml")]


def test_too_large() -> None:
    """A file larger than its kind may be is not read."""
    found = case(evidence().sealed())
    assert found.read("bodies/1.xml", 3) is None
    assert len(found.findings.all()) == 1


def test_rest() -> None:
    """What nobody has asked for is read too: damage there is damage."""
    draft = evidence()
    draft.files["explanation.html"] = b"<p>explained</p>"
    found = case(draft.sealed().replace(b"<p>explained</p>", b"<p>EXPLAINED</p>"))
    found.read_rest()
    assert [one.place for one in found.findings.all()] == ["explanation.html"]

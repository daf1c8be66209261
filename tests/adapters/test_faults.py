"""Faults of both versions: built, read, and turned into what to do next."""

from __future__ import annotations

from typing import get_args

import pytest

from adapters import errors, faults, soap
from signing.xml import parse, serialize

OASIS = soap.WSSE


def read(body: str, version: soap.Version = "1.1", declared: str = "") -> faults.Fault:
    """The fault in a message with the given Fault content; the prefix is ``s``."""
    space = soap.NAMESPACE[version]
    text = f'<s:Envelope xmlns:s="{space}" {declared}><s:Body><s:Fault>{body}</s:Fault></s:Body></s:Envelope>'
    fault = faults.fault_in(soap.read(parse(text.encode())))
    assert fault is not None
    return fault


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize("kind", get_args(faults.Kind))
def test_what_is_built_can_be_read(version: soap.Version, kind: faults.Kind) -> None:
    """Kind and both texts survive; the Vietnamese one is preferred."""
    data = serialize(faults.build(version, faults.Refusal(kind, "không được", "not allowed")))
    fault = faults.fault_in(soap.read(parse(data)))
    assert fault is not None
    assert fault.kind == kind
    assert fault.reason.startswith("không được")
    assert b"not allowed" in data


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_subcode_is_a_qualified_name(version: soap.Version) -> None:
    """In 1.1 it takes the place of the code, in 1.2 it stands below."""
    refusal = faults.Refusal("sender", "a", "b", subcode=f"{{{OASIS}}}FailedCheck")
    fault = faults.fault_in(soap.read(faults.build(version, refusal)))
    assert fault is not None
    assert fault.codes[-1] == f"{{{OASIS}}}FailedCheck"
    assert fault.about_identity()


def test_no_fault_is_none() -> None:
    """An ordinary body is not a fault, and neither is an empty one."""
    assert faults.fault_in(soap.read(soap.build("1.1", None))) is None


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("s:Client", errors.Rejected),
        ("s:Server", errors.Unavailable),
        ("Client", errors.Rejected),
        ("s:Client.Authentication", errors.Unauthorized),
        ("s:Server.Busy", errors.Unavailable),
        ("s:MustUnderstand", errors.Rejected),
        ("s:VersionMismatch", errors.Rejected),
        ("w:InvalidSecurity", errors.Unauthorized),
        ("s:Strange", errors.Unavailable),
        ("undeclared:Client", errors.Rejected),
        ("", errors.Unavailable),
    ],
)
def test_code_of_soap_11_decides(code: str, expected: type[errors.AdapterError]) -> None:
    """Who is to blame, and whether it is about who we are; what is not known is tried again."""
    declared = f'xmlns:w="{OASIS}"'
    error = read(f"<faultcode>{code}</faultcode><faultstring>x</faultstring>", "1.1", declared).error(b"raw")
    assert type(error) is expected
    assert error.raw == b"raw"


def test_subcodes_of_soap_12_decide() -> None:
    """A Sender fault with a subcode about tokens is about identity, however deep it is."""
    sub = "<s:Subcode><s:Value>s:Other</s:Value><s:Subcode><s:Value>w:TokenExpired</s:Value></s:Subcode></s:Subcode>"
    reason = (
        '<s:Reason><s:Text xml:lang="en">old token</s:Text><s:Text xml:lang="vi">hết hạn</s:Text></s:Reason>'
    )
    fault = read(f"<s:Code><s:Value>s:Sender</s:Value>{sub}</s:Code>{reason}", "1.2", 'xmlns:w="urn:w"')
    assert isinstance(fault.error(), errors.Unauthorized)
    assert (fault.reason, fault.codes[2]) == ("hết hạn", "{urn:w}TokenExpired")


def test_fault_without_anything_is_the_servers() -> None:
    """An agency that cannot even say what is wrong may be asked again."""
    assert isinstance(read("").error(), errors.Unavailable)
    assert isinstance(read("", "1.2").error(), errors.Unavailable)


def test_detail_is_kept_as_text() -> None:
    """For people to read; nothing is decided by it."""
    fault = read("<faultcode>s:Client</faultcode><detail><a>Sai <b>mã</b></a></detail>")
    assert fault.detail == "Sai mã"


@pytest.mark.parametrize(
    ("version", "kind", "status"), [("1.1", "sender", 500), ("1.2", "sender", 400), ("1.2", "receiver", 500)]
)
def test_http_status(version: soap.Version, kind: faults.Kind, status: int) -> None:
    """SOAP 1.1 knows 500 only."""
    assert faults.Refusal(kind, "a", "b").status(version) == status

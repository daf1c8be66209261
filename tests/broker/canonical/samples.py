"""Canonical documents for tests: a complete birth declaration of synthetic people, and ways to change it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from broker.canonical.document import find, read, tag
from broker.canonical.plan import Node

PROJECT = Path(__file__).parents[3]
RECEIVED = datetime(2026, 9, 15, 2, 0, tzinfo=UTC)
"""A Tuesday morning in Hà Nội, two weeks after the identity card joined the group."""

DECLARATION = """
<BirthDeclaration>
  <Choices>
    <BirthKind>1</BirthKind><RegistrationKind>1</RegistrationKind><ForeignElement>false</ForeignElement>
    <RegistrationOffice><Province>01</Province><Commune>00004</Commune></RegistrationOffice>
    <ResidenceOffice><Province>01</Province><Commune>00004</Commune></ResidenceOffice>
    <InsuranceOffice><Province>01</Province><Commune>00004</Commune></InsuranceOffice>
    <Copies>2</Copies>
  </Choices>
  <Applicant>
    <Name><Family source="account">Trần</Family><Middle>Văn</Middle><Given>Thủy</Given></Name>
    <BirthDate>1990-02-28</BirthDate><PersonalNumber source="account">001090000018</PersonalNumber>
    <ResidenceKind>permanent</ResidenceKind>
    <Residence>
      <Country>VN</Country><Province>01</Province><Commune>00004</Commune><Detail>Số 5 ngõ 12</Detail>
    </Residence>
    <Relation>father</Relation><Phone>0912345678</Phone><Email>thuy@vidu.vn</Email>
  </Applicant>
  <Child>
    <Name><Family>Trần</Family><Given>Hòa</Given></Name><Sex>2</Sex><BirthDate>2026-09-01</BirthDate>
    <BirthTime>08:05</BirthTime><Ethnicity>01</Ethnicity><Nationality>VN</Nationality>
    <BirthPlace>
      <Country>VN</Country><Province>01</Province><Commune>00004</Commune><Detail>Bệnh viện Mẫu</Detail>
    </BirthPlace>
    <NativePlace><Country>VN</Country><Province>36</Province></NativePlace>
    <BirthCertificate><Number>00123.GCS.01012.26</Number><IssuedOn>2026-09-02</IssuedOn></BirthCertificate>
  </Child>
  <Mother>
    <Name><Family>Nguyễn</Family><Middle>Thị</Middle><Given>Mai</Given></Name><BirthDate>1992-11</BirthDate>
    <PersonalNumber verified="match">001192000027</PersonalNumber>
    <Ethnicity>01</Ethnicity><Nationality>VN</Nationality><ResidenceKind>permanent</ResidenceKind>
    <Residence><Country>VN</Country><Province>01</Province><Commune>00004</Commune></Residence>
  </Mother>
  <Father>
    <Name><Family>Trần</Family><Middle>Văn</Middle><Given>Thủy</Given></Name><BirthDate>1990-02-28</BirthDate>
    <PersonalNumber>001090000018</PersonalNumber>
    <Ethnicity>01</Ethnicity><Nationality>VN</Nationality><ResidenceKind>unknown</ResidenceKind>
  </Father>
  <Marriage>
    <Number>12</Number><Book>01/2019</Book><IssuedOn>2019-05-20</IssuedOn><IssuedBy>UBND phường Mẫu</IssuedBy>
  </Marriage>
  <Household>
    <Case>with-parents</Case><HeadName>Nguyễn Thị Mai</HeadName>
    <HeadPersonalNumber>001192000027</HeadPersonalNumber><RelationToHead>child</RelationToHead>
    <Address><Country>VN</Country><Province>01</Province><Commune>00004</Commune></Address>
    <Consent>
      <Who>head</Who><Method>vneid</Method><Name>Nguyễn Thị Mai</Name>
      <PersonalNumber>001192000027</PersonalNumber>
    </Consent>
  </Household>
  <HealthInsurance>
    <Facility>01012</Facility><GuardianOnCard>mother</GuardianOnCard>
    <ReceiptAddress><Country>VN</Country><Province>01</Province><Commune>00004</Commune></ReceiptAddress>
  </HealthInsurance>
  <Attachments>
    <Attachment>
      <Kind>birth-certificate-paper</Kind><FileName>giấy chứng sinh.pdf</FileName>
      <MediaType>application/pdf</MediaType><Size>1024</Size><SHA256>{hash_1}</SHA256>
    </Attachment>
    <Attachment>
      <Kind>other</Kind><FileName>khác.png</FileName><MediaType>image/png</MediaType><Size>2048</Size>
      <SHA256>{hash_2}</SHA256>
    </Attachment>
  </Attachments>
</BirthDeclaration>
""".replace("{hash_1}", "0a" * 32).replace("{hash_2}", "1b" * 32)

SUBMIT = f"""<?xml version="1.0" encoding="UTF-8"?>
<SubmitRequest xmlns="urn:lienthong:1.0">
  <MessageId>dvc-0000-0001</MessageId>
  <PortalCode>000.00.00.G22-260915-0001</PortalCode>
  <Actor><OfficerId>cb-01</OfficerId><Unit>H26.1</Unit></Actor>{DECLARATION}
</SubmitRequest>""".encode()

Change = Callable[[Node], None]


def submit(*changes: Change) -> Node:
    """The sample request after ``changes`` to its declaration."""
    root = read(SUBMIT)
    declaration = root.find(tag("BirthDeclaration"))
    assert declaration is not None
    for change in changes:
        change(declaration)
    return root


def declaration(*changes: Change) -> Node:
    """The sample declaration after ``changes``."""
    found = submit(*changes).find(tag("BirthDeclaration"))
    assert found is not None
    return found


def put(path: str, text: str) -> Change:
    """Write ``text`` at ``path``, which exists."""

    def change(node: Node) -> None:
        target = find(node, path)
        assert target is not None, path
        target.text = text

    return change


def drop(path: str) -> Change:
    """Take out what is at ``path``."""

    def change(node: Node) -> None:
        target = find(node, path)
        assert target is not None, path
        parent = target.getparent()
        assert parent is not None
        parent.remove(target)

    return change


def add(path: str, after: str | None, xml: str) -> Change:
    """Put the element written as ``xml`` below ``path`` behind its child ``after``, or first."""

    def change(node: Node) -> None:
        target = node if path == "" else find(node, path)
        assert target is not None, path
        new = read(f'<x xmlns="urn:lienthong:1.0">{xml}</x>'.encode())[0]
        sibling = None if after is None else find(target, after)
        target.insert(0 if sibling is None else target.index(sibling) + 1, new)

    return change

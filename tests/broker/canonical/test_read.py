from __future__ import annotations

import base64
import hashlib
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings

from broker.canonical import build
from broker.canonical.plan import Node
from broker.canonical.read import is_duplicate, person_record, report_items, strip_documents
from broker.canonical.schemas import Schemas
from broker.errors import Invalid
from broker.model import Outcome, StepState
from tests.broker.canonical.generated import documents
from tests.broker.canonical.samples import PROJECT

SCHEMAS = Schemas(PROJECT)
PAPER = b"%PDF-1.7 " + bytes(range(256))
REPORT = f"""<AgencyReport xmlns="urn:lienthong:1.0">
  <Item><Outcome>retry</Outcome><Reason>server error</Reason></Item>
  <Item>
    <DossierCode>G22-260915-0001</DossierCode><AgencyCode>7</AgencyCode><Outcome>ok</Outcome>
    <State>completed</State><At>2026-09-15T09:30:00+07:00</At>
    <Officer><Name>Lê Văn Mẫu</Name><Unit>UBND phường Mẫu</Unit></Officer>
    <ErrorCode>0</ErrorCode><SupplementDue>2026-09-24</SupplementDue><NewAppointment>2026-09-16</NewAppointment>
    <Registration>
      <PersonalNumber>001226000011</PersonalNumber><Number>12</Number><Book>01</Book>
      <RegisteredOn>2026-09-15</RegisteredOn><ChildName>Trần Hòa</ChildName>
      <Certificate><Kind>KQ.G15.000031</Kind><FileName>ks.pdf</FileName><MediaType>application/pdf</MediaType>
        <Content>{base64.encodebytes(PAPER).decode()}</Content></Certificate>
    </Registration>
  </Item>
</AgencyReport>""".encode()


def test_items() -> None:
    """A report becomes plain values: times in UTC, the result as canonical XML, the number out of it."""
    receipt, result = report_items(REPORT)
    assert (receipt.outcome, receipt.reason, receipt.state) == (Outcome.RETRY, "server error", None)
    assert result.state is StepState.COMPLETED
    assert result.at == datetime(2026, 9, 15, 2, 30, tzinfo=UTC)
    assert result.officer == "Lê Văn Mẫu, UBND phường Mẫu"
    assert (result.supplement_due, result.new_appointment) == (date(2026, 9, 24), date(2026, 9, 16))
    assert result.personal_number == "001226000011"
    assert result.result is not None
    assert result.result.startswith(b'<Registration xmlns="urn:lienthong:1.0">')


def test_papers_are_taken_out() -> None:
    """The report keeps a paper's hash, the paper is handed over apart, and the rest is untouched."""
    stripped, papers = strip_documents(REPORT)
    digest = hashlib.sha256(PAPER).hexdigest()
    assert papers == {digest: PAPER}
    assert f"<SHA256>{digest}</SHA256>".encode() in stripped
    assert SCHEMAS.validate(stripped, "AgencyReport") == []
    assert strip_documents(stripped) == (stripped, {})


def test_a_paper_that_is_not_base64_is_refused_by_place() -> None:
    """Broken content names the item it is in."""
    with pytest.raises(Invalid) as caught:
        strip_documents(REPORT.replace(b"<Content>", b"<Content>*"))
    assert caught.value.problems[0].field == "Item[2]/Registration/Certificate/Content"


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents(SCHEMAS.elements["AgencyReport"]))
def test_any_valid_report_can_be_read(report: Node) -> None:
    """The reader has a place for whatever the schema allows."""
    assert len(report_items(report)) == len(report)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents(SCHEMAS.elements["PersonRecord"]))
def test_any_valid_record_can_be_read(record: Node) -> None:
    """Found or not, with a person or without."""
    read = person_record(record)
    assert (read.person is not None) == (record.find("{*}Person") is not None)


def test_a_record() -> None:
    """The register's answer as plain values."""
    record = person_record(
        """<PersonRecord xmlns="urn:lienthong:1.0"><Found>true</Found><Note>x</Note><Person>
        <PersonalNumber>001090000018</PersonalNumber><FullName>TRẦN VĂN
        THỦY</FullName><BirthDate>1990</BirthDate>
        <Residence><Country>VN</Country><Province>01</Province></Residence></Person></PersonRecord>""".encode()
    )
    assert record.found
    assert record.person is not None
    assert (record.person.full_name, record.person.birth_date) == ("TRẦN VĂN THỦY", "1990")
    assert record.person.residence is not None
    assert record.person.residence.province == "01"


def test_duplicates_are_recognised() -> None:
    """An answer says whether it is the first."""
    first = build.acknowledgement("ReportResponse", None, datetime(2026, 9, 1, tzinfo=UTC), duplicate=False)
    assert not is_duplicate(first)
    assert is_duplicate(build.mark_duplicate(first))

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from broker.canonical import build
from broker.canonical.document import as_bytes, read, text_at
from broker.canonical.schemas import Schemas
from broker.model import Problem, Step, StepState, Transition
from tests.broker.canonical.samples import declaration, put

NOW = datetime(2026, 9, 15, 2, 0, tzinfo=UTC)
CODE = "G22.99.08-260915-000123"
HEAD = build.Head(
    CODE, {"dvcqg": "A-1", "hotich": "7"}, "residence", "3.000722", f"{CODE}:residence:1", NOW, NOW
)
REGISTRATION = (
    b'<Registration xmlns="urn:lienthong:1.0"><PersonalNumber>001226000011</PersonalNumber>'
    b"<Number>12</Number><Book>01/2026</Book><RegisteredOn>2026-09-15</RegisteredOn>"
    b"<ChildName>Tr\xe1\xba\xa7n H\xc3\xb2a</ChildName>"
    b"</Registration>"
)


def supplement(*corrections: tuple[str, str], attachments: str = "") -> bytes:
    """A SupplementRequest with corrections."""
    items = "".join(f"<Correction><Field>{f}</Field><Value>{v}</Value></Correction>" for f, v in corrections)
    return (
        f'<SupplementRequest xmlns="urn:lienthong:1.0"><MessageId>dvc-00000002</MessageId><Code>{CODE}</Code>'
        f"<Actor><OfficerId>cb</OfficerId><Unit>u</Unit></Actor><Note>Ảnh rõ hơn</Note>{items}"
        f"<Attachments>{attachments or attachment('2c')}</Attachments></SupplementRequest>"
    ).encode()


def attachment(byte: str) -> str:
    """An attachment whose hash consists of ``byte``."""
    return (
        "<Attachment><Kind>other</Kind><FileName>a.pdf</FileName><MediaType>application/pdf</MediaType>"
        f"<Size>10</Size><SHA256>{byte * 32}</SHA256></Attachment>"
    )


STEP = Step(
    "registration",
    "hotich",
    StepState.COMPLETED,
    NOW,
    due=NOW + timedelta(days=1),
    supplement_due=NOW,
    result=REGISTRATION,
    started_at=NOW,
)
DOCUMENTS = {
    "BirthStep": build.step("BirthStep", HEAD, as_bytes(declaration()), REGISTRATION),
    "StepSupplement": build.step_supplement(HEAD, "7", supplement()),
    "StepWithdrawal": build.step_withdrawal(HEAD, None, ""),
    "StepCorrection": build.step_correction(
        HEAD, "7", [("ChildName", "Trần Hóa", "Trần Hòa"), ("Page", None, "x" * 2000)] * 20, REGISTRATION
    ),
    "StepQuery": build.step_query([build.Query(CODE, None, "k", "2.002621", "01", "00004")] * 3),
    "PersonQuery": build.person_query(
        "lookup",
        request_id="r-1",
        officer="cb",
        unit="u",
        purpose="3.000722",
        personal_number="001090000018",
        full_name="TRẦN VĂN THỦY",
        birth_date="1990",
    ),
    "StateReport": build.state_report(
        CODE,
        codes={"dvcqg": "A-1"},
        procedure="3.000722",
        agency="hotich",
        key="k",
        transition=Transition("registration", StepState.COMPLETED, NOW, NOW, "hotich", True, "x" * 3000),
        step=STEP,
    ),
    "SubmitResponse": build.submit_response(CODE, NOW, NOW, duplicate=False),
    "ReportResponse": build.acknowledgement("ReportResponse", None, NOW, duplicate=False),
    "WithdrawResponse": build.acknowledgement("WithdrawResponse", CODE, NOW, duplicate=True, note="x"),
    "StatusRequest": build.status_request(CODE),
    "Problems": build.problems(
        "invalid", [Problem("A" * 300, "Sai\u0000.", "B" * 2000), Problem(None, "a", "b")]
    ),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_written_is_valid(schemas: Schemas, name: str) -> None:
    """Every builder's document passes its schema and our own checks."""
    assert schemas.validate(DOCUMENTS[name], name) == []


def test_times_are_vietnams() -> None:
    """An instant is written with the offset that officers and citizens count by."""
    root = read(DOCUMENTS["SubmitResponse"])
    assert text_at(root, "ReceivedAt") == "2026-09-15T09:00:00+07:00"


def test_a_step_brings_declaration_codes_and_registration() -> None:
    """Mappings to agencies find everything in one document."""
    root = read(DOCUMENTS["BirthStep"])
    assert text_at(root, "BirthDeclaration/Mother/Name/Given") == "Mai"
    assert text_at(root, "Registration/PersonalNumber") == "001226000011"
    assert text_at(root, "Head/Code[2]") == "7"


def test_a_supplement_carries_note_and_attachments() -> None:
    """What the citizen handed in goes on; without it the document is still right."""
    root = read(DOCUMENTS["StepSupplement"])
    assert text_at(root, "Note") == "Ảnh rõ hơn"
    assert text_at(root, "Attachments/Attachment/SHA256") == "2c" * 32
    assert text_at(read(build.step_supplement(HEAD, None, None)), "Note") is None


def test_a_result_in_one_line() -> None:
    """A portal without fields for a result gets it in words; papers and unknown fields stay out."""
    said = "số định danh cá nhân 001226000011; số 12; quyển 01/2026; ngày đăng ký 2026-09-15"
    assert build.summary(REGISTRATION) == said
    assert build.summary(None) is None
    assert build.summary(b"<Registration/>") is None


def test_a_repeated_answer_says_so() -> None:
    """The first answer comes again with nothing but Duplicate changed."""
    again = read(build.mark_duplicate(DOCUMENTS["SubmitResponse"]))
    assert text_at(again, "Duplicate") == "true"
    assert text_at(again, "DossierCode") == CODE


def test_texts_are_fitted() -> None:
    """Long texts are cut visibly; characters that XML cannot carry vanish; nothing is left of nothing."""
    assert build.fit("a\u0000b\n c") == "a b c"
    assert build.fit("x" * 1001) == "x" * 999 + "…"
    assert [build.fit(nothing) for nothing in (None, "", " \n", "\ud800")] == [None] * 4


def test_offices() -> None:
    """The unit that has to act is found by its path; one that is not chosen is a KeyError."""
    root = declaration(put("Choices/ResidenceOffice/Commune", "00008"))
    assert build.office(root, "Choices/ResidenceOffice") == ("01", "00008")
    with pytest.raises(KeyError):
        build.office(root, "Choices/IdentityCardOffice")

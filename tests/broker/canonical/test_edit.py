"""Changes of a declaration: what a citizen corrects, adds, replaces; consents; additions and nothing else."""

from __future__ import annotations

import pytest

from broker.canonical import edit
from broker.canonical.document import as_bytes, read, text_at
from broker.canonical.schemas import Schemas
from broker.errors import Invalid
from tests.broker.canonical.samples import declaration, drop

CODE = "G22.99.08-260915-000123"


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


def test_corrections_replace_values_and_their_verification(schemas: Schemas) -> None:
    """A corrected value is typed and no longer verified; attachments are added once."""
    request = read(
        supplement(
            ("Mother/PersonalNumber", "001192000035"),
            ("Applicant/Name/Family", "Trân"),
            attachments=attachment("2c") + attachment("0a"),
        )
    )
    root = read(edit.corrected(as_bytes(declaration()), request))
    number = root.find(".//{*}Mother/{*}PersonalNumber")
    assert number is not None
    assert (number.text, dict(number.attrib)) == ("001192000035", {})
    family = root.find(".//{*}Applicant/{*}Name/{*}Family")
    assert family is not None
    assert family.get("source") == "typed"
    assert [a[-1].text for a in root.iterfind("{*}Attachments/{*}Attachment")] == [
        "0a" * 32,
        "1b" * 32,
        "2c" * 32,
    ]
    assert schemas.validate(root, "BirthDeclaration") == []


def test_a_field_not_given_before_is_put_in_its_place(schemas: Schemas) -> None:
    """With the schema's plan a missing field, and the group around it, can be supplied."""
    without = declaration(drop("Child/Name"), drop("Attachments"), drop("Mother/Name/Middle"))
    request = read(supplement(("Child/Name/Given", "Hòa"), ("Mother/Name/Middle", "Thị")))
    root = read(edit.corrected(as_bytes(without), request, schemas.elements["BirthDeclaration"]))
    assert text_at(root, "Child/Name/Given") == "Hòa"
    assert schemas.validate(root, "BirthDeclaration") == []


@pytest.mark.parametrize(
    "field", ["Mother", "Nobody", "Mother/Nothing", "Household/Consent/Name/X", "Child/Name"]
)
def test_only_single_fields_can_be_corrected(schemas: Schemas, field: str) -> None:
    """Groups and fields that do not exist are refused, with the place of the correction."""
    request = read(supplement(("Mother/Name/Given", "Mai"), (field, "x")))
    with pytest.raises(Invalid) as caught:
        edit.corrected(as_bytes(declaration()), request, schemas.elements["BirthDeclaration"])
    assert [problem.field for problem in caught.value.problems] == ["Correction[2]/Field"]

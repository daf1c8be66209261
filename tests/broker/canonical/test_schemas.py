from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from lxml import etree

from broker.canonical.schemas import Schemas
from tests.broker.canonical.samples import RECEIVED, SUBMIT, declaration, drop, put, submit


def test_a_right_document(schemas: Schemas) -> None:
    """Bytes and trees are accepted; all rules hold for the sample."""
    assert schemas.validate(SUBMIT, "SubmitRequest", received=RECEIVED) == []
    assert schemas.validate(declaration(), "BirthDeclaration", received=RECEIVED) == []


def test_bytes_that_are_not_xml(schemas: Schemas) -> None:
    """Anything else than XML that we read is one problem of the whole document, with its line."""
    for document in (b"", b"{}", b"<a", b"<!DOCTYPE a><a/>", SUBMIT.replace(b"</Child>", b"")):
        (problem,) = schemas.validate(document, "SubmitRequest")
        assert problem.field is None
        assert "XML" in problem.vi


def test_another_root(schemas: Schemas) -> None:
    """A document of another kind, or of no namespace, is named as such."""
    assert "SubmitRequest" in schemas.validate(declaration(), "SubmitRequest")[0].vi
    assert schemas.validate(b"<SubmitRequest/>", "SubmitRequest")[0].field is None


def test_valid_for_xsd_but_not_right(schemas: Schemas) -> None:
    """XML Schema accepts the 31st of February in a partial date, zones and hidden signs; we do not."""
    changes = [
        put("Father/BirthDate", "1990-02-31"),
        put("Child/BirthDate", "2026-09-01+07:00"),
        put("Child/Name/Given", "Ho\u200bà"),
        put("Child/Name/Family", "Trâ\u0300n"),
    ]
    for change in changes:
        root = submit(change)
        assert schemas.compiled.validate(root)
        assert len(schemas.validate(root, "SubmitRequest")) == 1


def test_a_comment_in_a_value_is_not_read_past(schemas: Schemas) -> None:
    """A comment inside a value is refused, in a tree and in bytes."""
    root = submit()
    name = root.find(".//{*}Given")
    assert name is not None
    name.append(etree.Comment("x"))
    assert schemas.validate(root, "SubmitRequest") != []
    assert schemas.validate(SUBMIT.replace(b"2026-09-01", b"2026-<!-- -->09-01"), "SubmitRequest") != []


def test_rules_only_with_a_date_of_receipt(schemas: Schemas) -> None:
    """Cross-field rules are about the day of receipt; without one only the document itself is checked."""
    root = submit(drop("Household"))
    assert schemas.validate(root, "SubmitRequest") == []
    assert [p.field for p in schemas.validate(root, "SubmitRequest", received=RECEIVED)] == ["Household"]


def test_a_signature_of_the_wrong_shape_is_refused(schemas: Schemas) -> None:
    """The inside of a signature is not explained, but a malformed one is not let through, nor quoted."""
    root = submit()
    etree.SubElement(root, "{http://www.w3.org/2000/09/xmldsig#}Signature").text = "secret"
    (problem,) = schemas.validate(root, "SubmitRequest")
    assert "secret" not in problem.vi + problem.en


def test_at_most_a_hundred_problems(schemas: Schemas) -> None:
    """A hopeless document does not make an endless answer."""
    step = f'<StepQuery xmlns="urn:lienthong:1.0">{"<Item/>" * 300}</StepQuery>'
    assert len(schemas.validate(step.encode(), "StepQuery")) == 100


def test_threads_get_their_own_document_explained(schemas: Schemas) -> None:
    """Many threads validating different documents never see each other's problems."""
    paths = ["Mother/PersonalNumber", "Child/Sex", "Applicant/Phone", "Household/HeadPersonalNumber"] * 50

    def field_of(path: str) -> list[str | None]:
        return [problem.field for problem in schemas.validate(submit(put(path, "x")), "SubmitRequest")]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(field_of, paths)) == [[path] for path in paths]


def test_parse_normalises_nothing_but_comments(schemas: Schemas) -> None:
    """`parse` is what every document from outside goes through first."""
    assert [node.tag for node in schemas.parse(b"<!-- a --><b><!-- c --><d/></b>")] == ["d"]

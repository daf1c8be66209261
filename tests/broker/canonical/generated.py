"""Hypothesis strategies that draw schema-valid canonical documents from the plan of their schema."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import strategies as st
from lxml import etree

from broker.canonical.plan import Element, Node, Slot, Value

_EXAMPLES = {
    "CommuneValue": ["00004", "26734"],
    "CountryValue": ["VN", "LA"],
    "DossierCodeValue": ["G22.99.08-260901-000123", "H21-260901-0035"],
    "EmailValue": ["ten@vidu.vn"],
    "EthnicityValue": ["01", "55"],
    "IdentityPaperKindValue": ["0", "8"],
    "MessageIdValue": ["dvc-0001", "a:b._-12" * 8],
    "PartialDateValue": ["1978", "1978-05", "2000-02-29"],
    "PersonalNumberValue": ["001090000018"],
    "PhoneValue": ["0912345678"],
    "ProvinceValue": ["01", "96"],
    "Sha256": ["0a" * 32],
    "StepValue": ["registration", "identity-card"],
    "CodeSystemValue": ["lienthong", "dvcqg"],
    r"([01][0-9]|2[0-3]):[0-5][0-9]": ["00:00", "23:59"],
    "[0-9A-Z]{5,15}": ["B1234567"],
    "[A-Za-z]+(/[A-Za-z]+){0,5}": ["Mother/Name/Given"],
    r"[0-9]{5}": ["79012"],
    r"[0-9]{5}\.GCS\.[0-9]{5}\.[0-9]{2}": ["00123.GCS.79012.26"],
    r"[0-9]{5}\.GBT\.[0-9]{5}\.[0-9]{2}": ["00045.GBT.79012.26"],
    "CertificateCodeValue": ["00123.GCS.79012.26", "00045.GBT.79012.26"],
    "[0-9]{6,20}": ["123456", "01234567890123456789"],
    "[0-9]{10}": ["0123456789"],
}
_TEXT = st.text("aàảãáạâậăêếơợưứđĐ Ñ<&>\"'019_-./", min_size=1, max_size=12).filter(
    lambda text: text.strip() != ""
)


def values(value: Value) -> st.SearchStrategy[str]:
    """Texts of a value space, as they stand in XML."""
    if value.base == "boolean":
        return st.sampled_from(["true", "false"])
    if value.base == "int":
        return st.integers(value.minimum or 0, value.maximum or 99).map(str)
    if value.base == "date":
        return st.dates(date(1900, 1, 1), date(2099, 12, 31)).map(date.isoformat)
    if value.base == "dateTime":
        seconds = st.integers(1_600_000_000, 2_000_000_000)
        return seconds.map(lambda second: datetime.fromtimestamp(second, UTC).isoformat())
    if value.enumeration:
        return st.sampled_from(value.enumeration)
    if value.patterns:
        return st.sampled_from(_EXAMPLES.get(value.name or "") or _EXAMPLES[value.patterns[-1]])
    return _TEXT if value.base == "string" else _TEXT.map(lambda text: " ".join(text.split()))


@st.composite
def documents(draw: st.DrawFn, plan: Element) -> Node:
    """Documents that are valid for ``plan``; signatures are left out."""
    root = etree.Element(plan.tag, nsmap={None: plan.namespace})
    _fill(draw, root, plan)
    return root


def _fill(draw: st.DrawFn, node: Node, plan: Element) -> None:
    if plan.value is not None:
        node.text = draw(values(plan.value))
        for attribute in plan.attributes:
            if attribute.required or draw(st.booleans()):
                node.set(attribute.name, draw(values(attribute.value)))
    for slot in plan.slots:
        for option in _taken(draw, slot):
            _fill(draw, etree.SubElement(node, option.tag), option)


def _taken(draw: st.DrawFn, slot: Slot) -> list[Element]:
    if slot.options[0].opaque:
        return []
    most = min(slot.maximum or 2, max(slot.minimum, 2))
    count = draw(st.integers(slot.minimum, most))
    return [draw(st.sampled_from(slot.options)) for _ in range(count)]

"""Documents for property tests: everything that changes how XML is canonicalised, in any combination."""

from __future__ import annotations

from hypothesis import strategies as st

# Two prefixes may mean one namespace, and one prefix two: that is where canonicalisation goes wrong. One of them is
# the namespace of signatures, and "ds" is the prefix that signatures use here.
_PREFIXES = ("a", "b", "ds")
_NAMESPACES = (
    "urn:mot",
    "urn:hai",
    "http://www.w3.org/2000/09/xmldsig#",
    "http://uri.etsi.org/01903/v1.3.2#",
)
_TEXTS = (
    "Nguyễn Thị Ánh Tuyết",
    "Đ\u1eb7ng",
    "a &amp; b &lt; c",
    " \n\t ",
    "dòng\r\nmới\rnữa",
    "&#13;&#10;&#9;",
    "<![CDATA[a < b && c\r\n]]>",
    "\U0001f600",
    "&quot;'&gt;",
)
_BETWEEN = ("<!-- lời ghi -->", "<?in ấn?>", "\r\n  ", "")


@st.composite
def _declared(draw: st.DrawFn) -> str:
    """Declarations of an element; every prefix is declared at the root, so that each may be used below."""
    prefixes = draw(st.lists(st.sampled_from(_PREFIXES), unique=True, max_size=2))
    named = "".join(f' xmlns:{prefix}="{draw(st.sampled_from(_NAMESPACES))}"' for prefix in prefixes)
    default = draw(st.sampled_from(("", ' xmlns=""', ' xmlns="urn:mot"', ' xmlns="urn:mac-dinh"')))
    return named + default


@st.composite
def _attributes(draw: st.DrawFn) -> str:
    chosen = draw(st.lists(st.sampled_from(("k", "l", "xml:lang", "xml:space")), unique=True, max_size=3))
    written = []
    for name in chosen:
        value = draw(st.sampled_from(("vi", "a&#13;&#9;&quot;b", "ngày  sinh", "&lt;")))
        written.append(f' {name}="{"preserve" if name == "xml:space" else value}"')
    if draw(st.booleans()):
        written.append(f' {draw(st.sampled_from(_PREFIXES))}:thuộc="1"')
    return "".join(written)


@st.composite
def _element(draw: st.DrawFn, depth: int) -> str:
    name = draw(st.sampled_from(("", "a:", "b:"))) + draw(st.sampled_from(("HoTen", "KhaiSinh", "Số")))
    opening = name + draw(_declared()) + draw(_attributes())
    if depth == 0:
        return f"<{opening}>{draw(st.sampled_from(_TEXTS))}</{name}>"
    children = draw(st.lists(_element(depth - 1), min_size=1, max_size=3))
    between = "".join(child + draw(st.sampled_from(_BETWEEN + _TEXTS)) for child in children)
    return f"<{opening}>{draw(st.sampled_from(_BETWEEN))}{between}</{name}>"


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """A whole document of up to three levels, with what may stand around its root."""
    declared = "".join(f' xmlns:{prefix}="{draw(st.sampled_from(_NAMESPACES))}"' for prefix in _PREFIXES)
    default = draw(st.sampled_from(("", ' xmlns="urn:goc"')))
    name = draw(st.sampled_from(("", "a:"))) + "Gốc"
    inside = "".join(draw(st.lists(_element(1) | _element(0), min_size=1, max_size=3)))
    before = draw(st.sampled_from(("", "<!-- trước -->", "<?in trước?>\n")))
    after = draw(st.sampled_from(("", "<?in sau?>", "\n<!-- sau -->")))
    return f"{before}<{name}{declared}{default}{draw(_attributes())}>{inside}</{name}>{after}".encode()

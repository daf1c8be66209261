"""References and transforms that make a verifier compute, fetch or look at something else than what is signed.

A partner signed each of them, or whoever has a partner's key: the value is right, and it must be refused all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

from signing.xml import parse, serialize
from signing.xmlsig.xmldsig import verify_enveloped
from tests import pki
from tests.hostile import forge
from tests.hostile.attack import Attack, Hostile
from tests.hostile.canary import canary
from tests.hostile.forge import DS, ENVELOPED, EXCLUSIVE, INCLUSIVE, reference, transform

_XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
_FILTER = "http://www.w3.org/2002/06/xmldsig-filter2"
_XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#STR-Transform"
_CHAIN, _PARAMETER = "chain of transforms is not accepted", "parameter <.*> is not accepted"
_COMPLETE = "must use the enveloped-signature transform"


def _one(name: str, why: str, transforms: tuple[str, ...]) -> Hostile:
    return Hostile(name, lambda: forge.enveloped(lambda data: [reference(data, transforms=transforms)]), why)


def _sheet(body: str) -> str:
    return (
        '<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform">'
        f'<x:template match="/">{body}</x:template></x:stylesheet>'
    )


def _transforms() -> Iterator[Hostile]:
    url = canary().url
    sheets = {
        "constant": _sheet("<same/>"),
        "that reads a file": _sheet("<x:copy-of select=\"document('file:///etc/hostname')\"/>"),
        "that asks a server": _sheet(f"<x:copy-of select=\"document('{url}/')\"/>"),
        "that never ends": _sheet('<x:call-template name="a"/>').replace(
            "</x:stylesheet>", '<x:template name="a"><x:call-template name="a"/></x:template></x:stylesheet>'
        ),
        "that is imported": f'<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform">'
        f'<x:import href="{url}/a.xsl"/></x:stylesheet>',
        "that calls Java": _sheet(
            "<x:value-of select=\"r:exec(r:getRuntime(),'id')\""
            " xmlns:r='http://xml.apache.org/xalan/java/java.lang.Runtime'/>"
        ),
    }
    for name, sheet in sheets.items():
        yield _one(f"XSLT {name}", f"{_PARAMETER}|{_CHAIN}", (ENVELOPED, transform(_XSLT, sheet), EXCLUSIVE))
    expressions = {
        "nothing": "false()",
        "everything": "true()",
        "not the number": "not(ancestor-or-self::*[local-name()='SoDinhDanh'])",
        "a costly one": "count(//*[count(//*[count(//*)])]) > 0",
    }
    for name, expression in expressions.items():
        inside = f"<ds:XPath>{expression}</ds:XPath>"
        yield _one(
            f"XPath for {name}", f"{_PARAMETER}|{_CHAIN}", (ENVELOPED, transform(_XPATH, inside), EXCLUSIVE)
        )
    for kind in ("intersect", "subtract", "union"):
        inside = f'<f:XPath xmlns:f="{_FILTER}" Filter="{kind}">/*</f:XPath>'
        yield _one(
            f"XPath filter {kind}",
            f"{_PARAMETER}|{_CHAIN}",
            (ENVELOPED, transform(_FILTER, inside), EXCLUSIVE),
        )
    chains: dict[str, tuple[str, ...]] = {
        "base64": (ENVELOPED, DS + "base64"),
        "base64 after canonicalisation": (ENVELOPED, EXCLUSIVE, DS + "base64"),
        "enveloped twice": (ENVELOPED, ENVELOPED, EXCLUSIVE),
        "canonicalised twice": (ENVELOPED, EXCLUSIVE, EXCLUSIVE),
        "canonicalised both ways": (ENVELOPED, INCLUSIVE, EXCLUSIVE),
        "with comments": (ENVELOPED, EXCLUSIVE + "WithComments"),
        "inclusive with comments": (ENVELOPED, INCLUSIVE + "#WithComments"),
        "canonical XML 1.1": (ENVELOPED, "http://www.w3.org/2006/12/xml-c14n11"),
        "canonical XML 2.0": (ENVELOPED, "http://www.w3.org/2010/xml-c14n2"),
        "token reference": (ENVELOPED, _WSSE),
        "decryption": (ENVELOPED, "http://www.w3.org/2002/07/decrypt#XML"),
        "relationships": (ENVELOPED, "http://schemas.openxmlformats.org/package/2006/RelationshipTransform"),
        "unknown": (ENVELOPED, "urn:x"),
        "of no name": (ENVELOPED, ""),
        "a hundred": (ENVELOPED, *[EXCLUSIVE] * 100),
    }
    for name, chain in chains.items():
        yield _one(f"chain {name}", _CHAIN, chain)
    yield _one("chain of a thousand", "too large", (ENVELOPED, *[EXCLUSIVE] * 1_000))
    yield _one("chain with the envelope last", f"{_CHAIN}|{_COMPLETE}", (EXCLUSIVE, ENVELOPED))
    yield _one("chain without the envelope", _COMPLETE, (EXCLUSIVE,))
    yield _one("no chain", _COMPLETE, ())
    yield from _prefixes()


def _prefixes() -> Iterator[Hostile]:
    def listed(prefixes: str) -> str:
        return transform(EXCLUSIVE, f'<e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="{prefixes}"/>')

    yield _one("prefix list with the default namespace", "#default", (ENVELOPED, listed("#default")))
    twice = transform(EXCLUSIVE, f'<e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="a"/>' * 2)
    yield _one("two prefix lists", "more than one parameter", (ENVELOPED, twice))
    foreign = transform(EXCLUSIVE, '<e:InclusiveNamespaces xmlns:e="urn:x" PrefixList="a"/>')
    yield _one("prefix list of another namespace", _PARAMETER, (ENVELOPED, foreign))
    inside = transform(ENVELOPED, "<ds:XPath>1</ds:XPath>")
    yield _one("parameter of the envelope", _PARAMETER, (inside, EXCLUSIVE))
    instruction = transform(EXCLUSIVE, "<?p?>")
    yield _one("instruction in a transform", "comments or instructions", (ENVELOPED, instruction))


# ---------------------------------------------------------------------- what is referred to


def _uris() -> Iterator[Hostile]:
    url = canary().url
    uris = {
        "a server": f"{url}/document.xml",
        "a server, by scheme only": f"//127.0.0.1:{canary().port}/document.xml",
        "a file": "file:///etc/hostname",
        "a device": "file:///dev/zero",
        "a relative file": "../../etc/hostname",
        "a share": "\\\\127.0.0.1\\share\\x",
        "FTP": f"ftp://127.0.0.1:{canary().port}/x",
        "JAR": f"jar:{url}/x.jar!/x",
        "data": "data:text/plain,x",
        "CID": "cid:attachment",
        "the root by pointer": "#xpointer(/)",
        "an element by pointer": "#xpointer(id('ks-1'))",
        "an expression": "#xpointer(//*[local-name()='HoTen'])",
        "an expression that is costly": "#xpointer(//*[count(//*[count(//*)])])",
        "an expression in parentheses": "#id(ks-1)",
        "nothing by identifier": "#nothing",
        "the empty identifier": "#",
        "another element": "#phu-1",
        "the identifier escaped": "#%6bs-1",
        "the identifier with a space": "# ks-1",
        "the identifier without a sign": "ks-1",
        "the identifier twice": "#ks-1#ks-1",
        "a query": "?x",
        "white space": " ",
    }
    for name, uri in uris.items():
        # Some of these are found to be outside before their digest matters, and some resolve to nothing at all.
        yield _referring(name, lambda data, uri=uri: [reference(data, uri)])  # type: ignore[misc]
    yield _referring("no address", lambda data: [reference(data, None)])
    manifest = f"{DS}Manifest"
    yield _referring("a manifest", lambda data: [reference(data, "#m", Type=manifest)])


def _referring(name: str, references: Callable[[bytes], list[str]]) -> Hostile:
    def make() -> bytes:
        root = forge.declaration()
        root[2].set("Id", "phu-1")
        return forge.enveloped(references, root)

    return Hostile(f"reference to {name}", make, "does not mean the whole document|without URI")


def _counts() -> Iterator[Hostile]:
    def many(count: int) -> Callable[[], bytes]:
        return lambda: forge.enveloped(lambda data: [reference(data)] * count)

    yield Hostile("no reference", many(0), "then the references")
    yield Hostile("two references", many(2), "one reference")
    yield Hostile("33 references", many(33), "then the references")
    yield Hostile("ten thousand references", many(10_000), "too large")
    extra = "<ds:Reference URI=''><ds:DigestMethod Algorithm='x'/></ds:Reference>"
    yield Hostile(
        "a reference without digest",
        lambda: forge.enveloped(lambda data: [reference(data), extra]),
        "must hold its Transforms",
    )
    inner = {
        "Transforms twice": lambda data: [reference(data, inside="<ds:Transforms/>")],
        "an element in a reference": lambda data: [reference(data, inside="<ds:XPath/>")],
        "a reference in a reference": lambda data: [reference(data, inside=reference(data))],
        "two digest methods": lambda data: [reference(data, inside="<ds:DigestMethod Algorithm='x'/>")],
    }
    for name, references in inner.items():
        yield Hostile(name, lambda made=references: forge.enveloped(made), "must hold|must have")  # type: ignore[misc]
    yield Hostile(
        "another element in SignedInfo",
        lambda: forge.enveloped(info_inside="<ds:Object/>"),
        "then the references",
    )


# ---------------------------------------------------------------------- what stands around


def _shaped(name: str, move: Callable[[etree._Element], object], why: str) -> Hostile:
    def make() -> bytes:
        root = parse(forge.enveloped())
        move(root.find(f"{{{DS}}}Signature"))  # type: ignore[arg-type]
        return serialize(root)

    return Hostile(name, make, why)


def _second(signature: etree._Element, number: int) -> None:
    """A second child of the kind of ``number``, before the true one."""
    false = parse(serialize(signature[number]))
    for value in false.iter(f"{{{DS}}}DigestValue"):
        value.text = "AAAA"
    signature.insert(number, false)


def _shapes() -> Iterator[Hostile]:
    yield _shaped("two SignedInfo", lambda s: _second(s, 0), "must have one")
    yield _shaped("two SignatureValue", lambda s: _second(s, 1), "must have one")
    yield _shaped("two KeyInfo", lambda s: _second(s, 2), "must have one")
    for number, name in enumerate(("SignedInfo", "SignatureValue", "KeyInfo")):
        yield _shaped(f"no {name}", lambda s, n=number: s.remove(s[n]), "must have one")  # type: ignore[misc]
    yield _shaped(
        "comment in the canonicalisation",
        lambda s: s[0][0].append(etree.Comment("x")),
        "comments or instructions",
    )
    yield _shaped(
        "instruction in the canonicalisation",
        lambda s: s[0][0].append(etree.PI("p")),
        "comments or instructions",
    )
    yield _shaped(
        "comment in the method", lambda s: s[0][1].append(etree.Comment("x")), "comments or instructions"
    )
    yield _shaped(
        "instruction in the method", lambda s: s[0][1].append(etree.PI("p")), "comments or instructions"
    )
    yield _shaped(
        "instruction in SignedInfo", lambda s: s[0].append(etree.PI("p")), "comments or instructions"
    )
    yield _shaped("text in SignedInfo", lambda s: s[0].__setattr__("text", "x"), "match")
    yield _shaped("attribute of SignedInfo", lambda s: s[0].set("Id", "x"), "match")
    yield _shaped("space in the value", lambda s: s[1].__setattr__("text", "A" * 10 + "\u2003"), "base64")
    yield _shaped(
        "a comment in the value", lambda s: s[1].append(etree.Comment("x")), "value of <SignatureValue>"
    )
    yield _shaped("an element in the value", lambda s: etree.SubElement(s[1], "x"), "text only")
    yield _shaped("value in another alphabet", lambda s: s[1].__setattr__("text", "-_-_"), "base64")
    yield _shaped("value with bits left over", _left_over, "one form|match")
    yield _shaped(
        "algorithm of kilobytes", lambda s: s[0][1].set("Algorithm", "x" * 9_000), "signature method x+…"
    )
    yield _shaped("algorithm of a megabyte", lambda s: s[0][1].set("Algorithm", "x" * 1_000_000), "too large")
    yield _shaped(
        "canonicalisation of a megabyte", lambda s: s[0][0].set("Algorithm", "x" * 1_000_000), "too large"
    )
    yield Hostile(
        "SignedInfo of ten megabytes", lambda: forge.enveloped(info_inside="x" * 10_000_000), "too large"
    )
    yield Hostile("SignedInfo of brackets", lambda: _escaped(">"), "too large")
    yield Hostile("attribute of quotes", lambda: _escaped('"'), "too large")
    yield Hostile("document of brackets, changed", _escaped_document, "too large")
    yield Hostile("document of quotes", lambda: _filled(b"<Phu a='", b'"', b"'/>", 10_000_000), "too large")
    yield Hostile(
        "document of some brackets", lambda: _filled(b"<Phu>", b">", b"</Phu>", 5_900_000), "changed"
    )
    yield Hostile("document of some quotes", lambda: _filled(b"<Phu a='", b'"', b"'/>", 5_900_000), "changed")
    yield Hostile("document of some text", lambda: _filled(b"<Phu>", b"x", b"</Phu>", 11_900_000), "changed")
    yield Hostile("SignedInfo of some brackets", lambda: _escaped(">", 5_000_000), "too large")


def _left_over(signature: etree._Element) -> None:
    text = signature[1].text or ""
    signature[1].text = text.rstrip("=")[:-1] + "/=="


def _escaped(sign: str, count: int = 10_000_000) -> bytes:
    """Ten megabytes that become four and six times as long in the canonical form, in what is read before all else."""
    many = sign * count
    if sign == ">":
        return forge.enveloped().replace(b"</ds:SignedInfo>", many.encode() + b"</ds:SignedInfo>")
    return forge.enveloped().replace(b"<ds:SignedInfo", b"<ds:SignedInfo x='" + many.encode() + b"'")


def _escaped_document() -> bytes:
    return _filled(b"<Phu>", b">", b"</Phu>", 10_000_000)


def _filled(head: bytes, sign: bytes, tail: bytes, count: int) -> bytes:
    """A signed document that was filled up afterwards."""
    return forge.enveloped().replace(b"<Phu/>", head + sign * count + tail)


def _inputs() -> Iterator[Hostile]:
    yield from _transforms()
    yield from _uris()
    yield from _counts()
    yield from _shapes()


def document(data: bytes) -> object:
    """An enveloped signature of a partner, while a server listens that must not be asked."""
    try:
        return verify_enveloped(parse(data), pki.trust("hub"), pki.NOW)
    finally:
        canary().must_be_silent()


REFERENCES = Attack(_inputs, document, honest=forge.enveloped)

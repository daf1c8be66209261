"""What a signature holds or stands beside: the content of its Object, and files that it names by relative address.

Nothing is fetched: an address is a name among the files that the caller has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import cast
from urllib.parse import quote, unquote

from lxml import etree

from signing import algorithms, xml
from signing.algorithms import Content
from signing.errors import ContentChanged, SignatureInvalid, SigningError
from signing.xmlsig import signature
from signing.xmlsig.signature import Reference, ds

MOST_FILES = 100_000
"""More references than this to files are not read."""

_RELATIVE = re.compile(r"(?:[^\s:?#%\\]|%[0-9A-Fa-f]{2})+")


def check_shape(written: etree._Element, objects: int) -> None:
    """Raise SignatureInvalid unless it is a signature with a certificate and that many Objects, and nothing else."""
    shape = [ds("SignedInfo"), ds("SignatureValue"), ds("KeyInfo"), *[ds("Object")] * objects]
    if written.tag != ds("Signature") or [child.tag for child in written] != shape:
        raise SignatureInvalid("the signature is not of the expected form, or holds more than it signs")


def held(reference: Reference, holder: etree._Element, written: etree._Element) -> bytes | etree._Element:
    """The content of the ``ds:Object`` that ``reference`` must mean: data, or one element as it was signed.

    The element is a document of its own. Raises SignatureInvalid.
    """
    identifier = holder.get("Id")
    if not identifier or reference.uri != f"#{identifier}":
        raise SignatureInvalid(f"reference {reference.uri!r} is not to the signature's Object")
    signature.check_unique(written.getroottree().getroot(), [identifier])
    signed = signature.referred(reference, holder, written)
    if [transform.algorithm for transform in reference.transforms] == [algorithms.BASE64]:
        return signed
    return _only_inside(xml.reparse(signed))


def _only_inside(holder: etree._Element) -> etree._Element:
    """The one element in an Object, with the namespaces that its values may use."""
    inside = list(holder.iterchildren(etree.Element))
    if len(inside) != 1 or "".join(cast("list[str]", holder.xpath("text()"))).strip():
        raise SignatureInvalid("the signature's Object must hold one element, and nothing else")
    return xml.reparse(xml.canonicalize(inside[0], exclusive=False))


def covered(
    references: Sequence[Reference], files: Mapping[str, Content], *, whole: bool
) -> dict[str, Reference]:
    """References by the file that they name, each digested: none is named twice, and with ``whole`` none is left out.

    Raises ContentChanged with the names of all files that were changed, SignatureInvalid for all else.
    """
    named: dict[str, Reference] = {}
    for reference in references:
        name = _file_of(reference)
        if name in named or name not in files:
            raise SignatureInvalid(f"the signature refers to {name!r} twice, or to a file that is not there")
        named[name] = reference
    if whole and len(named) < len(files):
        missing = ", ".join(sorted(files.keys() - named.keys()))
        raise SignatureInvalid(f"not covered by the signature: {missing}")
    changed = [name for name, reference in named.items() if not signature.matches(reference, files[name])]
    if changed:
        raise ContentChanged(changed)
    return named


def address(name: str) -> str:
    """Relative address of a file. Raises SigningError unless it is a plain path below the signature's folder."""
    if not _is_path(name):
        raise SigningError(f"{name!r} is not a relative path")
    return quote(name, safe="/")


def _file_of(reference: Reference) -> str:
    """The file that a reference names. Raises SignatureInvalid for other addresses, and for transforms."""
    try:
        name = unquote(reference.uri, errors="strict") if _RELATIVE.fullmatch(reference.uri) else ""
    except UnicodeDecodeError:
        name = ""
    if not _is_path(name) or reference.transforms:
        raise SignatureInvalid(f"reference {reference.uri!r} is not to the plain octets of a file")
    return name


def _is_path(name: str) -> bool:
    return "\\" not in name and "\0" not in name and not {"", ".", ".."} & set(name.split("/"))

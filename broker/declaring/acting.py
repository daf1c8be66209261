"""What a citizen who signed in asks of their own dossier is put in their own name before it is taken in.

No officer stands between, whatever the request says; message ids are the citizen's own, so that nobody is answered with
what another was told; and nobody speaks for a relative, but may hand in what the relative has signed.
"""

from __future__ import annotations

import hashlib

from lxml import etree

from broker.canonical import document as documents
from broker.canonical.build import put
from broker.canonical.document import tag, text_at
from broker.declaring.declarant import UNIT, Declarant
from broker.errors import Forbidden
from signing.xml import serialize

_ID_LENGTH = 36
_PAPER = "given-paper"


def in_own_name(document: bytes, who: Declarant) -> bytes:
    """The request as ``who``, a citizen, may make it. Raises `Forbidden` for a relative's word, and XmlRefused."""
    assert who.citizen is not None, "a portal speaks with its own officers"
    root = documents.read(document)
    number, consent = text_at(root, "PersonalNumber"), text_at(root, "Consent")
    if consent not in (None, _PAPER) and number != who.citizen.number:
        vi = "Chỉ chính thân nhân mới được cho ý kiến qua định danh điện tử."
        raise Forbidden(vi, "Only the relative can say so by electronic identity.")
    message_id = root.find(tag("MessageId"))
    if message_id is not None:
        digest = hashlib.sha256((message_id.text or "").strip().encode()).hexdigest()[:_ID_LENGTH]
        message_id.text = f"{who.officer}-{digest}"
    for actor in root.findall(tag("Actor")):
        root.remove(actor)
    actor = etree.Element(tag("Actor"))
    put(actor, "OfficerId", who.officer)
    put(actor, "Unit", UNIT)
    code = root.find(tag("Code"))
    root.insert(0 if code is None else root.index(code) + 1, actor)
    return serialize(root)

"""Signature profiles of plain XML documents, as settings: enveloped, or two references in an envelope of
their own.
"""

from __future__ import annotations

from typing import Literal

from lxml import etree
from pydantic import Field, model_validator

from adapters.base import Resources, Settings
from adapters.payload import Proven
from adapters.trusting import Expected
from signing.errors import SigningError
from signing.keys import Signer
from signing.xmlsig import xades
from signing.xmlsig.xmldsig import sign_enveloped, sign_two_reference, verify_two_reference


class Profile(Settings):
    """How a document is signed."""

    kind: Literal["none", "enveloped", "xades", "two-reference"] = Field(
        "none",
        description="the signature profile; xades is enveloped, and states when and by whom it was signed",
    )
    document: str | None = Field(
        None, description="two-reference: Clark name of the signed child of the root"
    )
    holder: str | None = Field(
        None, description="two-reference: Clark name of the child that holds the signature"
    )

    @model_validator(mode="after")
    def _complete(self) -> Profile:
        two = self.kind == "two-reference"
        if (self.document is not None, self.holder is not None) != (two, two):
            raise ValueError(
                "document and holder belong to the two-reference profile, and both are needed there"
            )
        return self


UNSIGNED = Profile.model_validate({})
"""The profile of what carries no signature."""


def sign(root: etree._Element, profile: Profile, signer: Signer | None, resources: Resources) -> None:
    """Sign ``root`` in place as ``profile`` says. Raises ValueError if the document is not of its form."""
    if signer is None or profile.kind == "none":
        return
    try:
        if profile.kind == "enveloped":
            sign_enveloped(root, signer)
            return
        if profile.kind == "xades":
            xades.sign_enveloped(root, signer, at=resources.clock())
            return
        assert profile.document is not None
        assert profile.holder is not None
        document = root.find(profile.document)
        if document is not None and not document.get("Id"):
            document.set("Id", f"Id-{resources.new_id()}")
        sign_two_reference(
            root, signer, payload=profile.document, holder=profile.holder, at=resources.clock()
        )
    except SigningError as error:
        raise ValueError(f"the payload cannot be signed: {error}") from error


def verify(root: etree._Element, profile: Profile, expected: Expected) -> Proven:
    """Verify ``root``; what is given back was covered by the signature. Raises
    `signing.errors.SigningError`.
    """
    if profile.kind in ("enveloped", "xades"):
        return expected.enveloped(root, baseline=profile.kind == "xades")
    assert profile.document is not None
    assert profile.holder is not None
    verified = verify_two_reference(
        root, expected.trust, expected.clock(), payload=profile.document, holder=profile.holder
    )
    signer = expected.accept(verified)
    # The envelope again, because that is what the schema describes: the signed document, and the holder, in
    # which verification allows the signature and nothing else.
    envelope = etree.Element(root.tag, nsmap={prefix: uri for prefix, uri in root.nsmap.items() if prefix})
    envelope.append(verified.element)
    holder = root.find(profile.holder)
    assert holder is not None  # or it would not have been verified
    envelope.append(holder)
    return Proven(envelope, signer)

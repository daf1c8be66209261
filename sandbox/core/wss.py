"""WS-Security 1.1 X.509 Token Profile as agencies sign and verify it.

BinarySecurityToken, Timestamp, and a signature over Timestamp, Body and every WS-Addressing header.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree
from signxml.algorithms import SignatureConstructionMethod
from signxml.signer import SignatureReference, XMLSigner

from sandbox.core.dsig import EXCLUSIVE, BadSignature, check
from sandbox.core.keys import Identity
from sandbox.core.soap import Version
from sandbox.core.xml import DSIG, copy_of

OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
WSSE = f"{OASIS}-wssecurity-secext-1.0.xsd"
WSU = f"{OASIS}-wssecurity-utility-1.0.xsd"
WSA = "http://www.w3.org/2005/08/addressing"
SECURITY = f"{{{WSSE}}}Security"
BASE64 = f"{OASIS}-soap-message-security-1.0#Base64Binary"
X509V3 = f"{OASIS}-x509-token-profile-1.0#X509v3"
ID = f"{{{WSU}}}Id"
SKEW = timedelta(minutes=5)


def sign(
    envelope: etree._Element,
    version: Version,
    identity: Identity,
    *,
    now: datetime,
    new_id: Callable[[], str],
    ttl: timedelta = SKEW,
) -> etree._Element:
    """A copy of ``envelope`` whose body, time-stamp and addressing headers are signed."""
    root = copy_of(envelope)
    security = _security_header(root, version)
    token_id = _add_token(security, identity, new_id)
    _add_timestamp(security, now, ttl)
    parts = [root[-1], security[-1], *(block for block in root[0] if _is_addressing(block))]
    for part in parts:
        part.set(ID, f"id-{new_id()}")
    signer = XMLSigner(SignatureConstructionMethod.detached, c14n_algorithm=EXCLUSIVE)
    references = [SignatureReference(URI=f"#{part.get(ID)}", c14n_method=EXCLUSIVE) for part in parts]
    security.append(
        signer.sign(
            root, key=identity.key, cert=identity.pem, reference_uri=references, key_info=_key_info(token_id)
        )
    )
    return root


def verify(envelope: etree._Element, version: Version, certificate: x509.Certificate, now: datetime) -> None:
    """Raise `BadSignature` unless body, time-stamp and addressing headers are signed and in time."""
    security = _only(envelope, f"{version.tag('Header')}/{SECURITY}")
    timestamp = _only(security, f"{{{WSU}}}Timestamp")
    signature = _only(security, f"{{{DSIG}}}Signature")
    _check_token(security, certificate)
    _check_time(timestamp, now)
    uris = [item.get("URI", "") for item in signature.findall(f"{{{DSIG}}}SignedInfo/{{{DSIG}}}Reference")]
    header, body = envelope[0], envelope[-1]
    for part in (body, timestamp, *(block for block in header if _is_addressing(block))):
        if not part.get(ID) or f"#{part.get(ID)}" not in uris:
            raise BadSignature(f"{etree.QName(part).localname} is not signed")
    check(envelope, certificate, now, location=f"./{version.tag('Header')}/{SECURITY}/", references=len(uris))


def _security_header(root: etree._Element, version: Version) -> etree._Element:
    if root[0].tag != version.tag("Header"):
        root.insert(0, etree.Element(version.tag("Header")))
    security = etree.SubElement(root[0], SECURITY, nsmap={"wsse": WSSE, "wsu": WSU})
    security.set(version.tag("mustUnderstand"), "1" if version.number == "1.1" else "true")
    return security


def _add_token(security: etree._Element, identity: Identity, new_id: Callable[[], str]) -> str:
    token_id = f"X509-{new_id()}"
    attributes = {ID: token_id, "EncodingType": BASE64, "ValueType": X509V3}
    token = etree.SubElement(security, f"{{{WSSE}}}BinarySecurityToken", attributes)
    token.text = base64.b64encode(identity.certificate.public_bytes(Encoding.DER)).decode()
    return token_id


def _add_timestamp(security: etree._Element, now: datetime, ttl: timedelta) -> None:
    timestamp = etree.SubElement(security, f"{{{WSU}}}Timestamp")
    for name, moment in (("Created", now), ("Expires", now + ttl)):
        etree.SubElement(timestamp, f"{{{WSU}}}{name}").text = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _key_info(token_id: str) -> etree._Element:
    info = etree.Element(f"{{{DSIG}}}KeyInfo", nsmap={"ds": DSIG, "wsse": WSSE})
    reference = etree.SubElement(info, f"{{{WSSE}}}SecurityTokenReference")
    etree.SubElement(reference, f"{{{WSSE}}}Reference", {"URI": f"#{token_id}", "ValueType": X509V3})
    return info


def _is_addressing(block: etree._Element) -> bool:
    return etree.QName(block).namespace == WSA


def _only(element: etree._Element, path: str) -> etree._Element:
    found = element.findall(path)
    if len(found) != 1:
        raise BadSignature(f"exactly one {path.rpartition('}')[2]} is expected, {len(found)} found")
    return found[0]


def _check_token(security: etree._Element, certificate: x509.Certificate) -> None:
    token = _only(security, f"{{{WSSE}}}BinarySecurityToken")
    given = "".join((token.text or "").split())
    if given != base64.b64encode(certificate.public_bytes(Encoding.DER)).decode():
        raise BadSignature("the token is not the certificate that this agency trusts")
    references = security.findall(f"{{{DSIG}}}Signature/{{{DSIG}}}KeyInfo/*/{{{WSSE}}}Reference")
    if [item.get("URI") for item in references] != [f"#{token.get(ID)}"]:
        raise BadSignature("KeyInfo must refer to the BinarySecurityToken")


def _check_time(timestamp: etree._Element, now: datetime) -> None:
    try:
        created, expires = (
            datetime.fromisoformat(timestamp.findtext(f"{{{WSU}}}{name}", ""))
            for name in ("Created", "Expires")
        )
        in_time = created - SKEW <= now <= expires + SKEW
    except (ValueError, TypeError) as error:
        raise BadSignature("Timestamp needs Created and Expires in UTC") from error
    if not in_time:
        raise BadSignature(f"the message is of {created.isoformat()}, valid until {expires.isoformat()}")

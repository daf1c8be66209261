"""Keys and partners are asked for when an adapter is built, not when a message waits."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from adapters.base import Resources
from adapters.http import HttpClient
from adapters.trusting import Expected, needs_signer
from lienthong.testing import fixed_clock, no_secrets, numbers
from signing.errors import Untrusted
from signing.trust import Trust
from signing.xml import parse
from signing.xmlsig.xmldsig import sign_enveloped
from tests import pki

LENT = Resources(HttpClient(clock=fixed_clock), Path(), fixed_clock, numbers(), no_secrets)
TWO = dataclasses.replace(LENT, trust=pki.trust("cutru", "bhxh"))


def test_signer_is_needed_only_if_wanted() -> None:
    """Without a key, an endpoint that signs cannot be built."""
    assert needs_signer(LENT, False) is None
    with pytest.raises(ValueError, match="set its key"):
        needs_signer(LENT, True)
    signer = pki.signer("hub")
    assert needs_signer(dataclasses.replace(LENT, signer=signer), True) is signer


@pytest.mark.parametrize("trust", [None, Trust({})])
def test_nobody_trusted_is_refused(trust: Trust | None) -> None:
    """An endpoint that verifies needs somebody to believe."""
    with pytest.raises(ValueError, match="trusts no certificate"):
        Expected(dataclasses.replace(LENT, trust=trust), [])


def test_one_of_several_must_be_chosen() -> None:
    """Unless everybody known may sign, as at the hub's own intake."""
    with pytest.raises(ValueError, match=r"bhxh.*cutru"):
        Expected(TWO, [])
    assert Expected(TWO, [], anyone=True).partners == {"cutru", "bhxh"}
    assert Expected(TWO, ["bhxh"]).partners == {"bhxh"}


def test_an_endpoint_for_everybody_follows_what_is_known() -> None:
    """A certificate that is put into the trust folder counts without a restart; one that goes does not."""
    trust = Trust({"cutru": [pki.certificate("cutru")]})
    expected = Expected(dataclasses.replace(LENT, trust=trust), [], anyone=True)
    trust.renew({"bhxh": [pki.certificate("bhxh")]})
    assert expected.partners == {"bhxh"}


def test_unknown_partner_is_refused() -> None:
    """A misspelt partner would never be believed."""
    with pytest.raises(ValueError, match="bhhx"):
        Expected(TWO, ["bhhx"])


def test_signature_of_another_partner_does_not_count() -> None:
    """Known is not enough."""
    root = parse(b"<a/>")
    sign_enveloped(root, pki.signer("cutru"))
    assert "cutru" in Expected(TWO, ["cutru"]).enveloped(root).signer
    with pytest.raises(Untrusted, match="only bhxh"):
        Expected(TWO, ["bhxh"]).enveloped(root)

"""Whom we believe: which certificate speaks for which partner, and under which conditions.

A partner is known by a pinned certificate (the exact one), or by an authority that issues its certificates. Either may
be believed for a while only. Every check takes the time of the message, never "now". What was found good is remembered,
so that a message from a known certificate costs a look-up; what was refused is not.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from cryptography import x509

from signing.errors import Untrusted
from signing.pki import path
from signing.pki.path import Revocation
from signing.pki.revocation import sources

_MOST_REMEMBERED = 4096


@dataclasses.dataclass(frozen=True, slots=True)
class Accepted:
    """A certificate that speaks for a partner, or an authority that vouches for its certificates; with limits."""

    certificate: x509.Certificate
    subject: str | None = None
    """Of an authority that many share: only what it issued to exactly this subject (RFC 4514)."""
    start: datetime | None = None
    """Not believed before."""
    until: datetime | None = None
    """Not believed after."""

    def covers(self, certificate: x509.Certificate, at: datetime) -> bool:
        """Whether the limits allow ``certificate`` at that time."""
        if (self.start is not None and at < self.start) or (self.until is not None and at > self.until):
            return False
        return self.subject is None or self.subject == path.name_of(certificate)


Anchor = x509.Certificate | Accepted


@dataclasses.dataclass(frozen=True, slots=True)
class _Known:
    """Everything that is believed, exchanged as a whole."""

    accepted: tuple[tuple[str, Accepted], ...]
    intermediates: tuple[x509.Certificate, ...]
    identified: Mapping[bytes, tuple[x509.Certificate, ...]]
    remembered: dict[x509.Certificate, _Verdict] = dataclasses.field(default_factory=dict)

    def issuer_of(self, certificate: x509.Certificate) -> x509.Certificate | None:
        """Who issued ``certificate``, if that is among what is known here."""
        candidates = (*self.intermediates, *(each.certificate for _, each in self.accepted))
        return next(
            (each for each in candidates if each != certificate and path.issued(certificate, each)), None
        )


@dataclasses.dataclass(frozen=True, slots=True)
class _Verdict:
    """A certificate that was found good, and what has to be looked at again for every message."""

    partner: str
    start: datetime
    until: datetime
    links: tuple[tuple[x509.Certificate, x509.Certificate], ...]
    """Certificate and issuer whose revocation counts."""


class Trust:
    """Which certificates speak for which partner. Safe to share between threads."""

    def __init__(
        self,
        certificates: Mapping[str, Sequence[Anchor]],
        *,
        intermediates: Iterable[x509.Certificate] = (),
        revocation: Revocation | None = None,
    ) -> None:
        """``certificates`` by partner: an ordinary certificate is pinned, an authority's vouches for what it issues.

        ``intermediates`` are trusted for nothing and help to find a path; they are also where the issuer of a pinned
        certificate is found, so that ``revocation`` can be asked about it. A pinned certificate whose issuer is not
        known is believed until it is taken out of the list.

        Raises ValueError if one certificate is listed for two partners: its messages would have two senders.
        """
        self._revocation = revocation
        self._known = _known(certificates, intermediates)

    def renew(
        self, certificates: Mapping[str, Sequence[Anchor]], intermediates: Iterable[x509.Certificate] = ()
    ) -> None:
        """Believe these from now on and nothing else. Raises ValueError like the constructor, changing nothing."""
        self._known = _known(certificates, intermediates)

    @property
    def partners(self) -> frozenset[str]:
        """Names of the partners that some certificate speaks for."""
        return frozenset(partner for partner, _ in self._known.accepted)

    def identified(self, identifier: bytes) -> tuple[x509.Certificate, ...]:
        """The pinned certificates with this subject key identifier; several if one was renewed with its key."""
        return self._known.identified.get(identifier, ())

    def links(self) -> list[tuple[x509.Certificate, x509.Certificate]]:
        """Every listed certificate whose issuer is known, with it: what revocation will be asked about."""
        known = self._known
        listed = dict.fromkeys((*(each.certificate for _, each in known.accepted), *known.intermediates))
        found = ((certificate, known.issuer_of(certificate)) for certificate in listed)
        return [(certificate, issuer) for certificate, issuer in found if issuer is not None]

    def check(self, certificate: x509.Certificate, at: datetime) -> str:
        """The partner whom ``certificate`` speaks for at time ``at`` (aware). Raises Untrusted with why not."""
        known = self._known
        verdict = known.remembered.get(certificate)
        if verdict is not None and verdict.start <= at <= verdict.until and self._is_good(verdict, at):
            return verdict.partner
        verdict = self._judge(known, certificate, at)
        if len(known.remembered) >= _MOST_REMEMBERED:
            known.remembered.clear()
        known.remembered[certificate] = verdict
        return verdict.partner

    def _is_good(self, verdict: _Verdict, at: datetime) -> bool:
        """Whether nothing of the remembered path was revoked; if something was, another path may still do."""
        if self._revocation is None:
            return True
        try:
            for certificate, issuer in verdict.links:
                self._revocation.check(certificate, issuer, at)
        except Untrusted:
            return False
        return True

    def _judge(self, known: _Known, certificate: x509.Certificate, at: datetime) -> _Verdict:
        covering = [(partner, each) for partner, each in known.accepted if each.covers(certificate, at)]
        # Who is named by subject goes before who has the authority for itself: of equal anchors, the last one stays.
        covering.sort(key=lambda pair: pair[1].subject is not None)
        anchors = {each.certificate: (partner, each) for partner, each in covering}
        if not covering and any(each.certificate == certificate for _, each in known.accepted):
            raise Untrusted(
                f"certificate {path.name_of(certificate)} is not believed at that time any more, or not yet"
            )
        found = path.validate(
            certificate,
            known.intermediates,
            tuple(anchors),
            at,
            purpose="signing",
            revocation=self._revocation,
        )
        partner, accepted = anchors[found[-1]]
        links = tuple(itertools.pairwise(found))
        if not links:
            links = self._check_pinned(known, certificate, at)
        starts = [each.not_valid_before_utc for each in found]
        ends = [each.not_valid_after_utc for each in found]
        return _Verdict(
            partner,
            max(starts if accepted.start is None else [*starts, accepted.start]),
            min(ends if accepted.until is None else [*ends, accepted.until]),
            links,
        )

    def _check_pinned(
        self, known: _Known, certificate: x509.Certificate, at: datetime
    ) -> tuple[tuple[x509.Certificate, x509.Certificate], ...]:
        issuer = known.issuer_of(certificate) if self._revocation is not None else None
        if issuer is None or self._revocation is None or not sources(certificate):
            return ()
        self._revocation.check(certificate, issuer, at)
        return ((certificate, issuer),)


def _known(certificates: Mapping[str, Sequence[Anchor]], intermediates: Iterable[x509.Certificate]) -> _Known:
    accepted = [
        (partner, anchor if isinstance(anchor, Accepted) else Accepted(anchor))
        for partner, anchors in certificates.items()
        for anchor in anchors
    ]
    owners: dict[tuple[x509.Certificate, str | None], str] = {}
    for partner, each in accepted:
        if owners.setdefault((each.certificate, each.subject), partner) != partner:
            owner = owners[each.certificate, each.subject]
            raise ValueError(
                f"certificate {path.name_of(each.certificate)} is listed for {owner} and for {partner}"
            )
    pinned = dict.fromkeys(
        each.certificate for _, each in accepted if not path.is_authority(each.certificate)
    )
    identified: dict[bytes, tuple[x509.Certificate, ...]] = {}
    for certificate in pinned:
        if (identifier := key_identifier(certificate)) is not None:
            identified[identifier] = (*identified.get(identifier, ()), certificate)
    return _Known(tuple(accepted), tuple(dict.fromkeys(intermediates)), identified)


def key_identifier(certificate: x509.Certificate) -> bytes | None:
    """The subject key identifier that a certificate states (RFC 5280 §4.2.1.2); None if it states none.

    Raises Untrusted if the certificate's extensions cannot be read.
    """
    stated = path.extension(certificate, x509.SubjectKeyIdentifier)
    return None if stated is None else stated.digest

"""What a dossier that is not open yet asks of the citizen: each problem at the field where it can be mended."""

from __future__ import annotations

from collections.abc import Sequence

from broker.book import Book
from broker.canonical import document as documents
from broker.canonical.plan import Node
from broker.certificates import Certificates
from broker.checks import Checks
from broker.model import Dossier, Problem
from broker.process.rules import questions
from broker.routing import Router
from broker.store.rows import Check


class Asking:
    """Works out again what was asked, from the declaration and the register's verdicts: nothing is stored twice."""

    def __init__(self, book: Book, router: Router, checks: Checks, certificates: Certificates) -> None:
        """The reasons to ask: a unit unknown or not clear, a value left open, a difference with the register or with
        the certificate of a health facility.
        """
        self._certificates = certificates
        self._book = book
        self._router = router
        self._checks = checks

    def problems(self, dossier: Dossier, verdicts: Sequence[Check]) -> tuple[Problem, ...]:
        """What the citizen has to mend in the declaration as it is."""
        rules = self._book.engine(dossier).rules
        declaration = documents.as_tree(dossier.declaration)
        return (
            *self._router.problems(rules, declaration, dossier.received_at),
            *self._router.unclear(declaration, dossier.received_at),
            *questions(rules, declaration),
            *self._checks.asked(declaration, verdicts),
            *self._otherwise(dossier, declaration),
        )

    def _otherwise(self, dossier: Dossier, declaration: Node) -> tuple[Problem, ...]:
        """Differences with a certificate are asked about once: who declares the same again has confirmed it."""
        return self._certificates.otherwise(declaration) if dossier.version == 1 else ()

"""What a dossier that is not open yet asks of the citizen: each problem at the field where it can be mended."""

from __future__ import annotations

from collections.abc import Sequence

from broker.book import Book
from broker.canonical import document as documents
from broker.checks import Checks
from broker.model import Dossier, Problem
from broker.process.rules import questions
from broker.routing import Router
from broker.store.rows import Check


class Asking:
    """Works out again what was asked, from the declaration and the register's verdicts: nothing is stored twice."""

    def __init__(self, book: Book, router: Router, checks: Checks) -> None:
        """The reasons to ask: a unit unknown or not clear, a value left open, a difference with the register."""
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
        )

"""Joins the parts of declaring over one hub."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping

from broker.canonical.plan import NAMESPACE, Node
from broker.config.project import Project
from broker.declaring.drafts import DraftBook
from broker.declaring.meanings import Meanings
from broker.declaring.oidc import Provider, RelyingParty
from broker.declaring.prefill import Prefill
from broker.declaring.receipts import Receipts
from broker.declaring.review import Reviewer
from broker.declaring.service import Declaring
from broker.declaring.signing_in import SigningIn
from broker.declaring.submitting import Submitting
from broker.delivery.attempt import Attempts
from broker.hub import Hub
from broker.mapping.codes import Row, load
from broker.model import Problem
from broker.population import declared
from broker.verdicts import number_warnings


def signing_in(hub: Hub) -> SigningIn | None:
    """The sign-in of citizens; None where the project names no identity provider."""
    project = hub.project
    chosen = project.hub.sign_in
    if chosen is None:
        return None
    provider = Provider(
        issuer=chosen.issuer,
        client_id=chosen.client_id,
        secret=lambda: project.secrets.get(chosen.secret),
        redirect_uri=f"{project.hub.public_url}/api/v1/sign-in/callback",
    )
    party = RelyingParty(provider, hub.resources.http, hub.resources.clock)
    return SigningIn(
        party, hub.store, hub.vault, chosen.client, chosen.session, hub.resources.clock, new_token=_new_token
    )


def _new_token() -> str:
    return secrets.token_urlsafe(32)


def _differences(declaration: Node) -> Iterator[Problem]:
    """What a look-up has found to differ from the register, and was kept as it was typed."""
    tree = declaration.getroottree()
    for node in declaration.iter():
        if node.get("verified") == "differs":
            path = tree.getelementpath(node).replace(f"{{{NAMESPACE}}}", "")
            vi = "Giá trị đã nhập khác với Cơ sở dữ liệu quốc gia về dân cư, đề nghị kiểm tra lại."
            yield Problem(path, vi, "What was typed differs from the population database: check it.")


def _lists(project: Project) -> dict[str, Mapping[str, str]]:
    """Every list of words, with those that are code tables."""
    words = project.words
    found: dict[str, Mapping[str, str]] = dict(words.lists)
    for name, table in words.names.items():
        # The first word for a code is the usual one.
        found[name] = {row.target: row.source for row in reversed(_rows(project, table))}
    for name, table in words.words.items():
        found[name] = {row.source: row.target for row in _rows(project, table)}
    return found


def _rows(project: Project, table: str) -> tuple[Row, ...]:
    return load(project.folder / "mappings" / "codes" / f"{table}.yaml", project.folder).rows


def declaring(hub: Hub) -> Declaring:
    """The declaring services of ``hub``, which stays its owner's."""
    project, clock = hub.project, hub.resources.clock
    meanings = Meanings(_lists(project), project.units)
    drafts = DraftBook(
        hub.store,
        project.processes,
        hub.schemas.elements,
        project.retention.drafts.keep,
        clock,
        hub.resources.new_id,
    )

    def doubts(declaration: Node) -> list[Problem]:
        people = declared(declaration)
        numbers = [problem for one in people for problem in number_warnings(one, project.units.codes)]
        return [*numbers, *_differences(declaration)]

    reviewer = Reviewer(
        hub.schemas,
        hub.book,
        hub.agencies,
        hub.router,
        meanings,
        project.hub.dossier_prefix,
        doubts,
    )
    follow = f"{project.hub.public_url}/api/v1/dossiers/{{code}}"
    return Declaring(
        store=hub.store,
        schemas=hub.schemas,
        book=hub.book,
        agencies=hub.agencies,
        units=project.units,
        meanings=meanings,
        reviewer=reviewer,
        drafts=drafts,
        receipts=Receipts(hub.book, hub.agencies, meanings, follow),
        submitting=Submitting(hub.store, drafts, hub.intake),
        prefill=Prefill(
            hub.agencies[project.population.agency],
            hub.outbox,
            Attempts(hub.store, clock, hub.resources.new_id),
            hub.resources.new_id,
        ),
        fetching=hub.fetching,
        layouts=project.forms,
        clients={client.id: client for client in project.hub.clients},
        clock=clock,
    )

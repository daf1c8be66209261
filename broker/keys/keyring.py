"""The hub's own keys: the ring of the project, and its acts in the message log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from broker.clock import Clock, system_clock
from broker.config.project import Project
from broker.keys.partners import Partners
from broker.store.engine import Store, Tx
from broker.store.rows import Act
from signing.errors import KeyProblem
from signing.keys import ActiveKey, Signer
from signing.pki.keyring import KeyRing
from signing.vault import Vault

log = structlog.get_logger(__name__)


def ring_of(project: Project, clock: Clock = system_clock) -> KeyRing:
    """The ring of the project's key folder. Raises nothing: what is wrong shows when it is read."""
    return KeyRing(
        project.path(project.hub.keys), project.hub.key, clock=clock, passphrase=_passphrase(project)
    )


def _passphrase(project: Project) -> Callable[[], bytes] | None:
    secret = project.hub.key_secret
    return None if secret is None else lambda: project.secrets.get(secret).encode()


def log_acts(ring: KeyRing, store: Store) -> int:
    """Enter what was done with keys into the message log, if it is not there yet; says how much.

    Keys may be made before there is a database: such acts are entered later, with the time at which they were done.
    Raises KeyProblem, StoreError.
    """
    done = [
        Act(act.at, act.who, f"key {act.act}", f"key {key.name}", act.why)
        for key in ring.members()
        for act in key.acts
    ]

    def enter(tx: Tx) -> int:
        known = {act for target in {act.target for act in done} for act in tx.acts.of(target)}
        new = sorted((act for act in done if act not in known), key=lambda act: act.at)
        for act in new:
            tx.acts.add(act)
        return len(new)

    return store.write_sync(enter)


class Keeping:
    """The job that lets a running hub follow its key folder and its trust folder."""

    def __init__(
        self, ring: KeyRing, signer: Signer | None, partners: Partners, vault: Vault, store: Store
    ) -> None:
        """``signer`` is the hub's; one that is not of the ring stays as it is."""
        self._ring = ring
        self._signer = signer
        self._partners = partners
        self._vault = vault
        self._store = store
        self._stamp: object = None

    async def run(self) -> None:
        """See keys and certificates that were added, activated, retired or removed since. Raises KeyProblem.

        What is wrong in one folder does not keep the others from being seen.
        """
        problems = []
        for step in (self._vault.refresh, self._follow, self._partners.refresh):
            try:
                await asyncio.to_thread(step)
            except KeyProblem as error:
                problems.append(str(error))
        if problems:
            raise KeyProblem("; ".join(problems))

    def _follow(self) -> None:
        """Sign with the key that is active now, and enter what was done into the log."""
        if not isinstance(self._signer, ActiveKey):
            return
        stamp = self._ring.stamp()
        if stamp == self._stamp:
            return
        before = self._signer.certificate
        self._signer.refresh()
        if self._signer.certificate != before:
            log.info("another certificate signs", key=self._ring.active())
        log_acts(self._ring, self._store)
        self._stamp = stamp

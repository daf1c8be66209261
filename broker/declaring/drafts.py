"""Drafts: a declaration may wait, incomplete, until its citizen comes back; each change makes the next version."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

from broker.canonical import document as documents
from broker.canonical.plan import Element, Node
from broker.clock import Clock, NewId
from broker.declaring.declarant import Declarant
from broker.errors import Conflict, Invalid, NotFound, NotNow, TooMany
from broker.model import Problem
from broker.process.rules import Process
from broker.store.drafts import Draft
from broker.store.engine import Store, Tx, Unit
from broker.store.errors import Missing, StoreUnavailable
from signing.errors import XmlRefused
from signing.xml import serialize

T = TypeVar("T")

MOST = 200
"""Drafts that one declarant may have open."""


class DraftBook:
    """Keeps drafts."""

    def __init__(
        self,
        store: Store,
        processes: Mapping[str, Process],
        elements: Mapping[str, Element],
        keep: timedelta,
        clock: Clock,
        new_id: NewId,
    ) -> None:
        """``keep``: how long an untouched draft stays."""
        self._store = store
        self._processes = {process.document: process.process for process in processes.values()}
        self._elements = elements
        self.keep = keep
        self._clock = clock
        self._new_id = new_id

    async def create(self, who: Declarant, content: bytes) -> Draft:
        """Begin a draft with a declaration as far as it goes. Raises `Invalid` for what is no declaration at all."""
        root = self.declaration(content)
        now = self._clock()
        process = self._processes[str(root.tag).rpartition("}")[2]]
        draft = Draft(self._new_id(), who.owner, process, 1, now, now, serialize(_unmarked(root, None)))
        if await self._read(lambda tx: tx.drafts.count(who.owners)) >= (MOST if who.citizen else 100 * MOST):
            raise TooMany(60.0, "Có quá nhiều bản nháp; hãy nộp hoặc xóa bớt.", "Too many drafts are open.")
        await self._write(lambda tx: tx.drafts.add(draft))
        return draft

    async def get(self, who: Declarant, draft_id: str) -> Draft:
        """One draft of the declarant. Raises `NotFound`."""
        return await self._read(lambda tx: tx.drafts.get(draft_id, who.owners))

    async def of(self, who: Declarant) -> list[tuple[Draft, str | None]]:
        """All drafts of the declarant, last changed first, each with the code of its dossier."""

        def read(tx: Tx) -> list[tuple[Draft, str | None]]:
            return [(one, _code(tx, one)) for one in tx.drafts.of(who.owners)]

        return await self._read(read)

    async def code(self, draft: Draft) -> str | None:
        """The code of the dossier that a draft became; None if it was not submitted."""
        return await self._read(lambda tx: _code(tx, draft))

    async def save(self, who: Declarant, draft_id: str, content: bytes, version: int) -> Draft:
        """Put ``content`` in the place of ``version``. Raises `Conflict` if there is a newer one already."""
        draft = await self.get(who, draft_id)
        root = self.declaration(content)
        if self._processes[str(root.tag).rpartition("}")[2]] != draft.process:
            vi = "Bản nháp này thuộc thủ tục khác."
            raise Invalid([Problem(None, vi, "The draft is of another procedure.")])
        before = None if draft.content is None else documents.read(draft.content)
        return await self.put(draft, serialize(_unmarked(root, before)), version)

    async def put(
        self,
        draft: Draft,
        content: bytes | None,
        version: int,
        notices: tuple[str, ...] = (),
        dossier_id: str | None = None,
    ) -> Draft:
        """The next version of a draft, if ``version`` is still the newest. Raises `Conflict`."""
        if draft.dossier_id is not None:
            raise Conflict("Bản nháp này đã được nộp.", "The draft was submitted and cannot be changed.")
        later = dataclasses.replace(
            draft,
            version=version + 1,
            content=content,
            changed_at=self._clock(),
            notices=notices,
            dossier_id=dossier_id,
        )
        if version != draft.version or not await self._write(lambda tx: tx.drafts.change(later)):
            vi = "Bản nháp vừa được thay đổi ở nơi khác; hãy tải lại trước khi sửa."
            raise Conflict(vi, "The draft has changed meanwhile: read it again before changing it.")
        return later

    async def remove(self, who: Declarant, draft_id: str) -> None:
        """Forget a draft. Raises `NotFound`, also for one that was submitted."""
        await self._write(lambda tx: tx.drafts.remove(draft_id, who.owners))

    def declaration(self, content: bytes) -> Node:
        """The declaration in ``content``: it may lack anything, but not hold what no form has. Raises `Invalid`."""
        try:
            root = documents.read(content)
        except XmlRefused as error:
            vi = f"Bản khai không phải là XML đọc được: {error.reason[:300]}"
            raise Invalid([Problem(None, vi, f"The declaration is not XML: {error.reason[:300]}")]) from error
        name = str(root.tag).rpartition("}")[2]
        if root.tag != documents.tag(name) or name not in self._processes:
            known = ", ".join(self._processes)
            raise Invalid([Problem(None, f"Tờ khai phải là: {known}.", f"A draft holds one of: {known}.")])
        documents.normalize(root)
        if strange := _strange(root, self._elements[name], ""):
            raise Invalid(strange)
        return root

    async def _read(self, unit: Unit[T]) -> T:
        try:
            return await self._store.aread(unit)
        except Missing as error:
            raise NotFound(*_NO_DRAFT) from error
        except StoreUnavailable as error:
            raise NotNow from error

    async def _write(self, unit: Unit[T]) -> T:
        try:
            return await self._store.write(unit)
        except Missing as error:
            raise NotFound(*_NO_DRAFT) from error
        except StoreUnavailable as error:
            raise NotNow from error


def _code(tx: Tx, draft: Draft) -> str | None:
    return None if draft.dossier_id is None else tx.dossiers.get(draft.dossier_id).code


_NO_DRAFT = ("Không tìm thấy bản nháp này.", "No such draft was found.")


def _strange(node: Node, plan: Element, path: str) -> list[Problem]:
    """Elements that no form has: they would be lost without a word."""
    found = []
    for child in node:
        name = str(child.tag).rpartition("}")[2]
        here = f"{path}/{name}" if path else name
        place = plan.places.get(str(child.tag))
        if place is None:
            en = "This field is not in the schema."
            found.append(Problem(here[:250], "Mục này không có trong lược đồ.", en))
        else:
            found += _strange(child, place[1], here)
    return found


def _unmarked(root: Node, before: Node | None) -> Node:
    """The declaration without marks that a sender wrote: only what the register said of the same value stays."""
    said = {} if before is None else dict(_marked(before))
    for path, node in list(_marked(root)):
        known = said.get(path)
        if known is None or (known.text, known.get("verified")) != (node.text, node.get("verified")):
            del node.attrib["verified"]
    return root


def _marked(root: Node) -> list[tuple[str, Node]]:
    tree = root.getroottree()
    return [(tree.getelementpath(node), node) for node in root.iter() if node.get("verified") is not None]

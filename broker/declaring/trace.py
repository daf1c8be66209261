"""From a field of an agency's document back to the field of the declaration where a citizen can mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from broker.canonical.document import find
from broker.canonical.explain import named
from broker.canonical.plan import Element, Node
from broker.canonical.words import Said
from broker.declaring.basis import Basis


class Trace:
    """Knows the way back for one kind of declaration."""

    def __init__(self, declaration: Element, basis: Basis) -> None:
        """``declaration`` is the plan of the declaration, ``basis`` the result that later steps are built on."""
        self._plan = declaration
        self._basis = basis

    def fields(self, sources: Iterable[str]) -> tuple[str, ...]:
        """Paths in the declaration that feed these sources of a step document."""
        found: dict[str, None] = {}
        for source in sources:
            repeated = self._basis.repeated(source)
            if repeated is not None:
                found.update(dict.fromkeys(repeated))
            elif source.startswith(f"{self._plan.name}/"):
                found[source.partition("/")[2]] = None
        return tuple(found)

    def field(self, sources: Iterable[str], declaration: Node) -> str | None:
        """Where to mend it: the first of several that is filled in; None if no citizen can."""
        paths = self.fields(sources)
        return next(
            (path for path in paths if find(declaration, path) is not None), paths[0] if paths else None
        )

    def pending(self, sources: Sequence[str]) -> bool:
        """True if the value comes from a result that is still to come, and from nowhere else."""
        return bool(sources) and all(self._basis.repeated(source) == () for source in sources)

    def label(self, path: str) -> Said:
        """What people call the field at ``path``: "ngày sinh của mẹ", "date of birth of the mother"."""
        return named(self._plan, path)

    def common(self, paths: Sequence[str]) -> str:
        """The path that says what several fields have in common: that of the name for its parts."""
        parts = [path.split("/") for path in paths]
        shared = []
        for names in zip(*parts, strict=False):
            if len(set(names)) > 1:
                break
            shared.append(names[0])
        return "/".join(shared) or paths[0]

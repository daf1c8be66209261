"""What citizens are told, as data: config/notices.yaml. Each text may use a few named fields in braces."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from broker.config.base import Frozen, Name, Words

NoticeKind = Literal[
    "received",
    "asked",
    "supplement",
    "consents",
    "step-completed",
    "step-rejected",
    "completed",
    "partly-completed",
    "rejected",
    "withdrawn",
    "apology",
    "not-chosen",
    "corrected",
]
"""What a notice is about (notice.xsd, NoticeKindValue)."""

_ALWAYS = frozenset({"code", "process"})
_STEP = frozenset({"step", "agency"})
FIELDS: Mapping[NoticeKind, frozenset[str]] = {
    "received": _ALWAYS | {"due"},
    "asked": _ALWAYS | {"what", "until"},
    "supplement": _ALWAYS | _STEP | {"what", "until"},
    "consents": _ALWAYS | _STEP | {"until"},
    "step-completed": _ALWAYS | _STEP,
    "step-rejected": _ALWAYS | _STEP | {"reason"},
    "completed": _ALWAYS | {"done"},
    "partly-completed": _ALWAYS | {"done", "undone"},
    "rejected": _ALWAYS | {"reason"},
    "withdrawn": _ALWAYS,
    "apology": _ALWAYS | _STEP | {"missed", "new"},
    "not-chosen": _ALWAYS | {"steps"},
    "corrected": _ALWAYS | _STEP,
}
"""Kind → fields that its texts may name."""


class NoticeTexts(Frozen):
    """How one kind of notice is worded."""

    subject: Words
    """Subject of the mail."""
    paragraphs: tuple[Words, ...] = Field(min_length=1, max_length=20)
    """The text, paragraph by paragraph."""

    def fields(self) -> frozenset[str]:
        """The fields that the texts name. Raises ValueError for braces that are no field."""
        texts = [text for words in (self.subject, *self.paragraphs) for text in (words.vi, words.en)]
        parts = [part for text in texts for part in string.Formatter().parse(text)]
        odd = [name for _, name, form, how in parts if name is not None and (form or how or not name)]
        if odd:
            raise ValueError("a field is written {name}, with nothing else in the braces")
        return frozenset(name for _, name, _, _ in parts if name is not None)


class NoticesConfig(Frozen):
    """Notices to citizens and to the web hooks of clients."""

    mail: Name | None = None
    """Agency with the operation ``notice`` that mails to applicants; without it nothing is mailed."""
    texts: Mapping[NoticeKind, NoticeTexts]
    """Kind of notice → its texts. A kind that is left out is not told."""

    @model_validator(mode="after")
    def _known_fields(self) -> NoticesConfig:
        for kind, texts in self.texts.items():
            unknown = sorted(texts.fields() - FIELDS[kind])
            if unknown:
                known = ", ".join(sorted(FIELDS[kind]))
                raise ValueError(f"texts.{kind} names {{{unknown[0]}}}; it may name {known}")
        return self

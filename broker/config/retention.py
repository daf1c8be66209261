"""How long personal data is kept: config/retention.yaml."""

from __future__ import annotations

from datetime import timedelta

from pydantic import field_validator

from broker.config.base import Duration, Frozen


class Kept(Frozen):
    """How long one class of data is kept, and why so long."""

    keep: Duration
    """Time from the event that the class names until it is erased."""
    basis: str
    """Law, decree or own decision that the time follows from, for whoever asks."""

    @field_validator("keep")
    @classmethod
    def _a_day_at_least(cls, value: timedelta) -> timedelta:
        if value < timedelta(days=1):
            raise ValueError("is shorter than a day")
        return value

    @field_validator("basis")
    @classmethod
    def _said(cls, value: str) -> str:
        if len(value) < 3:
            raise ValueError("must say where the time comes from")
        return value


class Retention(Frozen):
    """Classes of data. What a class names goes when its time is over; the log's leaves stay for ever."""

    dossiers: Kept
    """From the last event of a settled dossier: declaration, results, messages, deliveries, texts, its attachments."""
    messages: Kept
    """From its day: bodies of messages that belong to no dossier, such as what was refused, or polls about several."""
    attachments: Kept
    """From the last hand-over: files that no dossier names."""
    intake: Kept
    """From the first request: the answer that a repeated request gets; afterwards the repetition is refused."""
    lookups: Kept
    """From the look-up: who looked up which citizen, when and why."""
    certificates: Kept
    """From its arrival: birth and death certificates of health facilities."""
    drafts: Kept
    """From the last change: drafts that were never submitted."""
    runs: Kept
    """From the run: which scheduled jobs were taken."""

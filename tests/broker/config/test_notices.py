"""Texts of notices name only what their kind has, and this project words every kind."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from lxml import etree

from broker.config.notices import FIELDS, NoticeKind, NoticesConfig

ROOT = Path(__file__).parents[3]


def texts(subject: str) -> dict[str, Any]:
    """A configuration with one notice."""
    words = {"vi": subject, "en": "x"}
    return {"texts": {"received": {"subject": words, "paragraphs": [{"vi": "x", "en": "x"}]}}}


def test_every_kind_has_words() -> None:
    """What the schema, the fields and this project's texts call kinds is the same."""
    values = yaml.safe_load((ROOT / "config/notices.yaml").read_text(encoding="utf-8"))
    config = NoticesConfig.model_validate(values)
    schema = etree.parse(ROOT / "xsd/lienthong/1.0/notice.xsd")  # noqa: TID251 - the test's own reading
    declared = schema.xpath("//*[@name='NoticeKindValue']//@value")
    assert set(get_args(NoticeKind)) == set(declared) == set(FIELDS) == set(config.texts)


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("Hồ sơ {mother}", "it may name code, due, process"),
        ("Hồ sơ {reason}", "received names"),
        ("Hồ sơ {}", "written {name}"),
        ("Hồ sơ {code:>9}", "nothing else in the braces"),
        ("Hồ sơ {code", "expected '}'"),
    ],
)
def test_unknown_field_is_refused(subject: str, said: str) -> None:
    """A text that would fail, or would tell more than it may, is found when the configuration is read."""
    with pytest.raises(ValueError, match=said):
        NoticesConfig.model_validate(texts(subject))

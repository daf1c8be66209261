"""What the hub says when it does not do what was asked.

The class is the answer; a face of the hub (REST, SOAP) only translates it::

    HubError
    ├── Invalid(problems)        the document is wrong: each problem at the field where it can be mended (422)
    ├── Conflict                 the same message id with other content, or a step that is past changing (409)
    ├── NotFound                 no such dossier or attachment, or none that this caller may see         (404)
    ├── Forbidden                the caller is known and may not do this                                 (403)
    └── NotNow(retry_after)      the hub cannot take it in now; nothing was taken in                     (503)
        └── TooMany              this caller asks for more than its share                                (429)
"""

from __future__ import annotations

from collections.abc import Sequence

from broker.model import Problem


class HubError(Exception):
    """The hub did not do what was asked."""

    reason = "refused"
    """One word for machines: ``Reason`` of the Problems document."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """``problems`` explain it to people in two languages; at least one, and never a secret or a value."""
        super().__init__("; ".join(problem.en for problem in problems))
        self.problems = tuple(problems)


class Invalid(HubError):
    """The document is wrong; each problem names the field where it can be mended."""

    reason = "invalid"


class Conflict(HubError):
    """The same message id came with other content, or the dossier is past the point where this can be
    done.
    """

    reason = "conflict"

    def __init__(self, vi: str, en: str, *, field: str | None = None) -> None:
        """``vi`` and ``en`` say the same to a person."""
        super().__init__([Problem(field, vi, en)])


class NotFound(HubError):
    """There is no such thing, or none that this caller may see: the two are not told apart."""

    reason = "not-found"

    def __init__(
        self, vi: str = "Không tìm thấy hồ sơ hoặc tệp này.", en: str = "No such dossier or file was found."
    ) -> None:
        """``vi`` and ``en`` say the same to a person."""
        super().__init__([Problem(None, vi, en)])


class Forbidden(HubError):
    """The caller is known, and may not do this."""

    reason = "forbidden"

    def __init__(
        self,
        vi: str = "Đơn vị gọi không được cấp quyền thực hiện việc này.",
        en: str = "The caller may not do this.",
    ) -> None:
        """``vi`` and ``en`` say the same to a person."""
        super().__init__([Problem(None, vi, en)])


class NotNow(HubError):
    """The hub cannot take it in at this moment, and has not: send it again later."""

    reason = "not-now"

    def __init__(
        self,
        retry_after: float = 5.0,
        vi: str = "Hệ thống tạm thời chưa tiếp nhận được; vui lòng gửi lại sau.",
        en: str = "The hub cannot take this in at the moment; please send it again later.",
    ) -> None:
        """``retry_after`` in seconds from now."""
        super().__init__([Problem(None, vi, en)])
        self.retry_after = retry_after


class TooMany(NotNow):
    """This caller has more requests under way than its share."""

    reason = "too-many"

    def __init__(
        self,
        retry_after: float = 1.0,
        vi: str = "Đơn vị gọi gửi quá nhiều yêu cầu cùng lúc; vui lòng gửi chậm lại.",
        en: str = "Too many requests at a time; please send more slowly.",
    ) -> None:
        """``retry_after`` in seconds from now."""
        super().__init__(retry_after, vi, en)

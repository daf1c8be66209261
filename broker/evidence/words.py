"""What the page in an evidence file says, in Vietnamese and English."""

from __future__ import annotations

from collections.abc import Mapping

from broker.config.base import Words


def words(vi: str, en: str) -> Words:
    """A text in both languages."""
    return Words(vi=vi, en=en)


HAPPENED: Mapping[tuple[str, str], Words] = {
    ("in", "request"): words("{agency} gửi tới trục liên thông", "{agency} sent to the hub"),
    ("out", "request"): words("Trục liên thông gửi tới {agency}", "The hub sent to {agency}"),
    ("in", "reply"): words("{agency} trả lời", "{agency} answered"),
    ("in", "failed"): words("Không nhận được trả lời của {agency}", "No answer came from {agency}"),
    ("out", "answer"): words("Trục liên thông trả lời {agency}", "The hub answered {agency}"),
    ("in", "refused"): words(
        "Trục liên thông từ chối thông điệp của {agency}", "The hub refused a message of {agency}"
    ),
    ("in", "erasure"): words(
        "Nội dung của các thông điệp được xóa theo quy định", "Contents of messages were erased as required"
    ),
    ("in", "act"): words("Cán bộ quản trị thao tác trên trục liên thông", "Somebody acted on the hub"),
}
"""(direction, kind) → what happened; ``{agency}`` is the other side."""
SOMETHING = words("Thông điệp với {agency}", "A message with {agency}")
"""Any other message."""
HUB = words("Trục liên thông", "The hub")

OPERATIONS: Mapping[str, Words] = {
    "submit": words("nộp hồ sơ", "submission of a dossier"),
    "supplement": words("bổ sung hồ sơ", "supplement to a dossier"),
    "withdraw": words("rút hồ sơ", "withdrawal of a dossier"),
    "correct": words("điều chỉnh thông tin", "correction"),
    "poll": words("hỏi tình trạng hồ sơ", "question how dossiers stand"),
    "ask": words("hỏi tình trạng hồ sơ", "question how a dossier stands"),
    "list": words("đối soát danh sách hồ sơ", "comparison of lists"),
    "state": words("thông báo trạng thái", "report of a state"),
    "result": words("gửi bản sao kết quả", "copy of a result"),
    "lookup": words("tra cứu dân cư", "look-up in the population database"),
    "confirm": words("xác nhận thông tin công dân", "confirmation of a citizen's data"),
    "certificate": words("giấy chứng sinh, giấy báo tử", "certificate of birth or death"),
    "notice": words("thông báo cho công dân", "notice to a citizen"),
    "erase": words("xóa dữ liệu", "erasure"),
    "SubmitRequest": words("nộp tờ khai", "declaration"),
    "SupplementRequest": words("bổ sung hồ sơ", "supplement"),
    "WithdrawRequest": words("rút hồ sơ", "withdrawal"),
    "ConsentRequest": words("ý kiến của thân nhân", "a relative's consent"),
    "ResumeRequest": words("chọn thêm thủ tục", "further procedures"),
    "HandoverRequest": words("đã nhận kết quả", "receipt of a result"),
    "ReportRequest": words("cơ quan báo trạng thái", "an agency's report"),
    "StatusRequest": words("hỏi tình trạng hồ sơ", "question how a dossier stands"),
}
"""Operation → what it is; others are shown by their name."""

OUTCOMES: Mapping[str, Words] = {
    "ok": words("bình thường", "as usual"),
    "unavailable": words("không kết nối được", "the other side was away"),
    "throttled": words("bị hạn chế tốc độ", "too many requests"),
    "ambiguous": words("không rõ đã nhận hay chưa", "nobody knows whether it arrived"),
    "unauthorized": words("không được cấp quyền", "not authorized"),
    "rejected": words("bị từ chối", "rejected"),
    "malformed": words("trả lời sai định dạng", "an answer that cannot be read"),
    "invalid": words("dữ liệu không hợp lệ", "invalid"),
    "forbidden": words("không có quyền", "not allowed"),
    "conflict": words("trùng mã với nội dung khác", "the id was used for other content"),
}
"""Outcome → what it means; others are shown by their name."""

KINDS: Mapping[str, Words] = {
    "message": words("Chứng cứ điện tử về một thông điệp", "Evidence about one message"),
    "exchange": words("Chứng cứ điện tử về một lượt trao đổi", "Evidence about one exchange"),
    "dossier": words("Chứng cứ điện tử về một hồ sơ", "Evidence about a dossier"),
    "archive": words("Lưu trữ nhật ký thông điệp theo kỳ", "Archive of the message log for a period"),
    "export": words("Bản trích xuất nhật ký thông điệp", "Export of the message log"),
}
"""Kind of the file → heading."""

CONTENT: Mapping[str, Words] = {
    "included": words("Có trong tệp: {file}", "In this file: {file}"),
    "erased": words("Đã xóa theo quy định; chỉ còn mã băm", "Erased as required; its hash remains"),
    "withheld": words("Không cung cấp; chỉ có mã băm", "Not handed out; its hash only"),
    "empty": words("Không có nội dung", "No content"),
}
"""What became of a body."""

LABELS: Mapping[str, Words] = {
    "subject": words("Đối tượng", "Subject"),
    "service": words("Thủ tục", "Procedure"),
    "period": words("Thời gian (giờ Việt Nam)", "Time (Vietnam, UTC+7)"),
    "entries": words("Số bản ghi", "Entries"),
    "made": words("Lập lúc (giờ Việt Nam)", "Made at (Vietnam, UTC+7)"),
    "asked": words("Người yêu cầu", "Asked for by"),
    "purpose": words("Mục đích", "Purpose"),
    "log": words("Nhật ký", "Log"),
    "head": words("Mã gốc của nhật ký", "Head of the log"),
    "signature": words("Chữ ký của trục liên thông", "Signature of the hub"),
    "stamp": words("Dấu thời gian", "Time-stamp"),
    "witnesses": words("Bên làm chứng", "Witnesses"),
    "previous": words("Lưu trữ liền trước", "The archive before"),
    "number": words("Bản ghi", "Entry"),
    "when": words("Thời điểm", "When"),
    "what": words("Sự việc", "What happened"),
    "content": words("Nội dung", "Content"),
}

STAMPED = words("{authority}, {at}", "{authority}, {at}")
OWN_STAMP = words(
    "{authority}, {at}. Đây là dịch vụ nằm ngay trong trục liên thông, KHÔNG độc lập: chỉ chứng minh thứ tự, không "
    "chứng minh thời điểm với người không tin trục liên thông.",
    "{authority}, {at}. This service runs inside the hub and is NOT independent: it proves the order of events, not "
    "the time, to those who do not trust the hub.",
)
NOT_STAMPED = words(
    "CHƯA CÓ khi lập tệp này; không có bên nào xác nhận thời điểm.",
    "NONE when this file was made; nobody confirms the time.",
)
LEVELS: Mapping[str, Words] = {
    "B-B": words(
        "{signer}. Mức XAdES B-B: KHÔNG có dấu thời gian trên chữ ký.",
        "{signer}. Level XAdES B-B: the signature carries NO time-stamp.",
    ),
    "B-T": words(
        "{signer}. Mức XAdES B-T: chữ ký có dấu thời gian (RFC 3161).",
        "{signer}. Level XAdES B-T: the signature carries a time-stamp (RFC 3161).",
    ),
    "B-LT": words(
        "{signer}. Mức XAdES B-LT: chữ ký có dấu thời gian (RFC 3161) và dữ liệu để kiểm tra chứng thư về sau.",
        "{signer}. Level XAdES B-LT: the signature carries a time-stamp (RFC 3161) and what is needed to check its "
        "certificates later.",
    ),
}
NO_WITNESS = words("Không có", "None")
PREVIOUS = words("{file}, {size} bản ghi đầu tiên", "{file}, the first {size} entries")

IN_SHORT = words(
    "Tệp này chứng minh những thông điệp dưới đây đã đi qua trục liên thông đúng như ghi trong bảng, không bị sửa, bỏ "
    "bớt hay đổi thứ tự từ khi nhật ký được ký.",
    "This file proves that the messages below went through the hub as the table says, and that none was changed, taken "
    "out or reordered since the log was signed.",
)
IN_SHORT_PERIOD = words(
    "Tệp này chứa toàn bộ các bản ghi của nhật ký thông điệp trong kỳ, nối tiếp kỳ trước mà không thiếu bản ghi nào.",
    "This file holds all entries of the message log of its period; it continues the one before with no entry missing.",
)
PROVES_NOT: tuple[Words, ...] = (
    words(
        "Rằng những điều viết trong thông điệp là đúng sự thật: chỉ chứng minh ai đã gửi những byte nào.",
        "That what a message says is true: only who sent which bytes.",
    ),
    words(
        "Rằng ngoài trục liên thông không có trao đổi nào khác giữa các cơ quan.",
        "That agencies exchanged nothing beside the hub.",
    ),
    words(
        "Danh tính cán bộ ghi trong bảng: do đơn vị gửi khai báo, trục liên thông ghi lại.",
        "Who the officers in the table are: the sending unit says so, and the hub wrote it down.",
    ),
    words(
        "Thời điểm chính xác của từng thông điệp: dấu thời gian chỉ chứng minh mọi bản ghi có trước nó.",
        "The exact time of each message: a time-stamp proves that every entry existed before it.",
    ),
)
HOW: tuple[tuple[Words, str], ...] = (
    (words("Giải nén:", "Unpack:"), "unzip -d chung-cu FILE.asice && cd chung-cu"),
    (
        words(
            "Chữ ký, với chứng thư của cơ quan chứng thực lấy từ nguồn khác:",
            "Signature, with the authority's certificate from another source:",
        ),
        "xmlsec1 --verify --id-attr:Id SignedProperties --trusted-pem anchor.pem META-INF/signatures001.xml",
    ),
    (
        words("Dấu thời gian:", "Time-stamp:"),
        "openssl ts -verify -data log/checkpoint.note -in log/checkpoint.tst -token_in -CAfile tsa.pem",
    ),
    (
        words(
            "Nội dung của một bản ghi (salt trong evidence.json):",
            "Content of an entry (salt in evidence.json):",
        ),
        "(printf SALT | xxd -r -p; cat bodies/N.xml) | sha256sum   # = body_sha256, entries/N.json",
    ),
    (words("Tất cả:", "Everything:"), "lienthong verify FILE.asice --trust DIR"),
)
SECTIONS: Mapping[str, Words] = {
    "happened": words("Diễn biến", "What happened"),
    "proof": words("Căn cứ", "What proves it"),
    "check": words("Cách kiểm tra", "How to check"),
    "not": words("Tệp này không chứng minh", "What this file does not prove"),
}
REPLY_TO = words("Trả lời bản ghi {index}", "Answers entry {index}")
SIGNED_BY = words("Chữ ký trong thông điệp: {signer}", "Signature inside the message: {signer}")
OFFICER = words("Cán bộ: {officer}", "Officer: {officer}")
PURPOSE = words("Mục đích: {purpose}", "Purpose: {purpose}")
OUTCOME = words("Kết quả: {outcome}", "Outcome: {outcome}")

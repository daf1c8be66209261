"""What must hold across the fields of a death declaration.

Sources: Decree 63/2024/NĐ-CP amended by 301/2026/NĐ-CP, form 02; Law on Civil Status, Art 33; Decision
1449/QĐ-BHXH for the social insurance.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from broker.canonical import rules_common as common
from broker.canonical import rules_survivors as survivors
from broker.canonical.case import Case
from broker.canonical.rules_common import Rule
from broker.dates import PartialDate
from broker.model import Problem
from broker.names import same_name

IN_TIME = timedelta(days=15)
"""A death is registered in time within 15 days (Law on Civil Status, Art 33)."""

_FUNERALS = ("InsuranceFuneral", "MeritFuneral", "ProtectionFuneral", "EmergencyFuneral")


def domestic_only(case: Case) -> Iterator[Problem]:
    """A death with a foreign element is outside the linked procedure (guide of 2023; Law on Civil Status, Art
    51).
    """
    vi = (
        "Trường hợp có yếu tố nước ngoài không thuộc thủ tục liên thông; "
        "vui lòng đăng ký khai tử trực tiếp tại Ủy ban nhân dân cấp xã."
    )
    en = (
        "A death with a foreign element is outside the linked procedure; "
        "please register it directly at the commune."
    )
    if case["Choices/ForeignElement"] in ("true", "1"):
        yield Problem("Choices/ForeignElement", vi, en)
    elif case["Deceased/Nationality"] != "VN":
        yield Problem(
            "Deceased/Nationality",
            f"Quốc tịch của người chết là nước ngoài. {vi}",
            f"The deceased is a foreign national. {en}",
        )


def linked_with_something(case: Case) -> Iterator[Problem]:
    """The citizen chooses two, three or four procedures; a registration alone is not linked."""
    if not any(f"Choices/{office}Office" in case for office in ("Residence", *_FUNERALS, "Survivor")):
        yield Problem(
            "Choices",
            "Phải chọn ít nhất một thủ tục liên thông cùng với đăng ký khai tử (xóa đăng ký thường trú, mai "
            "táng phí hoặc tử tuất).",
            "At least one linked procedure must be chosen beside the registration (removal of residence, "
            "funeral support or survivor allowance).",
        )


def one_of_protection_and_emergency(case: Case) -> Iterator[Problem]:
    """Funeral support of social protection and emergency support exclude each other (form 02)."""
    if "Choices/ProtectionFuneralOffice" in case and "Choices/EmergencyFuneralOffice" in case:
        yield Problem(
            "Choices/EmergencyFuneralOffice",
            "Chỉ được chọn một trong hai: hỗ trợ mai táng đối tượng bảo trợ xã hội hoặc hỗ trợ khẩn cấp.",
            "Choose only one: funeral support of social protection, or emergency support.",
        )


def household_with_removal(case: Case) -> Iterator[Problem]:
    """The household is declared if, and only if, removal of residence is wanted."""
    return common.block_with_choice(
        case,
        "Household",
        "Choices/ResidenceOffice" in case,
        (
            "Đã chọn xóa đăng ký thường trú nên phải khai hộ gia đình của người chết.",
            "Removal of residence is wanted, so the household of the deceased must be declared.",
        ),
        (
            "Chưa chọn cơ quan xóa đăng ký thường trú; hãy chọn cơ quan hoặc bỏ phần hộ gia đình.",
            "No residence office is chosen; choose one or remove the household.",
        ),
    )


def funeral_with_support(case: Case) -> Iterator[Problem]:
    """The funeral is declared if, and only if, any support for it is wanted."""
    return common.block_with_choice(
        case,
        "Funeral",
        any(f"Choices/{office}Office" in case for office in _FUNERALS),
        (
            "Đã chọn mai táng phí nên phải khai việc mai táng và người nhận hỗ trợ.",
            "Funeral support is wanted, so the funeral and the recipient must be declared.",
        ),
        (
            "Chưa chọn cơ quan giải quyết mai táng phí; hãy chọn cơ quan hoặc bỏ phần mai táng.",
            "No office for funeral support is chosen; choose one or remove the funeral.",
        ),
    )


def merit_with_support(case: Case) -> Iterator[Problem]:
    """The merit is declared if, and only if, the funeral support for people of merit is wanted."""
    return common.block_with_choice(
        case,
        "Merit",
        "Choices/MeritFuneralOffice" in case,
        (
            "Đã chọn mai táng phí người có công nên phải khai quyết định hưởng trợ cấp của người có công.",
            "Funeral support for a person of merit is wanted, so the decision on the merit must be declared.",
        ),
        (
            "Chưa chọn cơ quan giải quyết mai táng phí người có công; hãy chọn cơ quan hoặc bỏ phần này.",
            "No office for people of merit is chosen; choose one or remove this part.",
        ),
    )


def insurance_with_allowance(case: Case) -> Iterator[Problem]:
    """The insurance of the deceased is declared for its allowances, or for the pension that the death
    stops.
    """
    wanted = "Choices/InsuranceFuneralOffice" in case or "Choices/SurvivorOffice" in case
    return common.block_with_choice(
        case,
        "Insurance",
        wanted or "Insurance/Pension" in case,
        (
            "Đã chọn trợ cấp của bảo hiểm xã hội nên phải khai mã số bảo hiểm xã hội của người chết.",
            "An allowance of social insurance is wanted, so the insurance number must be declared.",
        ),
        (
            "Chưa chọn trợ cấp nào của bảo hiểm xã hội; hãy chọn cơ quan hoặc bỏ phần bảo hiểm xã hội.",
            "No allowance of social insurance is chosen; choose an office or remove the insurance.",
        ),
    )


def pension_of_pensioner(case: Case) -> Iterator[Problem]:
    """Whoever drew a monthly pension has a pension file, which the death closes; nobody else has one."""
    kind, pension = case["Insurance/Case"], "Insurance/Pension"
    if kind == "pensioner" and pension not in case:
        yield Problem(
            pension,
            "Người chết đang hưởng lương hưu hoặc trợ cấp hằng tháng nên phải khai số hồ sơ hưởng và cơ quan "
            "chi trả.",
            "The deceased drew a monthly pension, so the pension file and the paying office must be given.",
        )
    elif kind not in (None, "pensioner", "monthly-survivor") and pension in case:
        yield Problem(
            "Insurance/Case",
            "Đã khai lương hưu, trợ cấp hằng tháng nhưng trường hợp đã chọn không hưởng hằng tháng.",
            "A monthly pension is declared, but the case chosen has none.",
        )


def registered_in_time(case: Case) -> Iterator[Problem]:
    """In time means within 15 days of death; late means after that; of a date known in part, whatever it can
    mean.
    """
    died = _died(case)
    return common.registered_in_time(case, died.earliest(), died.latest(), IN_TIME, ("chết", "death"))


def nothing_in_the_future(case: Case) -> Iterator[Problem]:
    """Nobody has died, been buried or been given a paper after the day on which the declaration is
    received.
    """
    return common.nothing_in_the_future(case, _PAST_DATES)


_PAST_DATES = (
    ("Deceased/DeathDate", "Ngày chết", "The date of death"),
    ("Deceased/BirthDate", "Ngày sinh của người chết", "The date of birth of the deceased"),
    (
        "Deceased/Paper/IssuedOn",
        "Ngày cấp giấy tờ của người chết",
        "The date of issue of the deceased's paper",
    ),
    ("DeathPaper/IssuedOn", "Ngày cấp giấy báo tử", "The date of issue of the notice of death"),
    ("Applicant/BirthDate", "Ngày sinh của người yêu cầu", "The applicant's date of birth"),
    (
        "Applicant/Paper/IssuedOn",
        "Ngày cấp giấy tờ của người yêu cầu",
        "The applicant's paper's date of issue",
    ),
    ("Funeral/HeldOn", "Ngày mai táng", "The date of the funeral"),
    (
        "Funeral/Recipient/Paper/IssuedOn",
        "Ngày cấp giấy tờ của người nhận hỗ trợ",
        "The recipient's paper's date of issue",
    ),
    ("Merit/DecisionOn", "Ngày quyết định hưởng trợ cấp", "The date of the decision on the merit"),
)


def events_in_order(case: Case) -> Iterator[Problem]:
    """Birth comes before death, and the notice of death and the funeral after it, as far as the dates are
    known.
    """
    death = "Deceased/DeathDate"
    for earlier, later, at, vi, en in (
        (
            "Deceased/BirthDate",
            death,
            death,
            "Ngày chết không được trước ngày sinh của người chết.",
            "The death cannot come before the birth.",
        ),
        (
            death,
            "DeathPaper/IssuedOn",
            "DeathPaper/IssuedOn",
            "Ngày cấp giấy báo tử không được trước ngày chết.",
            "The notice of death cannot be issued before the death.",
        ),
        (
            death,
            "Funeral/HeldOn",
            "Funeral/HeldOn",
            "Ngày mai táng không được trước ngày chết.",
            "The funeral cannot come before the death.",
        ),
    ):
        before, after = case[earlier] or "", case[later] or ""
        known = min(len(before), len(after))
        if after[:known] < before[:known]:
            yield Problem(at, vi, en)


def paper_unless_registrar(case: Case) -> Iterator[Problem]:
    """A notice of death has kind, number, date and issuer; where the registering commune is the issuer there
    is none.
    """
    no_paper = case["DeathPaper/IssuedByRegistrar"] in ("true", "1")
    if no_paper != (case["DeathPaper/Kind"] == "0"):
        yield Problem(
            "DeathPaper/Kind",
            "Loại giấy tờ là 0 khi, và chỉ khi, cơ quan đăng ký khai tử cũng là cơ quan cấp giấy báo tử.",
            "The kind of paper is 0 if, and only if, the registering office is the issuer too.",
        )
    for field, vi, en in (
        ("Number", "số", "number"),
        ("IssuedOn", "ngày cấp", "date of issue"),
        ("IssuedBy", "nơi cấp", "issuer"),
    ):
        path = f"DeathPaper/{field}"
        if not no_paper and path not in case:
            yield Problem(
                path, f"Phải khai {vi} của giấy báo tử.", f"The {en} of the notice of death must be given."
            )
        elif no_paper and path in case:
            yield _without_paper(path)
    if no_paper and "DeathPaper/Code" in case:
        yield _without_paper("DeathPaper/Code")


def _without_paper(path: str) -> Problem:
    return Problem(
        path,
        "Cơ quan đăng ký khai tử tự xác nhận nên không có giấy báo tử; hãy bỏ mục này.",
        "The registering office certifies the death itself, there is no paper; leave this empty.",
    )


def head_is_told_apart(case: Case) -> Iterator[Problem]:
    """The head of the household is the deceased if, and only if, the relation says so; who was the only
    member was the head.
    """
    if "Household" not in case:
        return
    head = case["Household/RelationToHead"] == "head"
    same = case["Household/HeadPersonalNumber"] == case["Deceased/PersonalNumber"]
    if case["Household/OnlyMember"] in ("true", "1") and not head:
        yield Problem(
            "Household/RelationToHead",
            "Hộ chỉ có một thành viên thì người chết là chủ hộ.",
            "In a household of one the deceased was the head.",
        )
    elif head and not same:
        yield Problem(
            "Household/HeadPersonalNumber",
            "Người chết khai là chủ hộ nhưng số định danh của chủ hộ là của người khác.",
            "The deceased is said to be the head, but the head's personal number is another's.",
        )
    elif same and not head:
        yield Problem(
            "Household/RelationToHead",
            "Số định danh của chủ hộ là của người chết; hãy chọn quan hệ là chủ hộ.",
            "The head's personal number is the deceased's; choose the relation head.",
        )
    elif head and not same_name(case["Household/HeadName"] or "", case.name("Deceased")):
        yield Problem(
            "Household/HeadName",
            "Người chết là chủ hộ nhưng họ tên chủ hộ khác với họ tên người chết.",
            "The deceased was the head, but the head's name differs.",
        )


def deceased_does_not_apply(case: Case) -> Iterator[Problem]:
    """Whoever applies or receives money is alive: their personal number is not the deceased's."""
    dead = case["Deceased/PersonalNumber"]
    for path, vi, en in (
        ("Applicant", "người yêu cầu", "applicant"),
        ("Funeral/Recipient", "người nhận hỗ trợ mai táng", "recipient of the funeral support"),
        ("Survivors/Recipient", "người nhận trợ cấp tử tuất", "recipient of the survivor allowance"),
        *((path, "thân nhân", "relative") for path in case.each("Survivors/Relative")),
    ):
        if case[f"{path}/PersonalNumber"] == dead:
            yield Problem(
                f"{path}/PersonalNumber",
                f"Số định danh của {vi} trùng với số định danh của người chết; hãy kiểm tra lại.",
                f"The personal number of the {en} is the deceased's; please check.",
            )


def places_in_vietnam(case: Case) -> Iterator[Problem]:
    """A place in Vietnam has province and commune; one abroad has neither. Of the native place the province
    is enough.
    """
    relatives = {f"{path}/Address": True for path in case.each("Survivors/Relative")}
    return common.places_in_vietnam(case, _PLACES | relatives)


_PLACES = {
    "Applicant/Residence": True,
    "Deceased/Residence": True,
    "Deceased/DeathPlace": True,
    "Household/Address": True,
    "Funeral/Place": True,
    "Funeral/Recipient/Residence": True,
    "Merit/NativePlace": False,
}
"""Path of a place → whether its commune must be given (form 02)."""


def residence_is_stated(case: Case) -> Iterator[Problem]:
    """Whoever has a permanent or temporary residence says where; unknown is said, never invented."""
    return common.residence_is_stated(case, _PEOPLE)


def numbers_of_papers(case: Case) -> Iterator[Problem]:
    """Whoever has no identity paper gives no number of one."""
    return common.numbers_of_papers(case, _PEOPLE)


_PEOPLE = (
    ("Applicant", "người yêu cầu", "applicant"),
    ("Deceased", "người chết", "deceased"),
    ("Funeral/Recipient", "người nhận hỗ trợ", "recipient"),
)


def _died(case: Case) -> PartialDate:
    return PartialDate.parse(case["Deceased/DeathDate"] or case.received.isoformat())


RULES: tuple[Rule, ...] = (
    domestic_only,
    linked_with_something,
    one_of_protection_and_emergency,
    household_with_removal,
    funeral_with_support,
    merit_with_support,
    insurance_with_allowance,
    pension_of_pensioner,
    survivors.survivors_with_office,
    survivors.relatives_are_several,
    survivors.lump_sum_to_a_relative,
    survivors.account_for_transfer,
    registered_in_time,
    nothing_in_the_future,
    events_in_order,
    paper_unless_registrar,
    head_is_told_apart,
    deceased_does_not_apply,
    places_in_vietnam,
    residence_is_stated,
    numbers_of_papers,
)
"""What is checked, in the order in which problems are told."""

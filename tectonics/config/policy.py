"""The lending policy as a document: its form, its contradictions, and the domain's policy made of it.

The YAML's section `policy` seeds version 1; later versions come by the API or the CLI.  What the
database keeps is the *canonical document*: plain JSON data with every default written out, money and
durations as text, so that a version means the same after the defaults have changed.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, ValidationError

from tectonics.config import callback, contradictions
from tectonics.config.advertising import Advertising, rules_of
from tectonics.config.errors import complaints, dotted
from tectonics.config.values import (
    Count,
    Duration,
    Flag,
    Money,
    Name,
    Percent,
    Section,
    Share,
    duration_s,
    known_keys,
    money_minor,
    number_range,
    percent_hundredths,
)
from tectonics.domain import policy as domain
from tectonics.domain.errors import BadMoney, BadPolicy
from tectonics.domain.messages import NOTICES
from tectonics.domain.money import decimals
from tectonics.domain.recharge import CLASSES
from tectonics.domain.subscriber import RECHARGE_MARKS_MAX

BAD_POLICY_ERRORS_MAX = 20  # so many are told in the one text of BadPolicy


class TypedAmount(Section):
    """The subscriber types the amount."""

    min: Money = Field(description="the smallest amount")
    max: Money = Field(description="the largest amount")
    step: Money = Field(description="amounts are min, min + step, ... up to max")


class ComputedAmount(Section):
    """A share of what the subscriber recharged in the last 30 days."""

    percent: Percent = Field(description="that share, rounded down to a step")
    step: Money = Field(description="the result is a multiple of it")
    min: Money = Field(description="a smaller result is not offered")
    max: Money = Field(description="a larger result is lowered to it")


class PercentFee(Section):
    """A share of the amount."""

    percent: Percent = Field(description="that share, rounded half up")
    min: Money = Field("0", description="but at least this fee")


class FeeStep(Section):
    """One step of a fee by amount."""

    up_to: Money = Field(description="amounts up to this one")
    fee: Money = Field(description="cost this fee")


class SteppedFee(Section):
    """The fee rises with the amount; the last step serves everything above it."""

    steps: tuple[FeeStep, ...] = Field(min_length=1, max_length=20, description="the steps, rising")


def _form_of_amount(value: object) -> str:
    if isinstance(value, TypedAmount) or isinstance(value, dict) and "percent" not in value:
        return "<typed>"
    if isinstance(value, ComputedAmount | dict):
        return "<computed>"
    return "<fixed>"


def _form_of_fee(value: object) -> str:
    if isinstance(value, SteppedFee) or isinstance(value, dict) and "steps" in value:
        return "<steps>"
    if isinstance(value, PercentFee | dict):
        return "<percent>"
    return "<fixed>"


Amount = Annotated[Annotated[Money, Tag("<fixed>")] | Annotated[TypedAmount, Tag("<typed>")]
                   | Annotated[ComputedAmount, Tag("<computed>")], Discriminator(_form_of_amount)]
Fee = Annotated[Annotated[Money, Tag("<fixed>")] | Annotated[PercentFee, Tag("<percent>")]
                | Annotated[SteppedFee, Tag("<steps>")], Discriminator(_form_of_fee)]


class Tier(Section):
    """One line of the menu."""

    id: Name = Field(description="its name in tickets")
    amount: Amount = Field(description="an amount; or {min, max, step}: the subscriber types it; or "
                           "{percent, step, min, max}: that share of his recharges of the last 30 days")
    fee: Fee = Field(description="an amount; or {percent, min}: that share of the amount; or "
                     "{steps: [{up_to, fee}, ...]}")
    credit_valid: Duration = Field("30d", description="how long the credit may be used")
    due: Duration = Field("7d", description="when the debt is due; expiry of the credit never forgives it")
    balance_type: Literal[*domain.BALANCE_TYPES] = Field("main", description="what the credit may be used for")


class Segment(Section):
    """Whom a set of tiers is for; without explicit assignment the last segment that fits wins."""

    name: Name = Field(description="its name in tickets and imports")
    open_max: Annotated[Count, Field(ge=1, le=100)] = Field(1, description="open advances at a time")
    ceiling: Money | None = Field(None, description="on all that is outstanding, fees included; null: none")
    assigned_only: Flag = Field(False, description="only by explicit assignment")
    tenure_days_min: Annotated[Count, Field(le=36_500)] = Field(0, description="days on the network")
    arpu_min: Money = Field("0", description="recharged per 30 days, averaged over 90")
    tiers: tuple[Tier, ...] = Field(min_length=1, max_length=domain.TIERS_MAX, description="the menu")


class Recharges(Section):
    """At least so many recharges of at least an amount."""

    count: Annotated[Count, Field(ge=1, le=RECHARGE_MARKS_MAX)] = Field(5, description="so many recharges")
    amount_min: Money = Field("5.00", description="of at least this amount")
    days: Annotated[Count, Field(ge=1, le=3650)] = Field(90, description="in the last so many days")
    classes: tuple[Literal[*CLASSES], ...] = Field(
        ("voucher", "etopup"), min_length=1, description="of these classes")


class Rollout(Section):
    """Who has the service yet."""

    ranges: tuple[Annotated[str, BeforeValidator(number_range)], ...] = Field(
        (), max_length=1000, description="numbers that have it, as \"low-high\"")
    share_percent: Share = Field(100, description="and this share of all others, by a stable hash")


class Lending(Section):
    """When credit may be lent; null switches a cap off."""

    accepting: Flag = Field(True, description="false stops new advances at once")
    tenure_days_min: Annotated[Count, Field(le=36_500)] = Field(90, description="days on the network")
    recharges: Recharges | None = Field({}, description="recharges asked for; null: none")
    balance_max: Money | None = Field("0.50", description="the highest balance that may borrow")
    day_count_max: Count | None = Field(None, description="advances per subscriber and day")
    day_amount_max: Money | None = Field(None, description="lent per subscriber and day")
    service_day_count_max: Count | None = Field(None, description="advances of the whole service per day")
    service_day_amount_max: Money | None = Field(None, description="lent by the whole service per day")
    pause_after_advance: Duration = Field("0s", description="until the next advance")
    pause_after_recovery: Duration = Field("0s", description="until an advance after paying one back")
    pause_after_sim_swap: Duration = Field("0s", description="until an advance after a SIM swap")
    white_list_skips: tuple[Literal["tenure", "recharges"], ...] = Field(
        ("tenure", "recharges"), description="rules that do not bind the white list")
    rollout: Rollout = Field({}, description="who has the service yet")


class Recovery(Section):
    """How debt is taken back from recharges."""

    share_percent: Annotated[Share, Field(ge=1)] = Field(100, description="of each recharge, at most")
    first: Literal["fee", "principal"] = Field("fee", description="what a payment goes to first")
    classes: tuple[Literal[*CLASSES], ...] = Field(
        ("voucher", "etopup", "transfer", "bonus"), min_length=1, description="recharges that pay debt back")
    attempts_max: Annotated[Count, Field(ge=1, le=20)] = Field(
        4, description="debits per recharge when the balance has been spent meanwhile")
    skew: Duration = Field("5m", description="a recharge this much older than the advance still pays for it")
    own_marks: tuple[Annotated[str, Field(min_length=1, max_length=32)], ...] = Field(
        ("TEC-",), max_length=20, description="beginnings of ids and refs of our own credits on the feed")


class Barring(Section):
    """When bad debt bars; 0 switches a rule off."""

    late_max: Annotated[Count, Field(le=1000)] = Field(3, description="advances not repaid in time")
    chances_max: Annotated[Count, Field(le=1000)] = Field(
        0, description="recharges that passed without paying an advance back in full")
    unbar_on_full_recovery: Flag = Field(True, description="lift the bar when everything is paid")


def _tiers(*amounts_and_fees: tuple[str, str]) -> list[dict]:
    return [{"id": f"A{amount.partition('.')[0]}", "amount": amount, "fee": fee}
            for amount, fee in amounts_and_fees]


_SMALL = (("1.00", "0.10"), ("2.00", "0.20"), ("5.00", "0.50"))
DEMO_SEGMENTS = [
    {"name": "standard", "tiers": _tiers(*_SMALL)},
    {"name": "gold", "open_max": 5, "ceiling": "15.00", "assigned_only": True,
     "tiers": _tiers(*_SMALL, ("10.00", "0.80"))},
]


def _currency(value: object) -> str:
    if not is_currency(value):
        raise ValueError("expected an ISO 4217 currency code such as EUR")
    return value


class PolicySection(Section):
    """Who may borrow what, what it costs, and how it is taken back."""

    currency: Annotated[str, BeforeValidator(_currency)] = Field("EUR", description="ISO 4217")
    utc_offset_minutes: Annotated[int, Field(strict=True, ge=-720, le=840)] = Field(
        0, description="where the operator's day begins, for caps per day and due dates")
    lending: Lending = Field({}, description="when credit may be lent")
    recovery: Recovery = Field({}, description="how debt is taken back from recharges")
    barring: Barring = Field({}, description="when bad debt bars; 0 switches a rule off")
    notices: tuple[Literal[*NOTICES], ...] = Field(NOTICES, description="messages that are sent by SMS")
    advertising: Advertising = Field({}, description="offers by SMS to those out of credit")
    call_back: callback.CallBack = Field({}, description="call-backs; they need a call server")
    segments: tuple[Segment, ...] = Field(DEMO_SEGMENTS, min_length=1, max_length=32, description="whom which menu is for")


def is_currency(value: object) -> bool:
    """Whether `value` is a currency code."""
    try:
        return isinstance(value, str) and decimals(value) >= 0
    except BadMoney:
        return False


def currency_context(document: object) -> dict:
    """The validation context: amounts are held against the document's own currency."""
    currency = document.get("currency") if isinstance(document, dict) else None
    return {"currency": currency if is_currency(currency) else "EUR"}


def canonical(section: PolicySection) -> dict:
    """The canonical document."""
    return section.model_dump(mode="json")


def decode_policy(document: dict, version: int) -> domain.Policy:
    """The policy that a document (not necessarily canonical) describes.

    BadPolicy, with all that is wrong in its text, when it has unknown keys or contradicts itself.
    """
    return build(_section(document), version)


def canonical_document(document: dict) -> dict:
    """The canonical form of any document; BadPolicy as `decode_policy`."""
    return canonical(_section(document))


def _section(document: dict) -> PolicySection:
    try:
        section = PolicySection.model_validate(document, context=currency_context(document))
    except ValidationError as error:
        raise _bad(complaints(error.errors(include_url=False), known_keys())) from error
    faults = contradictions.of_policy(section)
    if faults:
        raise _bad(faults)
    return section


def _bad(faults: list[tuple[tuple, str]]) -> BadPolicy:
    told = [f"{dotted(path) or 'policy'}: {text}" for path, text in faults[:BAD_POLICY_ERRORS_MAX]]
    more = len(faults) - len(told)
    return BadPolicy("; ".join(told + ([f"and {more} more"] if more else [])))


def build(section: PolicySection, version: int) -> domain.Policy:
    """The domain's policy of a section without contradictions."""
    def minor(text: str | None) -> int | None:
        return None if text is None else money_minor(text, section.currency)

    recovery, barring = section.recovery, section.barring
    return domain.Policy(
        version, section.currency, tuple(_segment(s, minor) for s in section.segments),
        _lending(section.lending, minor),
        domain.RecoveryRules(recovery.share_percent, recovery.first, recovery.classes, recovery.attempts_max,
                             duration_s(recovery.skew), recovery.own_marks),
        domain.BarringRules(barring.late_max, barring.chances_max, barring.unbar_on_full_recovery),
        frozenset(section.notices), section.utc_offset_minutes,
        rules_of(section.advertising, section.currency, minor(section.lending.balance_max)),
        callback.rules_of(section.call_back, section.currency))


def _lending(rules: Lending, minor) -> domain.LendingRules:
    asked = rules.recharges
    rollout = domain.Rollout(tuple(tuple(r.split("-")) for r in rules.rollout.ranges),
                             rules.rollout.share_percent)
    return domain.LendingRules(
        accepting=rules.accepting, tenure_days_min=rules.tenure_days_min,
        recharges=asked and domain.RechargeRule(asked.count, minor(asked.amount_min), asked.days, asked.classes),
        balance_minor_max=minor(rules.balance_max),
        day_count_max=rules.day_count_max, day_minor_max=minor(rules.day_amount_max),
        service_day_count_max=rules.service_day_count_max,
        service_day_minor_max=minor(rules.service_day_amount_max),
        pause_after_advance_s=duration_s(rules.pause_after_advance),
        pause_after_recovery_s=duration_s(rules.pause_after_recovery),
        pause_after_sim_swap_s=duration_s(rules.pause_after_sim_swap),
        white_list_skips=rules.white_list_skips, rollout=rollout)


def _segment(segment: Segment, minor) -> domain.Segment:
    return domain.Segment(segment.name, tuple(_tier(t, minor) for t in segment.tiers), segment.open_max,
                          minor(segment.ceiling), segment.assigned_only, segment.tenure_days_min,
                          minor(segment.arpu_min))


def _tier(tier: Tier, minor) -> domain.Tier:
    return domain.Tier(tier.id, _amount(tier.amount, minor), _fee(tier.fee, minor),
                       duration_s(tier.credit_valid), duration_s(tier.due), tier.balance_type)


def _amount(amount, minor):
    match amount:
        case TypedAmount():
            return domain.TypedAmount(minor(amount.min), minor(amount.max), minor(amount.step))
        case ComputedAmount():
            return domain.ComputedAmount(percent_hundredths(amount.percent), minor(amount.step),
                                         minor(amount.min), minor(amount.max))
        case _:
            return domain.FixedAmount(minor(amount))


def _fee(fee, minor):
    match fee:
        case PercentFee():
            return domain.PercentFee(percent_hundredths(fee.percent), minor(fee.min))
        case SteppedFee():
            return domain.SteppedFee(tuple((minor(s.up_to), minor(s.fee)) for s in fee.steps))
        case _:
            return domain.FixedFee(minor(fee))

"""Subscribers: what is known of one, and what operators may change about one.

Every change is an event for the Desk: it is decided like everything else, committed with its audit
ticket in one transaction, and answered with the sentence that says what was done.
"""

from functools import partial

from tectonics.domain import policy as rules
from tectonics.domain.events import ProfileChanged, Trigger
from tectonics.domain.money import format_minor
from tectonics.domain.outcome import Balance, Unavailable
from tectonics.domain.subscriber import Account
from tectonics.oam.admin import mailboxes, shown
from tectonics.oam.admin import parameters as take
from tectonics.oam.admin.method import Method, Offices

ADVANCES_SHOWN = 20  # the newest of a year, besides those that are unfinished
YEAR_MS = 365 * rules.DAY_MS
_VALUES = {
    "bar": {"text": take.text("why he may not borrow; it stands in the ticket")},
    "segment": {"segment": take.text("the segment's name; empty means by tenure and ARPU", "", 64)},
    "callback": {"value": take.word("on: he subscribes to call-backs; off: he leaves", ("on", "off"))},
    "collect": {"value": take.word("refuse: no collect calls any more; allow: again", ("refuse", "allow"))},
    "adverts": {"value": take.word("stop: no advertising any more; start: again", ("stop", "start"))},
    "language": {"language": take.text("one of the message catalogue; empty means the default", "", 16)},
}


def methods(offices: Offices) -> dict[str, Method]:
    """The methods of this topic."""
    number = take.msisdn(offices.country_code)
    table = {"subscribers.show": Method(partial(_show, offices), {"msisdn": number}, "what is known of one")}
    for change, meaning in {
            "bar": "may not borrow any more", "unbar": "may borrow again", "allow": "onto the white list",
            "deny": "onto the black list", "unlist": "off the lists", "segment": "assigns a segment",
            "language": "sets the language", "callback": "subscribes to call-backs, or leaves",
            "collect": "refuses or allows collect calls for him", "adverts": "stops or starts advertising to him",
            "forget": "begins afresh, as if somebody else had the number",
            }.items():
        takes = {"msisdn": number, **_VALUES.get(change, {})}
        call = partial(_change, offices, change)
        table[f"subscribers.{change}"] = Method(call, takes, meaning, changes=True)
    return table


async def _change(offices: Offices, change: str, who: str, msisdn: str, **value: str) -> dict:
    now = offices.now()
    trigger = Trigger("admin", offices.ids.new(now))
    text = next(iter(value.values()), "")
    balance = await _balance(offices, msisdn) if change == "callback" else None
    change, text = _decided(change, text)
    done = await offices.desk.decide(ProfileChanged(msisdn, now, change, text, who, trigger, balance))
    return {"text": done}


def _decided(change: str, value: str) -> tuple[str, str]:
    """The change and its value as the engine knows them."""
    match change:
        case "callback":
            return "call_back", value
        case "collect":
            return f"collect_{value}", ""
        case "adverts":
            return f"advert_{value}", ""
    return change, value


async def _balance(offices: Offices, msisdn: str) -> Balance | Unavailable | None:
    """What the message about his subscription tells."""
    account = await offices.queries.account(msisdn)
    if account is None or offices.billing is None or account.profile.kind != "prepaid":
        return None
    return await offices.billing.balance(msisdn, account.profile.node)


async def _show(offices: Offices, who: str, msisdn: str) -> dict:
    account = await offices.queries.account(msisdn)
    if account is None:
        raise take.NotThere("no subscriber has that number")
    now = offices.now()
    lent = await offices.queries.advances(msisdn, "", (now - YEAR_MS, ""), take.PAGE_MAX)
    recoveries = await offices.queries.recoveries(msisdn, ADVANCES_SHOWN)
    balance = await offices.billing.balance(msisdn, account.profile.node) if offices.billing else None
    currency = offices.policies.current.currency
    return {
        **_profile(account, offices.policies.current, now),
        "advances": _advances(account, lent),
        "recoveries": [shown.recovery(r, currency) for r in recoveries],
        "balance": format_minor(balance.amount_minor, currency) if isinstance(balance, Balance) else None,
        "mailboxes": await mailboxes.shown_of(offices, msisdn),
    }


def _advances(account: Account, lent: list) -> list[dict]:
    chosen = {a.id: a for a in account.advances} | {a.id: a for _, a in lent[-ADVANCES_SHOWN:]}
    newest_first = sorted(chosen.values(), key=lambda a: (a.requested_at, a.id), reverse=True)
    return [shown.advance(account.msisdn, a) for a in newest_first]


def _profile(account: Account, policy: rules.Policy, now: int) -> dict:
    profile, standing = account.profile, account.standing
    since = now - 90 * rules.DAY_MS
    tenure = rules.tenure_days(account, now)
    return {
        "msisdn": account.msisdn, "generation": account.generation, "version": account.version,
        "kind": profile.kind, "activated": shown.time(profile.activated_at),
        "tenure_days": None if tenure < 0 else tenure,
        "segment": rules.segment_of(account, policy, now).name,
        "segment_assigned": bool(profile.segment), "language": profile.language,
        "adverts_stopped_at": shown.time(profile.adverts_stopped_at),
        "collect_refused_at": shown.time(profile.collect_refused_at),
        "call_back": profile.call_back, "listed": profile.listed, "bar": shown.bar(profile.bar), "node": profile.node,
        "recharges_90d": {"count": sum(1 for m in standing.recharges if m.at >= since),
                          "amount": format_minor(rules.recharged_minor(account, now, 90), policy.currency)},
        "advances_total": standing.advances_total, "late_count": standing.late_count,
        "outstanding": format_minor(account.outstanding_minor, policy.currency),
        "currency": policy.currency,
    }

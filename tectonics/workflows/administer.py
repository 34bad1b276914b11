"""What operators change: bars, lists, segment, language, forgetting, and giving a debt up; and what the subscriber
changes himself, or has an agent change for him: his language, and whether he gets advertising, collect calls and call-backs.

Every change leaves an audit ticket that names who made it; a change that cannot be made is a
TheirFault whose text says why.
"""


from tectonics.domain import advance as adv
from tectonics.domain import recharge as rec
from tectonics.domain.errors import TheirFault
from tectonics.domain.events import ProfileChanged, WrittenOff
from tectonics.domain.self_care import COLLECT_ALLOW, COLLECT_REFUSE
from tectonics.domain.subscriber import Account, Bar, Profile
from tectonics.domain.value import replace
from tectonics.workflows import advances, barring, call_checks, call_subscription, life, replies
from tectonics.workflows.decision import Context, Decision, notice, ticket

CHANGES = ("bar", "unbar", "allow", "deny", "unlist", "segment", "language", "forget", "call_back", "advert_stop",
           "advert_start", COLLECT_REFUSE, COLLECT_ALLOW)
_OF_SUBSCRIBERS = ("bar", "unbar", "segment", "language", "call_back")
_WISHES = ("advert_stop", "advert_start", COLLECT_REFUSE, COLLECT_ALLOW)  # who writes them himself need not be known yet
_CONFIRMED = {"advert_stop": "reply.stopped", "advert_start": "reply.started", "language": "reply.language",
              COLLECT_REFUSE: "reply.nocollect", COLLECT_ALLOW: "reply.collect"}


def changed(account: Account, event: ProfileChanged, context: Context) -> Decision:
    """Carries out one change of CHANGES."""
    if event.change == "forget":
        return _forgotten(account, event, context)
    if account.version == 0 and (event.change in _OF_SUBSCRIBERS or event.trigger.channel == "admin" and event.change in _WISHES):
        raise TheirFault("no subscriber has that number")
    profile, text = _new_profile(account.profile, event, context)
    after = replace(account, profile=profile)
    decision = Decision(after, text, (_audit(after, event, context, text),))
    if event.change in ("bar", "unbar"):
        kind = "subscriber.barred" if event.change == "bar" else "subscriber.unbarred"
        written = ticket(kind, after, context, reason="admin", service="advance",
                         text=event.value or f"{event.change} by {event.who}")
        key = "barred" if event.change == "bar" else "unbarred"
        decision = decision.plus(Decision(after, "", (written,), notice(after, context, key)))
    if event.change == "call_back":
        decision = decision.plus(call_subscription.told(after, event, context))
    if event.change in _CONFIRMED and replies.by_message(event.trigger.channel):
        key = _CONFIRMED[event.change]
        told = replies.reply(after, context, key, replies.wording(after, context, key))
        decision = decision.plus(Decision(after, "", commands=(told,)))
    return decision


def _new_profile(profile: Profile, event: ProfileChanged, context: Context) -> tuple[Profile, str]:
    match event.change:
        case "bar":
            return replace(profile, bar=Bar("admin", context.now, event.value)), "barred by an operator"
        case "unbar":
            return replace(profile, bar=None), "unbarred by an operator"
        case "allow":
            return replace(profile, listed="white"), "put on the white list"
        case "deny":
            return replace(profile, listed="black"), "put on the black list"
        case "unlist":
            return replace(profile, listed=""), "taken off the lists"
        case "segment":
            return _segment(profile, event.value, context)
        case "language":
            return _language(profile, event.value, context)
        case "call_back":
            return call_subscription.changed(profile, event.value)
        case "advert_stop":
            since = profile.adverts_stopped_at or context.now
            return replace(profile, adverts_stopped_at=since), "advertising stopped"
        case "advert_start":
            return replace(profile, adverts_stopped_at=None), "advertising wanted again"
        case "collect_refuse":
            since = profile.collect_refused_at or context.now
            return replace(profile, collect_refused_at=since), "collect calls refused"
        case "collect_allow":
            return replace(profile, collect_refused_at=None), "collect calls allowed"
    raise TheirFault(f"{event.change!r} is not one of {', '.join(CHANGES)}")


def _segment(profile: Profile, name: str, context: Context) -> tuple[Profile, str]:
    known = [s.name for s in context.policy.segments]
    if name and name not in known:
        raise TheirFault(f"there is no segment {name!r}; the policy has {', '.join(known)}")
    return replace(profile, segment=name), f"segment set to {name or 'automatic'}"


def _language(profile: Profile, language: str, context: Context) -> tuple[Profile, str]:
    known = sorted(context.catalogue.languages)
    if language and language not in known:
        raise TheirFault(f"there is no language {language!r}; the catalogue has {', '.join(known)}")
    return replace(profile, language=language), f"language set to {language or 'the default'}"


def _forgotten(account: Account, event: ProfileChanged, context: Context) -> Decision:
    if account.version == 0:
        raise TheirFault("no subscriber has that number")
    if account.exposed_minor or any(r.state in rec.UNFINISHED for r in account.recoveries):
        raise TheirFault("something is still owed or under way; let it be paid or write it off first")
    if call_checks.under_way(account):
        raise TheirFault("a call-back is under way; try again when it is over")
    decision = life.new_generation(account, Profile(), "forgotten")
    text = "forgotten: profile, lists and history are gone"
    return replace(decision, tickets=(_audit(decision.account, event, context, text),), text=text)


def _audit(account: Account, event: ProfileChanged | WrittenOff, context: Context, text: str, **fields):
    by = f"{text}, by {event.who}"
    return ticket("admin.change", account, context, text=by, channel=event.trigger.channel,
                  trigger=event.trigger.id, **fields)


def written_off(account: Account, event: WrittenOff, context: Context) -> Decision:
    """Gives one outstanding debt up."""
    advance = account.advance(event.advance)
    if advance is None or advance.state not in adv.OUTSTANDING:
        raise TheirFault("that advance owes nothing that could be written off")
    if any(r.state in (rec.DEBITING, rec.UNKNOWN, rec.REFUNDING, rec.REFUND_UNKNOWN)
           for r in account.recoveries):
        raise TheirFault("a recovery is under way; try again when it is finished")
    closed = replace(advance, state=advances.MACHINE.move(advance.state, "given up"), closed_at=context.now)
    account = account.with_advance(closed)
    outstanding = context.money(closed.unpaid_minor)
    written = advances.ticket_of("advance.written_off", account, closed, context, outstanding=outstanding,
                                 text=f"written off by {event.who}: {event.text}")
    audit = _audit(account, event, context, f"wrote off {outstanding}", advance=advance.id)
    told = notice(account, context, "written_off", outstanding=outstanding, currency=closed.offer.currency)
    decision = Decision(account, f"{outstanding} written off", (written, audit), told)
    return decision.plus(barring.after_recovery(account, context, advance.generation))

"""Advertising: somebody's balance has fallen to a limit, so he is offered what he could really borrow.

Events     BalanceSeen (feed)
Commands   Notify, of the lowest priority, which expires before his quiet hours begin

The record of a balance is a fact, not a request: what leads to no message writes nothing.  A message, its
ticket and its place in the subscriber's week are one unit with the record's trigger, so a record that is told
twice advertises once.  The offer is examined as a dial would be: the largest amount that he could have now.
"""

from string import Template

from tectonics.domain.advance import Offer
from tectonics.domain.advertising import KEPT_MAX, WEEK_MS, AdvertisingRules, Campaign
from tectonics.domain.commands import ADVERT, Notify
from tectonics.domain.events import BalanceSeen
from tectonics.domain.msisdn import in_ranges
from tectonics.domain.outcome import Balance
from tectonics.domain.policy import Policy, segment_of
from tectonics.domain.subscriber import Account
from tectonics.domain.value import replace, value
from tectonics.workflows import lending
from tectonics.workflows.decision import Context, Decision, ticket

KEY = "advert.offer"


@value
class Silence:
    """Why nothing is sent: a word for the counter."""

    reason: str


def concerns(event: BalanceSeen, policy: Policy) -> bool:
    """Whether any campaign is for so low a balance; asked before anything is loaded."""
    limit = policy.advertising.balance_minor_max
    return limit is not None and event.balance_minor <= limit


def judged(account: Account, event: BalanceSeen, context: Context) -> Campaign | Silence:
    """The campaign that speaks, or why nobody does. The offer itself is not examined yet."""
    rules = context.policy.advertising
    local_ms = context.now + rules.offset_ms(account.msisdn, context.policy.utc_offset_minutes)
    if not rules.sending:
        return Silence("stopped")
    if account.profile.adverts_stopped_at is not None:
        return Silence("opted_out")
    campaign = _campaign(account, event, context)
    if campaign is None:
        return Silence("no_campaign")
    if rules.is_quiet(local_ms):
        return Silence("quiet_hours")
    if not rules.allows(account.standing.adverts, context.now, local_ms - context.now):
        return Silence("often_enough")
    return campaign


def _campaign(account: Account, event: BalanceSeen, context: Context) -> Campaign | None:
    segment = segment_of(account, context.policy, context.now).name
    return next((one for one in context.policy.advertising.campaigns
                 if event.balance_minor <= one.balance_minor_max
                 and (not one.segments or segment in one.segments)
                 and (not one.ranges or in_ranges(account.msisdn, one.ranges))), None)


def offered(account: Account, event: BalanceSeen, context: Context) -> Offer | Silence:
    """The best that he could borrow at this balance; a tier that he would type is offered at its most."""
    examined = lending.examine(account, context)
    if isinstance(examined, lending.Refusal):
        return Silence(examined.reason)
    poor = lending.too_rich(Balance(event.balance_minor, event.at), context)
    if poor is not None:
        return Silence(poor.reason)
    found = [one.offer or lending.typed_offer(one, one.max_minor, context.policy) for one in examined]
    return max((offer for offer in found if offer is not None), key=lambda offer: offer.amount_minor,
               default=Silence("ceiling"))


def seen(account: Account, event: BalanceSeen, context: Context) -> Decision | Silence:
    """What the balance leads to."""
    campaign = judged(account, event, context)
    if isinstance(campaign, Silence):
        return campaign
    offer = offered(account, event, context)
    if isinstance(offer, Silence):
        return offer
    rules = context.policy.advertising
    told = replace(account, standing=replace(account.standing, adverts=_remembered(account, context.now)))
    written = ticket("advert.sent", account, context, channel="sms", trigger=event.id, service="advance",
                     amount=context.money(offer.amount_minor), fee=context.money(offer.fee_minor),
                     currency=offer.currency, tier=offer.tier, segment=offer.segment,
                     node=account.profile.node, campaign=campaign.name,
                     text=f"offered at a balance of {context.money(event.balance_minor)}")
    return Decision(told, f"advertises {campaign.name}", (written,),
                    (_message(account, campaign, offer, event, rules, context),))


def _remembered(account: Account, now: int) -> tuple[int, ...]:
    kept = [at for at in account.standing.adverts if at > now - WEEK_MS]
    return (*kept, now)[-KEPT_MAX:]


def _message(account: Account, campaign: Campaign, offer: Offer, event: BalanceSeen,
             rules: AdvertisingRules, context: Context) -> Notify:
    language = account.profile.language or context.catalogue.default
    words = {"balance": context.money(event.balance_minor), "amount": context.money(offer.amount_minor),
             "fee": context.money(offer.fee_minor), "total": context.money(offer.total_minor),
             "currency": offer.currency, "code": context.policy.advertising.code}
    own = campaign.text(language)
    text = Template(own).safe_substitute(words) if own else context.catalogue.text(KEY, language, **words)
    local_ms = context.now + rules.offset_ms(account.msisdn, context.policy.utc_offset_minutes)
    return Notify(context.new_op(), account.msisdn, KEY, text, language, ADVERT,
                  context.now + rules.until_quiet_ms(local_ms))

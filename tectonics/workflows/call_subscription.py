"""Subscribing to call-backs and leaving again: one change of the profile, and the message that confirms it.

The message tells the balance as the service is marketed.  Minutes are those of one conversation to one destination
(`minutes_of`), because that is what a price list promises; who calls elsewhere has others.
"""

from tectonics.domain.errors import TheirFault
from tectonics.domain.events import ProfileChanged
from tectonics.domain.outcome import Balance, Unavailable
from tectonics.domain.subscriber import Account, Profile
from tectonics.domain.tariff import Rate, affordable_s, is_free
from tectonics.domain.value import replace
from tectonics.workflows import call_money, replies
from tectonics.workflows.decision import Context, Decision

TALK_S_MAX = 6_000_000  # 100,000 minutes; nobody is told more


def changed(profile: Profile, value: str) -> tuple[Profile, str]:
    """The profile of one who subscribes (`on`) or leaves (`off`), and the sentence that says so."""
    if value not in ("on", "off"):
        raise TheirFault("call_back is on or off")
    text = "subscribed to call-backs" if value == "on" else "no longer subscribed to call-backs"
    return replace(profile, call_back=value == "on"), text


def told(account: Account, event: ProfileChanged, context: Context) -> Decision:
    """The message that confirms it."""
    key, words = ("unsubscribed", {}) if event.value == "off" else _balance(account, event.balance, context)
    key = f"sms.callback.{key}"
    message = replies.reply(account, context, key, replies.wording(account, context, key, **words))
    return Decision(account, "", commands=(message,))


def _balance(account: Account, balance: Balance | Unavailable | None, context: Context) -> tuple[str, dict[str, str]]:
    """Which message, and its values; the one without figures where there are none to tell."""
    left_s, left_minor = _left(account, balance, context)
    if context.policy.call_back.marketed_as == "minutes":
        left_s = _minutes_s(left_s, left_minor, context)
        return ("subscribed", {}) if left_s is None else ("subscribed_minutes", {"minutes": str(left_s // 60)})
    if left_minor is None:
        return "subscribed", {}
    return "subscribed_money", {"available": context.money(max(0, left_minor)), "currency": context.policy.currency}


def _left(account: Account, balance: Balance | Unavailable | None, context: Context) -> tuple[int | None, int | None]:
    """Seconds and money that he has for calls; None where that is unlimited or unknown."""
    if account.profile.kind == "postpaid":
        return call_money.allowance_left(account, context)
    return None, balance.amount_minor if isinstance(balance, Balance) else None


def _minutes_s(left_s: int | None, left_minor: int | None, context: Context) -> int | None:
    rate = _marketed(context)
    if rate is None or left_minor is None or is_free(rate):
        return left_s
    return affordable_s(rate, max(0, left_minor), TALK_S_MAX if left_s is None else left_s)


def _marketed(context: Context) -> Rate | None:
    rules = context.policy.call_back
    named = [one.rate for one in rules.destinations if rules.minutes_of in ("", one.name)]
    return named[0] if named else None

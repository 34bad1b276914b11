"""Messages: credit that nobody was shown, a STOP that is not kept, advertising without end, words that are said twice."""

from tectonics.channels.sms_smpp.sending import _Message
from tectonics.domain.advertising import AdvertisingRules
from tectonics.domain.events import BorrowConfirmed
from tectonics.domain.value import replace
from tectonics.engine.letters import Letters
from tectonics.store import writer
from tectonics.workflows import administer, advertise, borrow, lending, life, replies
from tests.simulation.mutations.mutation import Mutation, Patch, mutation

MUTATIONS: list[Mutation] = []


@mutation(MUTATIONS, "YES lends the first offer, also where none was shown")
def yes_to_nothing(patch: Patch) -> None:
    async def lend(plain, letters, letter):
        context, style = letters._engine.context(letter.now), letters._style
        choices, balance = await letters._enquiry.may_borrow(letter.account, context, style.budget_s)
        offer = next((choice.offer for choice in choices if choice.offer), None)
        if offer is None:
            return await plain(letters, letter)
        return await letters._dispatch(letter, BorrowConfirmed(letter.msisdn, letter.trigger, letter.now, offer, balance))

    patch.around(Letters, "_nothing_shown", lend)
    patch.put(replies, "agreed", lambda *asked: True)


@mutation(MUTATIONS, "YES agrees to whatever offer stands, with its code or without")
def yes_to_anything(patch: Patch) -> None:
    def agree(plain, letters, letter, code):
        shown = letter.account.standing.shown
        return plain(letters, letter, shown.code if shown else code)

    patch.around(Letters, "_agree", agree)


@mutation(MUTATIONS, "no trigger is written for short messages")
def no_triggers_of_messages(patch: Patch) -> None:
    def apply(plain, connection, ledger, written):
        spoilt = written.trigger is not None and written.trigger.channel == "sms"
        return plain(connection, ledger, replace(written, trigger=None) if spoilt else written)

    patch.around(writer, "apply_unit", apply)


@mutation(MUTATIONS, "a part that the message centre has accepted is sent again with the others")
def accepted_parts_again(patch: Patch) -> None:
    def send(plain, message):
        message._taken.clear()
        return plain(message)

    patch.around(_Message, "send", send)


@mutation(MUTATIONS, "who asked by SMS is not told that he has the credit")
def the_result_is_not_told(patch: Patch) -> None:
    def result(plain, account, advance, *told, **words):
        return () if replies.by_message(advance.channel) else plain(account, advance, *told, **words)

    patch.around(borrow, "_result", result)


@mutation(MUTATIONS, "STOP is confirmed, and nothing else")
def stop_is_ignored(patch: Patch) -> None:
    def new_profile(plain, profile, event, context):
        changed, text = plain(profile, event, context)
        return (profile if event.change == "advert_stop" else changed), text

    patch.around(administer, "_new_profile", new_profile)


@mutation(MUTATIONS, "the STOP of the former holder of a number holds for the next one")
def stop_is_inherited(patch: Patch) -> None:
    def begin(plain, account, profile, why):
        return plain(account, replace(profile, adverts_stopped_at=account.profile.adverts_stopped_at), why)

    patch.around(life, "new_generation", begin)


@mutation(MUTATIONS, "advertising has no caps")
def no_caps(patch: Patch) -> None:
    patch.put(AdvertisingRules, "allows", lambda *asked: True)


@mutation(MUTATIONS, "advertising knows no quiet hours")
def no_quiet_hours(patch: Patch) -> None:
    patch.put(AdvertisingRules, "is_quiet", lambda *asked: False)


@mutation(MUTATIONS, "who cannot borrow for what he owes is advertised to all the same")
def advertised_to_debtors(patch: Patch) -> None:
    def offered(plain, account, event, context):
        plain_examine = lending.examine
        found = lending.choices(account, context)
        lending.examine = lambda *asked: found or plain_examine(*asked)
        try:
            return plain(account, event, context)
        finally:
            lending.examine = plain_examine

    patch.around(advertise, "offered", offered)


@mutation(MUTATIONS, "the ticket of an advertisement is written, its message is not")
def advertised_on_paper(patch: Patch) -> None:
    def seen(plain, account, event, context):
        decision = plain(account, event, context)
        return decision if isinstance(decision, advertise.Silence) or int(event.balance_minor) % 2 else replace(
            decision, commands=())

    patch.around(advertise, "seen", seen)

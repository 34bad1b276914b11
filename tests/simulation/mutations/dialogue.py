"""The dialogue: credit that nobody agreed to, answers that change when they are asked for again."""

from tectonics.domain.screens import keys
from tectonics.domain.value import replace
from tectonics.engine.awaiting import Awaiting
from tectonics.engine.sessions import Sessions
from tectonics.store import writer
from tectonics.workflows import borrow
from tectonics.workflows.dialogue import CONFIRM
from tests.simulation.mutations.mutation import Mutation, Patch, mutation

MUTATIONS: list[Mutation] = []
UNIT_MINOR = 100


@mutation(MUTATIONS, "what was dialled in one go confirms as well, without the confirmation having been shown")
def dialling_confirms(patch: Patch) -> None:
    async def dial(plain, sessions, session, style, dialled):
        screen = await plain(sessions, session, style, dialled)
        inputs = dialled.text.split("*")
        shown = session.snapshot is not None and session.snapshot.place == CONFIRM
        if shown and len(inputs) > 1 and inputs[-1] in ("1", keys(style).yes):
            return await sessions._confirm(session, style, dialled, session.snapshot.offer)
        return screen

    patch.around(Sessions, "_dial", dial)


@mutation(MUTATIONS, "the confirmation does not ask again whether he may borrow")
def the_confirmation_does_not_look(patch: Patch) -> None:
    patch.put(borrow, "_refused", lambda offer, account, event, context: None)


@mutation(MUTATIONS, "what is lent is the amount that was shown, rounded down to whole units")
def another_amount_than_shown(patch: Patch) -> None:
    shown = []

    def confirmed(plain, account, event, context):
        amount_minor = event.offer.amount_minor
        shown.append(event.offer)
        offer = replace(event.offer, amount_minor=max(UNIT_MINOR, amount_minor // UNIT_MINOR * UNIT_MINOR))
        return plain(account, replace(event, offer=offer), context)

    patch.around(borrow, "confirmed", confirmed)
    patch.around(borrow, "_refused", lambda plain, offer, *asked: plain(shown.pop(), *asked))


@mutation(MUTATIONS, "the answer is told, but not committed with its trigger")
def the_answer_is_not_committed(patch: Patch) -> None:
    def apply(plain, connection, ledger, written):
        return plain(connection, ledger, replace(written, trigger_answer=None, answer=None))

    patch.around(writer, "apply_unit", apply)


@mutation(MUTATIONS, '"you will get an SMS" is said without being committed')
def a_promise_is_not_committed(patch: Patch) -> None:
    async def promise(plain, awaiting, msisdn, trigger) -> None:
        await awaiting._look(msisdn, trigger)

    patch.around(Awaiting, "_promise", promise)

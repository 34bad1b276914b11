"""The prepaid feed: answered too soon, decided twice, reversals that return nothing."""

from twisted.internet.defer import succeed

from tectonics.billing.booking import BookingIntake
from tectonics.domain.value import replace
from tectonics.engine import dispatch
from tectonics.engine.intake import EngineIntake
from tectonics.store import unit, writer
from tectonics.workflows import life, recover
from tectonics.workflows.decision import Decision
from tests.simulation.mutations.mutation import Mutation, Patch, mutation

MUTATIONS: list[Mutation] = []


@mutation(MUTATIONS, "a record is answered OK before its unit is durable")
def ok_before_it_is_durable(patch: Patch) -> None:
    def feed(plain, intake, event):
        plain(intake, event).addErrback(lambda failure: None)
        return succeed("OK")

    patch.around(EngineIntake, "feed", feed)


@mutation(MUTATIONS, "a record that comes again is decided again")
def a_record_is_decided_twice(patch: Patch) -> None:
    def apply(plain, connection, ledger, written):
        if written.trigger is None or not written.trigger.channel.startswith("feed:"):
            return plain(connection, ledger, written)
        key = int(written.account.msisdn), written.trigger.channel, written.trigger.id
        connection.execute(unit._TRIGGER, (*key, written.at, None))
        return plain(connection, ledger, replace(written, trigger=None))

    def trigger_of(plain, event):
        found = plain(event)
        return None if found is not None and found.channel.startswith("feed:") else found

    patch.around(writer, "apply_unit", apply)
    patch.around(dispatch, "trigger_of", trigger_of)


@mutation(MUTATIONS, "a recharge that is taken back is not looked at")
def a_reversal_is_ignored(patch: Patch) -> None:
    patch.put(recover, "reversed_", lambda account, event, context: Decision(account, "not looked at"))


@mutation(MUTATIONS, "a reversal finds the payment, and returns nothing")
def a_reversal_returns_nothing(patch: Patch) -> None:
    patch.put(recover, "_refund", lambda account, recovery, context: Decision(account, "returns nothing"))


@mutation(MUTATIONS, "a reversal that comes while the debit is under way is forgotten")
def a_reversal_meanwhile_is_forgotten(patch: Patch) -> None:
    def taken(plain, account, recovery, *told):
        return plain(account, replace(recovery, reverse=False), *told)

    patch.around(recover, "_taken", taken)


@mutation(MUTATIONS, "a record is decided before it is booked")
def decided_before_it_is_booked(patch: Patch) -> None:
    def feed(plain, intake, event):
        answer = intake._intake.feed(event)
        intake._book(event)
        return answer

    patch.around(BookingIntake, "feed", feed)


@mutation(MUTATIONS, "who gets a number that was recycled or ported inherits what its former holder owes")
def a_new_holder_inherits(patch: Patch) -> None:
    def begin(plain, account, profile, why):
        return Decision(replace(account, profile=profile), "the number goes on")

    patch.around(life, "new_generation", begin)

"""Call-backs: somebody rung twice, talk time that nobody talked or holds, money that stays held, calls without an end."""

from tectonics.callservers.sip.server import SipCallServer
from tectonics.domain import call as calls
from tectonics.domain.value import replace
from tectonics.workflows import call_checks, call_end, call_money
from tests.simulation.mutations.mutation import Mutation, Patch, mutation

MUTATIONS: list[Mutation] = []


@mutation(MUTATIONS, "a leg that may have been rung before a restart is rung again")
def rung_again(patch: Patch) -> None:
    def asked(name: str):
        def ask(plain, self, command, again=False):
            return plain(self, replace(command, op=f"{command.op}A") if again else command)

        patch.around(SipCallServer, name, ask)

    asked("ring")
    asked("connect")


@mutation(MUTATIONS, "another call may begin while one is not over")
def two_calls_at_once(patch: Patch) -> None:
    patch.put(call_checks, "_open", lambda account, event, context: None)


@mutation(MUTATIONS, "the reserved talk time is charged, whatever was talked")
def all_that_is_held_is_charged(patch: Patch) -> None:
    patch.put(call_money, "owed_minor", lambda call: call.reserved_minor if call.session and call.ended else 0)


@mutation(MUTATIONS, "what is held for a call that came to nothing is not given back")
def nothing_is_given_back(patch: Patch) -> None:
    def settling(plain, account, call, happening, context):
        if call.owes_minor:
            return plain(account, call, happening, context)
        return call_end._closed(account, replace(call, state=calls.CLOSED), context)

    patch.around(call_end, "settling", settling)


@mutation(MUTATIONS, "a settlement takes its money without a ticket")
def charged_without_a_ticket(patch: Patch) -> None:
    def closed(plain, account, call, context, failure=""):
        decision = plain(account, call, context, failure)
        return replace(decision, tickets=()) if call.owes_minor else decision

    patch.around(call_end, "_closed", closed)


@mutation(MUTATIONS, "nobody ends a call when its talk time is over")
def no_limit(patch: Patch) -> None:
    patch.put(SipCallServer, "_limit", lambda self, until_at: self._board.now() + 1e6)

"""Self-care: somebody is in without a code of his, a form counts twice or for another, a page shows somebody else."""

from tectonics.domain import login
from tectonics.domain.events import CallAsked, ProfileChanged
from tectonics.domain.self_care import Visitor
from tectonics.domain.value import replace
from tectonics.engine import self_care as engine_self_care
from tectonics.engine.dispatch import Engine
from tectonics.engine.self_care import CHANNEL, EngineSelfCare
from tectonics.oam.web.me.visits import Visits
from tectonics.workflows import self_care
from tests.simulation.mutations.mutation import Mutation, Patch, mutation

MUTATIONS: list[Mutation] = []


@mutation(MUTATIONS, "any code that has six digits signs in")
def any_code(patch: Patch) -> None:
    patch.put(login.LoginCode, "guessed", lambda self, text: replace(self, digest="", salt=""))


@mutation(MUTATIONS, "a code that was used is good again")
def a_code_is_good_twice(patch: Patch) -> None:
    patch.put(login.LoginCode, "guessed", lambda self, text: self if login.digest_of(text, self.salt) == self.digest
              else replace(self, wrong=self.wrong + 1))
    patch.put(engine_self_care, "is_used", lambda known: known is not None and known.wrong == 0)


@mutation(MUTATIONS, "codes are sent as often as anybody wants")
def codes_without_end(patch: Patch) -> None:
    patch.put(self_care.login, "may_send", lambda sent, now: True)


@mutation(MUTATIONS, "a code may be used for the number of somebody else")
def a_code_of_another(patch: Patch) -> None:
    newest: list[str] = []

    async def send_code(plain, self, msisdn, id):
        newest[:] = [*newest[-3:], msisdn]
        return await plain(self, msisdn, id)

    async def enter(plain, self, msisdn, code):
        for known in (msisdn, *reversed(newest)):
            found = await plain(self, known, code)
            if found is not None:
                return Visitor(msisdn, found.generation, found.since_at)
        return None

    patch.around(EngineSelfCare, "_send_code", send_code)
    patch.around(EngineSelfCare, "_enter", enter)


@mutation(MUTATIONS, "now and then a visitor is shown the account of who signed in before him")
def the_one_before(patch: Patch) -> None:
    def opened(plain, self, visitor, language, now_s):
        before, self.before = getattr(self, "before", visitor), visitor
        return plain(self, before, language, now_s)

    patch.around(Visits, "open", opened)


@mutation(MUTATIONS, "each press of a button is a request of its own")
def each_press_counts(patch: Patch) -> None:
    pressed: list[int] = []

    async def dispatch(plain, self, event, *rest):
        if isinstance(event, ProfileChanged | CallAsked) and event.trigger.channel == CHANNEL:
            pressed.append(1)
            event = replace(event, trigger=replace(event.trigger, id=f"{event.trigger.id}|{len(pressed)}"))
        return await plain(self, event, *rest)

    patch.around(Engine, "dispatch", dispatch)


@mutation(MUTATIONS, "who signs out stays signed in")
def nobody_is_signed_out(patch: Patch) -> None:
    patch.put(Visits, "close", lambda self, cookie: None)

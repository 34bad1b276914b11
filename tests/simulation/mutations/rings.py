"""Rings: somebody pays for one, strangers are believed, a ring alone lends, or has two effects, or is left without an answer."""

from tectonics.channels.did_sip import callers, channel, deciding
from tectonics.channels.did_sip.channel import DidSip
from tectonics.channels.did_sip.limits import Callers
from tectonics.channels.did_sip.trunks import Trunk, Trunks
from tectonics.domain.events import BorrowConfirmed
from tectonics.domain.value import replace
from tectonics.engine.letters import Letters
from tectonics.wire.sip.digest import GOOD, WRONG
from tests.simulation.mutations.mutation import Mutation, Patch, mutation

MUTATIONS: list[Mutation] = []


@mutation(MUTATIONS, "a ring is answered, and declined only then")
def a_ring_is_answered(patch: Patch) -> None:
    def answer(plain, self, serving, status, tag="", headers=()):
        if serving.request.method == "INVITE" and status == self._section.status:
            plain(self, serving, 200, tag, headers)
        plain(self, serving, status, tag, headers)

    patch.around(DidSip, "_answer", answer)


@mutation(MUTATIONS, "who calls is read from whichever header names somebody")
def any_header_is_believed(patch: Patch) -> None:
    def caller(plain, request, header, country_code):
        return plain(request, "rpid", country_code) or plain(request, header, country_code)

    patch.put(deciding, "caller", lambda *told: caller(callers.caller, *told))


@mutation(MUTATIONS, "whoever sends from an address of no trunk's is taken for the first one")
def strangers_are_heard(patch: Patch) -> None:
    patch.around(Trunks, "find", lambda plain, self, host: plain(self, host) or next(iter(self.all.values())))


@mutation(MUTATIONS, "a wrong password is as good as the right one")
def any_password(patch: Patch) -> None:
    def judge(plain, self, request, now):
        verdict = plain(self, request, now)
        return GOOD if verdict == WRONG else verdict

    patch.around(Trunk, "judge", judge)


@mutation(MUTATIONS, "a ring is a consent: the first amount is lent at once")
def a_ring_is_a_consent(patch: Patch) -> None:
    async def offer(plain, self, letter, choice, before=""):
        choices, balance = await self._enquiry.may_borrow(letter.account, self._engine.context(letter.now), 10.0)
        offers = [one.offer for one in choices if one.offer is not None]
        if letter.message.channel != channel.CHANNEL or not offers:
            return await plain(self, letter, choice, before)
        return await self._dispatch(letter, BorrowConfirmed(letter.msisdn, letter.trigger, letter.now, offers[0], balance))

    patch.around(Letters, "_offer", offer)


@mutation(MUTATIONS, "each way that a call comes by is a ring of its own")
def each_way_is_a_ring(patch: Patch) -> None:
    def decide(plain, request, *rest):
        found = plain(request, *rest)
        return found if isinstance(found, deciding.Declined) else replaced(found, f"{found.id[:40]}{request.vias[0].branch[-30:]}")

    def replaced(ring, id):
        return deciding.Ring(id, ring.msisdn, ring.did, ring.service)

    patch.around(channel, "decide", decide)


@mutation(MUTATIONS, "a call that its caller gave up is left without an end")
def no_end_for_who_hangs_up(patch: Patch) -> None:
    def end(plain, self, key, status, result):
        ringing = self._ringing.pop(key, None) if result == "hung_up" else None
        if ringing is None:
            plain(self, key, status, result)
        else:
            ringing.call.cancel()

    patch.around(DidSip, "_end", end)


@mutation(MUTATIONS, "a ring counts, however soon it comes behind another")
def repeated_rings_count(patch: Patch) -> None:
    patch.put(Callers, "refused", lambda self, caller, did, now: "")


@mutation(MUTATIONS, "a ring that was told is told once more, with another id")
def told_twice(patch: Patch) -> None:
    def tell(plain, self, message):
        plain(self, message)
        plain(self, replace(message, id=f"{message.id}-again"[:80]))

    patch.around(channel.Telling, "tell", tell)

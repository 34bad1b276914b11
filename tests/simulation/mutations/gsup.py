"""Over GSUP: an answer that counts for another question, a stranger's number, sessions without an end, a link that nobody routes to."""

from tectonics.channels.ussd_gsup.channel import UssdGsup
from tectonics.channels.ussd_gsup.talk import Talk
from tectonics.links.ipa.subscribers import Subscribers
from tectonics.wire import ipa
from tectonics.wire.gsup.entity import Entity
from tectonics.wire.gsup.link import Link
from tests.simulation.mutations.mutation import Mutation, Patch, mutation

MUTATIONS: list[Mutation] = []
OFTEN = 3  # one in so many


@mutation(MUTATIONS, "over GSUP an answer counts for the question that is asked now, whichever it was given to")
def any_answer_counts(patch: Patch) -> None:
    def continued(plain, self, place, message, now):
        session, number = self._sessions.get(place), message.ss_info[4:5]
        if session is None or not number:
            return plain(self, place, message, now)
        before, asked = session.before, session.asked
        session.before, session.asked = 0, number[0]  # as if it were the one that was answered
        told = plain(self, place, message, now)
        session.before, session.asked = before, asked
        return told

    patch.around(Entity, "_continued", continued)


@mutation(MUTATIONS, "over GSUP a session counts its questions from the first, also where another has ended under its number")
def questions_begin_anew(patch: Patch) -> None:
    def begun(plain, self, place, message, now):
        if place not in self._sessions:
            self._asked.pop(place, None)
        return plain(self, place, message, now)

    patch.around(Entity, "_begun", begun)


@mutation(MUTATIONS, "over GSUP a session is told apart by its IMSI and number alone, which come again")
def sessions_come_again(patch: Patch) -> None:
    patch.put(Talk, "session", property(lambda talk: f"{talk.key.imsi}-{talk.key.session:08x}-0-0"))


@mutation(MUTATIONS, "over GSUP a number that the register tells is now and then that of the subscriber before")
def the_number_before(patch: Patch) -> None:
    told: list[str] = []

    def tell(plain, self, imsi, answer):
        if isinstance(answer, str):
            told.append(answer)
            answer = told[-2] if len(told) % OFTEN == 0 else answer
        return plain(self, imsi, answer)

    patch.around(Subscribers, "_tell", tell)


@mutation(MUTATIONS, "over GSUP a session has no guard timer of ours")
def no_guard_timer(patch: Patch) -> None:
    def keep(plain, self, session, now):
        plain(self, session, now)
        session.guard_at = float("inf")

    patch.around(Entity, "_keep", keep)


@mutation(MUTATIONS, "over GSUP a menu stays in its table when the session has ended without our last screen")
def menus_stay(patch: Patch) -> None:
    def over(plain, self, key, end):
        talk = self._talks.get(key)
        plain(self, key, end)
        if talk is not None:
            self._talks[key] = talk

    patch.around(UssdGsup, "_over", over)


@mutation(MUTATIONS, "over GSUP a link is up when a ping is answered, whoever is routed to")
def up_by_a_ping(patch: Patch) -> None:
    def controlled(plain, self, message, now):
        events = plain(self, message, now)
        return self._known(now) if message == ipa.Pong() and self._introduced else events

    patch.around(Link, "_controlled", controlled)

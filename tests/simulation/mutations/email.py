"""E-mail: a mail that counts twice or not at all, senders whom nobody proved, words that agree to a debt, machines that are heard, answers that are not sent."""

from twisted.internet.defer import Deferred

from tectonics.channels.email import admitting
from tectonics.channels.email.admitting import Admitting
from tectonics.channels.email.proving import RELAY, Proved, Proving
from tectonics.channels.email.sending import Sending
from tectonics.domain.keywords import Yes
from tectonics.store import mailboxes
from tectonics.workflows import replies
from tests.simulation.mutations.mutation import Mutation, Patch, mutation

MUTATIONS: list[Mutation] = []
WAITS_MAX = 100


@mutation(MUTATIONS, "a mail that comes again is another one")
def the_same_mail_is_another(patch: Patch) -> None:
    seen: dict[str, int] = {}

    def numbered(plain, service, known_by):
        seen[known_by] = seen.get(known_by, 0) + 1
        return f"{plain(service, known_by)}{'' if seen[known_by] == 1 else seen[known_by]}"

    patch.around(admitting, "_id", numbered)


@mutation(MUTATIONS, "a mail is answered 250 before it is committed")
def taken_before_it_is(patch: Patch) -> None:
    async def serve(plain, self, *asked):
        Deferred.fromCoroutine(plain(self, *asked)).addErrback(lambda failure: None)
        return "taken"

    patch.around(Admitting, "_serve", serve)


@mutation(MUTATIONS, "nobody needs to prove that he wrote a mail")
def nobody_proves_anything(patch: Patch) -> None:
    async def prove(self, mail, mailbox, host):
        return Proved(RELAY, mail.message_id)

    patch.put(Proving, "prove", prove)


@mutation(MUTATIONS, "an address speaks for its number after that is somebody else's")
def addresses_are_inherited(patch: Patch) -> None:
    def valid(connection, rows):
        for address, msisdn, generation, pin, verified_at in rows:
            yield mailboxes.Mailbox(address, str(msisdn), generation, pin, verified_at)

    patch.put(mailboxes, "_valid", valid)


@mutation(MUTATIONS, "a machine's mail is read as a person's")
def machines_are_heard(patch: Patch) -> None:
    patch.put(admitting, "ignored", lambda mail, sender, domains: "")


@mutation(MUTATIONS, "a YES with its code in a mail agrees to the offer")
def mails_agree(patch: Patch) -> None:
    def request(plain, service, subject, line):
        word, _, code = subject.partition(" ")
        return Yes(code[:2]) if word == "YES" else plain(service, subject, line)

    patch.around(admitting, "request", request)


@mutation(MUTATIONS, "an answer by mail is forgotten when the smarthost says later")
def later_is_never(patch: Patch) -> None:
    def over(plain, self, reply, waiting):
        waiting.tries += WAITS_MAX
        plain(self, reply, waiting)

    patch.around(Sending, "_over", over)


@mutation(MUTATIONS, "an answer by mail stays in its table when it is out")
def answers_stay(patch: Patch) -> None:
    def over(plain, self, reply, waiting):
        plain(self, reply, waiting)
        self._at_work[waiting] = None

    patch.around(Sending, "_over", over)


@mutation(MUTATIONS, "who asks for offers by mail and may not borrow is not told so")
def refusals_are_silent(patch: Patch) -> None:
    def by_message(plain, channel):
        return channel != "email" and plain(channel)

    patch.around(replies, "by_message", by_message)

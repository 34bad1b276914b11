"""The mail servers: one brings what people write until it is answered, and takes what the daemon answers.

A mail goes to any of the nodes, again when nothing or "later" was said, and by the plan's share once more although it was taken.
In the peace one more mail is written to each node, by somebody whose address an operator has just registered.
"""

import random
from email import message_from_bytes

from twisted.internet.endpoints import TCP4ClientEndpoint

from tectonics.simulation.envelopes import FATES, PLAIN, envelope, sender_of
from tectonics.simulation.mailbook import HEARD, Answer, Attempt, Letter, Trouble
from tectonics.simulation.mailing import ANYBODYS, PORT, RELAY, SIGNED, SMARTHOST_PORT, Owner, owners
from tectonics.simulation.population.correspondents import correspondents
from tectonics.simulation.population.intents import Mail
from tectonics.simulation.population.person import Person
from tectonics.simulation.stage import MAILED, Stage
from tectonics.simulators.mailbox.faults import KINDS, Faults
from tectonics.simulators.mailbox.sender import LOST, send
from tectonics.simulators.mailbox.server import Kept, Mailbox
from tectonics.wire.smtp.client import Envelope

CONNECT_S, PATIENCE_S = 30.0, 130.0  # longer than a verdict may take
AGAIN_S, AGAIN_S_MAX, PEACE_AGAIN_S = 30.0, 600.0, 20.0
DOUBLED_S_MAX, DELAYED_S_MAX = 600.0, 900.0
OWED_S, LONGEST_PAUSE_S = 180.0, 600.0  # within which an answer is out where nothing is wrong; between two tries of an answer
SERVED_S = 3600.0
UNKNOWN = -1  # nobody knows whether the address is registered


class MailPeer:
    """One relay, one server of anybody's, and one smarthost for all nodes."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._chance = stage.world.random("mail")
        self.plan, self.book = stage.plan.mailing, stage.journal.mail
        self.smarthost: Mailbox = stage.world.serve(SMARTHOST_PORT, lambda clock: Mailbox(clock, Faults()), RELAY)
        self.smarthost.on_mail = self._answered
        self.sending = Faults()  # of the servers, when they bring a mail
        self.doubled, self.delayed = self.plan.doubled, False
        self.under_way = 0  # mails that are still to be brought
        self.newest = ""  # who wrote last
        self._reactors = {host: stage.world.reactor(host) for host in (RELAY, ANYBODYS)}
        self._owners = {owner.msisdn: owner for _, owner in owners(stage.plan.people, self.plan)}
        self._registered = {msisdn: stage.auditor.generation(msisdn) for msisdn in self._owners}
        self.book.answers_per_hour, self.book.sender_per_hour = self.plan.answers_per_hour, self.plan.sender_per_hour
        self.book.tries_max, self.book.answered = self.plan.tries_max, self.plan.answered

    # --- what people do

    def correspondents(self):
        """Those of the plan who write, each with the life in which he does."""
        plan = self._stage.plan
        return correspondents(plan.people, plan.mailing, plan.pace, bool(plan.messaging.links), bool(plan.calling))

    def write(self, person: Person, intent: Mail) -> None:
        """He writes, or somebody or something does in his name."""
        self._post(self._owners[person.msisdn], intent.service, intent.manner, *self._words(person, intent))

    async def enrol(self, person: Person) -> None:
        """An operator registers his address anew: it speaks for whoever has the number now."""
        await self._register(self._owners[person.msisdn])

    async def _register(self, owner: Owner) -> None:
        auditor, msisdn = self._stage.auditor, owner.msisdn
        before = auditor.generation(msisdn)
        self._registered[msisdn] = UNKNOWN
        done = await self._stage.operators.mail(msisdn, owner.address)
        if done and auditor.generation(msisdn) == before and not owner.pin:
            self._registered[msisdn] = before

    def _words(self, person: Person, intent: Mail) -> tuple[str, str]:
        """Subject and first line."""
        chance = random.Random(intent.mind)
        if intent.service != "call" or chance.random() < 0.1:
            return intent.subject, chance.choice(("", "2", "hello", "YES 11"))
        number, _ = self._stage.telephones.expect(person.msisdn, intent.mind, "email")
        return (number, "") if chance.random() < 0.5 else ("", f"call {number}, please")

    def _post(self, owner: Owner, service: str, manner: str, subject: str, line: str, node: str = "") -> Letter:
        stage, book = self._stage, self.book
        id, sender = f"<m{len(book.letters) + 1}@{SIGNED}>", sender_of(owner, manner)
        msisdn = owner.msisdn if sender == owner.address else ""
        letter = Letter(id, msisdn, sender, service, manner, FATES[manner], stage.now_s)
        book.wrote(letter)
        self.newest = owner.msisdn
        self.under_way += 1
        host, mail = envelope(owner, manner, service, subject, line, id, stage.world.now_ms / 1000)
        stage.spawn(self._bring(letter, host, mail, node))
        return letter

    # --- how it gets there

    async def _bring(self, letter: Letter, host: str, mail: Envelope, node: str) -> None:
        stage, chance = self._stage, self._chance
        if self.delayed:
            await stage.sleep(chance.uniform(0, DELAYED_S_MAX))
        await self._until_answered(letter, host, mail, node)
        if letter.taken and not stage.peaceful and chance.random() < self.doubled:
            await stage.sleep(chance.choice((0.0, 1.0, DOUBLED_S_MAX)) * chance.random())
            await self._until_answered(letter, host, mail, node)
        letter.over = True
        self.under_way -= 1

    async def _until_answered(self, letter: Letter, host: str, mail: Envelope, node: str) -> None:
        pause_s = AGAIN_S
        while not 200 <= await self._try(letter, host, mail, node or self._chance.choice(self._stage.nodes)) < 600:
            await self._stage.sleep(PEACE_AGAIN_S if self._stage.peaceful else pause_s * self._chance.uniform(0.8, 1.2))
            pause_s = min(2 * pause_s, AGAIN_S_MAX)

    async def _try(self, letter: Letter, host: str, mail: Envelope, node: str) -> int:
        """The code that the node says in the end; 0 where the mail has to come again."""
        stage, reactor = self._stage, self._reactors[host]
        at_s, life, before, asked = stage.now_s, stage.world.life(node), self._standing(letter), self._asked(letter)
        stage.happens(MAILED)
        sending = send(TCP4ClientEndpoint(reactor, node, PORT, timeout=CONNECT_S), mail, reactor, self.sending)
        reply = await stage.within(sending, PATIENCE_S)
        if reply is None:
            sending.cancel()
        code = 0 if reply is None or reply is LOST else reply.code
        attempt = Attempt(at_s, node, life, stage.now_s, code, _owns(before, self._standing(letter)))
        letter.attempts.append(attempt)
        if asked is not None and self._asked(letter) is None and not stage.auditor.asked_for(letter.msisdn) - asked:
            self.book.untold.append(letter)
        if self.plan.answered and letter.service == "balance" and letter.fate == HEARD and code == 250:
            stage.world.call_later(OWED_S, self._owed, letter, attempt)
        return 0 if reply is None or reply.is_temporary else reply.code

    def _standing(self, letter: Letter) -> tuple[int, int]:
        """Generations: of the registration of whose address it is, and of his number now."""
        return (self._registered[letter.msisdn], self._stage.auditor.generation(letter.msisdn)) if letter.msisdn else (0, 1)

    def _asked(self, letter: Letter) -> set[str] | None:
        """What has been commanded for who wrote it, where that is seen and it has not been decided; else None."""
        auditor = self._stage.auditor
        if not letter.msisdn or not self._stage.plan.messaging.links or auditor.decided(letter.msisdn, "email", letter.trigger):
            return None
        return auditor.asked_for(letter.msisdn)

    def _owed(self, letter: Letter, attempt: Attempt) -> None:
        """Where the node has lived since, and the way to the smarthost was free soon enough, his answer is there."""
        world, now_s = self._stage.world, self._stage.now_s
        if not world.processes[attempt.node].alive or world.life(attempt.node) != attempt.life:
            return
        near = [one for one in self.book.troubles if one.from_s < now_s and one.until_s + OWED_S > attempt.at_s]
        until_s = max((one.until_s for one in near), default=0.0)
        if any(one.refused for one in near) or near and until_s - attempt.at_s >= self._tried_s():
            return
        look_s = until_s + LONGEST_PAUSE_S + OWED_S
        if near and now_s < look_s:
            world.call_later(look_s - now_s, self._owed, letter, attempt)
        else:
            self.book.owed.append(letter)

    def _tried_s(self) -> float:
        """How long an answer is tried at least."""
        return sum(min(LONGEST_PAUSE_S, self.plan.retry_s * 2 ** tries) for tries in range(self.plan.tries_max - 1))

    def trouble(self, lasts_s: float, refused: bool = False) -> None:
        """For so long no answer may get through; `refused`: nor later."""
        self.book.troubles.append(Trouble(self._stage.now_s, self._stage.now_s + lasts_s, refused))

    # --- what the smarthost takes

    def _answered(self, kept: Kept) -> None:
        mail = message_from_bytes(kept.content)
        self.book.answer(Answer(self._stage.now_s, kept.host, self._stage.world.life(kept.host), kept.sender, kept.recipient,
                                mail["message-id"], mail["in-reply-to"] or "", mail["auto-submitted"] or "", mail.get_payload()))

    # --- the end

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        for kind in KINDS:
            self.sending.order(kind, 0)
            self.smarthost.faults.order(kind, 0)
        self.doubled, self.delayed = 0.0, False

    def waiting(self) -> bool:
        """Whether any mail is to be brought, or any answer to go out."""
        nodes = (self._stage.world.processes[name].work for name in self._stage.nodes)
        return self.under_way > 0 or any(depth for node in nodes if node for what, depth, _ in node.loads() if what == "answers by e-mail")

    async def serves(self) -> None:
        """When all is well whoever writes is heard, at each node, and has his answer."""
        stage = self._stage
        somebody = Owner(stage.plan.people[0].msisdn, f"newcomer@{SIGNED}")
        await self._register(somebody)
        self._owners.setdefault(somebody.msisdn, somebody)
        last = [self._post(somebody, "balance", PLAIN, "", "", node) for node in stage.nodes]
        end_s = stage.now_s + SERVED_S
        while self.waiting() and stage.now_s < end_s:
            await stage.sleep(PEACE_AGAIN_S)
        self.book.owed += last


def _owns(before: tuple[int, int], after: tuple[int, int]) -> bool | None:
    """Whether the address spoke for the number all the while; numbers only ever get younger holders."""
    (registered, generation), (later, newest) = before, after
    if UNKNOWN in (registered, later) or registered != later:
        return None
    return False if registered != generation else True if generation == newest else None

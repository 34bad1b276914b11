"""Binds that are told what becomes of each submit, what is counted, and a channel over a real store."""

from twisted.internet.defer import Deferred, fail, succeed

from tectonics.channels.sms_smpp.channel import SmsSmpp
from tectonics.config.smpp import SmppAccount
from tectonics.config.smpp import SmsSmpp as Settings
from tectonics.domain.commands import Notify
from tectonics.domain.errors import Busy
from tectonics.links.smpp.outcome import Accepted
from tectonics.links.smpp.peer import Peer
from tests.channels.correspondence import Correspondence
from tests.engine.world import Counted
from tests.store.building import MSISDN, NOW

ACCOUNT = {"name": "smsc1", "address": "tcp:127.0.0.1:2775"}


def settings(accounts=(ACCOUNT,), **changes):
    return Settings(accounts=accounts, **changes)


def notify(op="TEC-N1", text="You have 2.00", msisdn=MSISDN, **changes):
    return Notify(op, msisdn, "granted", text, "en", **changes)


class Binds:
    """As links.smpp.binds.Binds; each submit ends as `ends` says (the next of it, else accepted under 1, 2, ...).

    An end is an outcome, or a Deferred of one.
    """

    def __init__(self):
        self.bound, self.ends, self.submitted, self.heard, self.late = 1, [], [], None, None
        self.started = self.stopped = False
        self._number = 0

    def start(self):
        self.started = True

    def stop(self):
        self.stopped = True
        return succeed(None)

    def loads(self):
        return [("sms submits", 0, 1)]

    def submit(self, request, priority, until_s, account="", session=None):
        self.submitted.append((request, priority, until_s, account))
        if self.ends:
            end = self.ends.pop(0)
            return end if isinstance(end, Deferred) else succeed(end)
        self._number += 1
        return succeed(Accepted(account or "smsc1", str(self._number)))

    def deliver(self, pdu, account=None):
        """A peer delivers; its answers, which come to this list."""
        answers = []
        self.heard(Peer(SmppAccount(**(account or ACCOUNT)), "smsc1/1", lambda _, answer: answers.append(answer)), pdu)
        return answers


class Broken:
    """A log of messages of which one method fails."""

    def __init__(self, what, log=None):
        self._what, self._log = what, log

    def __getattr__(self, name):
        return (lambda *_: fail(Busy("the database is away"))) if name == self._what else getattr(self._log, name)


class NoLog:
    """A log of messages that knows nothing."""

    def find(self, account, id):
        return succeed([])

    def forget(self, before):
        return succeed(0)


class Statuses:
    """Of answers, as they come."""

    def __init__(self, answers):
        self._answers = answers

    def __eq__(self, other):
        return [answer.status for answer in self._answers] == other

    def __repr__(self):
        return repr([answer.status for answer in self._answers])


class Line:
    """A channel of the life of one process, over a store of the world."""

    def __init__(self, world, binds=None, origin="n1", now=NOW, **changes):
        self.world, self.binds, self.metrics = world, binds or Binds(), Counted()
        world.clock.rightNow = max(world.clock.rightNow, now / 1000)
        self.opened = world.open(origin, int(world.clock.rightNow * 1000))
        self.correspondence = Correspondence()
        self.channel = SmsSmpp(self.binds, settings(**changes), self.opened.messages, world.clock, self.metrics, self.metrics,
                               country_code="33")
        self.channel.start(self.correspondence)
        world.clock.advance(0)

    def send(self, *arguments, **changes):
        return self.world.wait(self.channel.send(notify(*arguments, **changes)))

    def rows(self, columns="op, part, state, account, id, attempts, repeated"):
        return self.world.query(f"SELECT {columns} FROM message ORDER BY msisdn, op, part")

    def deliver(self, pdu, account=None):
        """The statuses with which a delivery is answered, by now or later."""
        statuses = Statuses(self.binds.deliver(pdu, account))
        for _ in range(4):  # questions to the log, one after the other
            self.world.clock.advance(0)
        return statuses

    def counted(self, name):
        return {labels: count for (one, labels), count in self.metrics.counts.items() if one == f"tectonics_{name}"}

"""The sender of recharges: whatever happens to the connection, each record is sent until it is taken."""

import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP4ServerEndpoint
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineOnlyReceiver

from tectonics.simulators.soak.feed_sender import FeedSender


class Daemon(LineOnlyReceiver):
    """Answers each record from its own list: a line, or None to hang up."""

    delimiter = b"\n"

    def lineReceived(self, line):
        if not self.transport.connected:
            return
        self.factory.heard.append(line)
        answer = self.factory.answers[line].pop(0)
        if answer is None:
            self.transport.abortConnection()
        else:
            self.sendLine(answer)


async def served(**answers):
    factory = Factory.forProtocol(Daemon)
    factory.heard, factory.answers = [], {name.encode(): list(all) for name, all in answers.items()}
    port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory)
    sender = FeedSender(TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port), reactor)
    return factory, port, sender


async def over(port, sender):
    await sender.stop()
    await port.stopListening()


@pytest_twisted.ensureDeferred
async def test_a_record_is_sent_until_it_is_answered():
    daemon, port, sender = await served(one=[None, b"ERR R1 busy, send it again", b"DUP R1"],
                                        two=[b"OK R2", b"OK R2"])
    answers = [sender.send("R1", b"one"), sender.send("R2", b"two")]
    sender.start()
    assert await gatherResults(answers) == ["DUP", "OK"]
    assert daemon.heard.count(b"one") == 3 and sender.resent >= 2
    await over(port, sender)


@pytest_twisted.ensureDeferred
async def test_a_refusal_for_good_is_an_answer():
    daemon, port, sender = await served(one=[b"ERR R1 unknown subscriber"])
    sender.start()
    assert await sender.send("R1", b"one") == "ERR unknown subscriber"
    assert daemon.heard == [b"one"]
    await over(port, sender)

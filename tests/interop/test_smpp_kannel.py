"""A real Kannel as an ESME of our simulated message centre: what it sends, hears and makes of faults."""

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString

from tectonics.domain.alphabet import decode
from tectonics.simulators.smsc import faults as wrong
from tectonics.simulators.smsc.centre import MessageCentre
from tectonics.simulators.smsc.receipts import SHORT, Style
from tectonics.wire.data_coding import read
from tectonics.wire.smpp.reassembly import Reassembly, Whole
from tests.interop.kannel import Kannel
from tests.links.smpp.loopback import until

DELIVERED, FAILED, AT_CENTRE, REFUSED = "1", "2", "8", "16"  # Kannel's types of receipt


class Lab:
    """A centre and a Kannel that is bound to it."""

    def __init__(self, folder) -> None:
        self.centre, self.folder = MessageCentre(reactor, {"kannel": "secret"}), folder

    async def start(self) -> None:
        self._port = await serverFromString(reactor, "tcp:0:interface=127.0.0.1").listen(self.centre)
        self.kannel = Kannel(self.folder, self._port.getHost().port)
        await self.kannel.start()
        await until(lambda: self.centre.bound)

    async def stop(self) -> None:
        await self.kannel.stop()
        await self.centre.close()
        await self._port.stopListening()

    def texts(self) -> list[str]:
        """Of the messages that were submitted, put together."""
        reassembly, texts = Reassembly(), []
        for taken in self.centre.submitted:
            for whole in reassembly.add(taken.pdu, 0.0):
                assert isinstance(whole, Whole)
                alphabet, octets = read(whole.octets, taken.pdu.data_coding)
                texts.append(decode(octets, alphabet))
        return texts

    def types(self) -> list[str]:
        """Of the receipts that Kannel has passed on."""
        return [given["type"] for given in self.kannel.pages.of("/dlr")]


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    made = Lab(tmp_path_factory.mktemp("kannel"))
    pytest_twisted.blockon(Deferred.fromCoroutine(made.start()))
    yield made
    pytest_twisted.blockon(Deferred.fromCoroutine(made.stop()))


@pytest.fixture
def lab(started):
    started.centre.submitted.clear()
    started.centre.style = Style()
    started.centre.fate = lambda submitted: "DELIVRD"
    started.kannel.pages.asked.clear()
    started.kannel.pages.reply = b""
    return started


@pytest.mark.parametrize("text, given", [("Hello {€}", {}), ("Привет", {"coding": "2"}), ("long " * 60, {}),
                                         ("длинный " * 30, {"coding": "2"})], ids=["gsm7", "ucs2", "parts", "ucs2 parts"])
@pytest_twisted.ensureDeferred
async def test_what_kannel_sends_arrives(lab, text, given):
    assert await lab.kannel.send(text, **given) == 202
    await until(lambda: lab.texts())
    assert lab.texts() == [text.rstrip()] or lab.texts() == [text]
    assert lab.centre.submitted[0].pdu.destination_addr == "33600000001"


@pytest.mark.parametrize("style", [Style(), Style(parameters=False), Style(format=SHORT, long_words=False),
                                   Style(answered="HEX", receipted="HEX"), Style(answered="text", receipted="text")],
                         ids=["usual", "no parameters", "short", "hexadecimal", "text"])
@pytest_twisted.ensureDeferred
async def test_kannel_understands_our_receipts(lab, style):
    lab.centre.style = style
    assert await lab.kannel.send("hello", **{"dlr-mask": "31"}) == 202
    await until(lambda: len(lab.types()) == 2)
    assert lab.types() == [AT_CENTRE, DELIVERED]
    lab.centre.fate = lambda submitted: "UNDELIV"
    assert await lab.kannel.send("hello", **{"dlr-mask": "31"}) == 202
    await until(lambda: len(lab.types()) == 4)
    assert lab.types()[2:] == [AT_CENTRE, FAILED]


@pytest.mark.parametrize("text, how", [("BAL", {}), ("Привет", {}), ("long " * 60, {}), ("long " * 60, {"way": "payload"}),
                                       ("BAL", {"data_sm": True})], ids=["gsm7", "ucs2", "parts", "payload", "data_sm"])
@pytest_twisted.ensureDeferred
async def test_kannel_hears_what_subscribers_write(lab, text, how):
    assert set(await lab.centre.message(text, "33600000001", **how)) == {0}
    await until(lambda: lab.kannel.pages.of("/mo"))
    assert [given["text"].strip() for given in lab.kannel.pages.of("/mo")] == [text.strip()]
    assert lab.kannel.pages.of("/mo")[0]["from"].strip("+ ") == "33600000001"


@pytest_twisted.ensureDeferred
async def test_kannel_answers_a_subscriber(lab):
    lab.kannel.pages.reply = b"Your balance is 2.00"
    assert await lab.centre.message("BAL", "33600000001") == [0]
    await until(lambda: lab.texts())
    assert lab.texts() == ["Your balance is 2.00"] and lab.centre.submitted[0].pdu.destination_addr == "33600000001"


@pytest_twisted.ensureDeferred
async def test_kannel_tries_again_what_is_throttled(lab):
    lab.centre.faults.order(wrong.THROTTLE, 1)
    assert await lab.kannel.send("hello") == 202
    await until(lambda: lab.texts())
    assert lab.texts() == ["hello"]


@pytest_twisted.ensureDeferred
async def test_kannel_tells_of_a_refusal(lab):
    lab.centre.faults.order(wrong.REFUSE, 1)
    assert await lab.kannel.send("hello", **{"dlr-mask": "31"}) == 202
    await until(lambda: lab.types())
    assert lab.types() == [REFUSED]


@pytest.mark.parametrize("fault", [wrong.CUT, wrong.GARBAGE])
@pytest_twisted.ensureDeferred
async def test_kannel_comes_back_after_a_broken_connection(lab, fault):
    bound = lab.centre.counts["bound"]
    lab.centre.faults.order(fault, 1)
    assert await lab.kannel.send("hello") == 202
    if fault == wrong.GARBAGE:
        await until(lambda: lab.centre.faults.struck[wrong.GARBAGE])
        lab.centre.cut_all()
    await until(lambda: lab.centre.counts["bound"] > bound)
    assert await lab.centre.message("BAL", "33600000001") == [0]
    await until(lambda: lab.texts() == ["hello", "hello"])  # what was not answered it sends again


@pytest_twisted.ensureDeferred
async def test_kannel_is_asked_whether_it_is_there_and_asks(lab):
    before = lab.centre.sessions[0]._session._heard_at
    await until(lambda: lab.centre.sessions[0]._session._heard_at > before)  # it enquires every second
    assert await lab.kannel.send("still there") == 202
    await until(lambda: lab.texts() == ["still there"])

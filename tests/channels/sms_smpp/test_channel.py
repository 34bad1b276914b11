"""The whole channel at a simulated message centre that behaves badly, over real sockets and real files."""

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, gatherResults

from tectonics.domain.alphabet import GSM7, UCS2, decode
from tectonics.domain.errors import Busy
from tectonics.domain.outcome import Done, Refused, Unknown
from tectonics.simulators.smsc.faults import CUT, DOUBLE, LATE, LOSE_ANSWER, QUEUE_FULL, REFUSE, THROTTLE
from tectonics.simulators.smsc.receipts import Style
from tectonics.wire.smpp.reassembly import Reassembly, Whole
from tectonics.wire.smpp.status import Status
from tests.channels.sms_smpp.fakes import notify
from tests.links.smpp.conftest import no_fault_in_the_log  # noqa: F401
from tests.store.building import MSISDN, unit

LONG = "You owe 2.20 EUR, please recharge. " * 12


@pytest.fixture
def live(file_world):
    from tests.channels.sms_smpp.live import Live  # it has the reactor, which pytest-twisted chooses first

    made = Live(file_world, receipt_s=0.005, retry_s=0.01)
    pytest_twisted.blockon(Deferred.fromCoroutine(made.listen()))
    yield made
    pytest_twisted.blockon(Deferred.fromCoroutine(made.close()))


def arrived(live):
    """What handsets show, in the order in which it was whole."""
    reassembly, shown = Reassembly(), []
    for taken in live.centre.submitted:
        alphabet = UCS2 if taken.pdu.data_coding else GSM7
        shown += [decode(found.octets, alphabet) for found in reassembly.add(taken.pdu, 0.0) if isinstance(found, Whole)]
    return shown


@pytest_twisted.ensureDeferred
async def test_hundreds_are_sent_and_their_receipts_noted(live):
    await live.begin()
    outcomes = await gatherResults([live.send(notify(f"TEC-{n}", f"message {n}")) for n in range(300)])
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    await live.until(lambda: live.receipts() == {"smsc1,delivered": 300})
    assert live.states() == ["delivered"] * 300
    assert sorted(arrived(live)) == sorted(f"message {n}" for n in range(300))


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("way", ["udh", "sar", "payload"])
@pytest.mark.parametrize("text", [LONG, "سلفة " * 40])
async def test_a_long_one_arrives_in_one_piece(live, way, text):
    await live.begin(long_messages=way)
    assert isinstance(await live.send(notify(text=text)), Done)
    assert arrived(live) == [text]
    await live.until(lambda: set(live.states()) == {"delivered"})


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(("style", "configured"), [
    (Style("hex", "decimal"), "same"), (Style("padded", "HEX"), "same"), (Style("padded_hex", "padded"), "decimal"),
    (Style("text", "text", parameters=False), "same"), (Style("decimal", "hex", before_answer=True), "same"),
    (Style("decimal", "padded_hex", before_answer=True), "hex"), (Style(data_sm=True, ucs2=True), "same")])
async def test_receipts_in_the_centres_own_way(live, style, configured):
    await live.begin(receipt_ids=configured)
    live.centre.style = style
    live.centre.fate = lambda submitted: "UNDELIV" if submitted.number == 2 else "DELIVRD"
    for number in range(3):
        assert isinstance(await live.send(notify(f"TEC-{number}", text=f"m{number}")), Done)
    await live.until(lambda: live.states() == ["delivered", "failed", "delivered"])


@pytest_twisted.ensureDeferred
async def test_receipts_come_to_the_next_life(live):
    await live.begin()
    live.centre.fate = lambda submitted: "ENROUTE"
    await live.send(notify(text=LONG))
    await live.end()
    await live.begin()
    for taken in live.centre.submitted:
        assert await live.centre.receipt(taken) == Status.ROK
    assert live.states() == ["delivered"] * 3


@pytest_twisted.ensureDeferred
async def test_a_busy_centre_is_asked_again_and_nothing_is_doubled(live):
    await live.begin()
    live.centre.faults.order(THROTTLE, 3)
    live.centre.faults.order(QUEUE_FULL, 2)
    assert isinstance(await live.send(notify(text=LONG)), Done)
    assert arrived(live) == [LONG]
    live.centre.faults.order(REFUSE, 1)
    assert await live.send(notify("TEC-2")) == Refused("rejected", "smsc1 refused it: ESME_RSUBMITFAIL")


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("fault", [LOSE_ANSWER, CUT])
async def test_a_lost_answer_costs_a_repetition_that_is_flagged(live, fault):
    await live.begin({"response_s": 0.2})
    live.centre.faults.order(fault, 1)
    assert isinstance(await live.send(notify()), Unknown)
    assert live.states() == ["lost"]
    await live.until(lambda: live.binds.bound)
    assert isinstance(await live.send(notify()), Done)
    assert len(live.centre.submitted) == 2
    assert live.world.query("SELECT attempts, repeated FROM message") == [(2, 1)]


@pytest_twisted.ensureDeferred
async def test_a_late_answer_spares_the_repetition(live):
    await live.begin({"response_s": 0.1})
    live.centre.faults.late_s = 0.2
    live.centre.faults.order(LATE, 1)
    assert isinstance(await live.send(notify()), Unknown)
    await live.until(lambda: "lost" not in live.states())
    assert isinstance(await live.send(notify()), Done)
    assert len(live.centre.submitted) == 1


@pytest_twisted.ensureDeferred
async def test_a_centre_that_is_away_is_waited_for(live):
    await live.begin()
    await live.away()
    await live.until(lambda: not live.binds.bound)
    assert await live.send(notify()) == Refused("unreachable", "no message centre is bound")
    await live.back()
    await live.until(lambda: live.binds.bound)
    assert isinstance(await live.send(notify()), Done)
    assert live.world.query("SELECT attempts, repeated FROM message") == [(1, 0)]


@pytest_twisted.ensureDeferred
async def test_the_command_leaves_the_outbox_with_the_answer(live):
    await live.begin()
    await live.opened.store.commit(unit(1, commands=(notify(),)))
    await live.send(notify())
    assert live.world.query("SELECT count(*) FROM outbox") == [(0,)]


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("how", [{}, {"way": "sar"}, {"way": "payload", "data_sm": True}, {"way": "udh16"}])
async def test_what_a_subscriber_writes_is_told_once(live, how):
    await live.begin()
    live.centre.faults.order(DOUBLE, 2)
    assert set(await live.centre.message(LONG, MSISDN, **how)) == {Status.ROK}
    await live.until(lambda: live.centre.counts["delivered"] >= 2)
    messages = live.correspondence.messages
    assert {message.text for message in messages} == {LONG} and len({message.id for message in messages}) == 1


@pytest_twisted.ensureDeferred
async def test_what_could_not_be_taken_comes_again(live):
    await live.begin()
    live.correspondence.ends = [Busy("shed"), Busy("shed")]
    assert await live.centre.message("SOS", MSISDN) == [Status.ROK]
    messages = live.correspondence.messages
    assert [message.text for message in messages] == ["SOS"] * 3 and len({message.id for message in messages}) == 1

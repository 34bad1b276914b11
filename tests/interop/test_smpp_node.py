"""Our binds at a message centre that shares no code with us: node-smpp."""

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, gatherResults

from tectonics.domain.alphabet import GSM7, UCS2, decode
from tectonics.links.smpp.outcome import Accepted, Lost, Rejected, Unsent
from tectonics.wire.data_coding import read
from tectonics.wire.smpp.parts import PAYLOAD, SAR, UDH8, split
from tectonics.wire.smpp.pdus import SubmitSm, message_octets
from tectonics.wire.smpp.reassembly import Reassembly, Whole
from tectonics.wire.smpp.receipts import receipt_of
from tectonics.wire.smpp.status import Status
from tectonics.wire.smpp.tlvs import ItsSessionInfo, Tag, Tlv
from tests.interop.node_smsc import NodeSmsc
from tests.links.smpp.loopback import Ours, submit, until


@pytest.fixture
def node():
    made = NodeSmsc()
    yield made
    pytest_twisted.blockon(Deferred.fromCoroutine(made.stop()))


@pytest.fixture
def ours(node):
    made = Ours(pytest_twisted.blockon(Deferred.fromCoroutine(node.start())))
    yield made
    pytest_twisted.blockon(Deferred.fromCoroutine(made.close()))


@pytest.mark.parametrize("bind", ["transceiver", "transmitter", "receiver"])
@pytest_twisted.ensureDeferred
async def test_binds(node, ours, bind):
    await ours.up(ours.account(bind=bind))
    assert await node.until("bound") == [{"bound": "tectonics", "as": f"bind_{bind}", "version": 0x34}]
    await ours.binds.stop()
    assert await node.until("unbound") and await node.until("closed")
    assert node.all("error") == []


@pytest_twisted.ensureDeferred
async def test_submits_in_both_alphabets_and_in_parts(node, ours):
    await ours.up()
    to = {"source_addr": "133", "destination_addr": "33600000001", "dest_addr_ton": 1, "dest_addr_npi": 1}
    long_text = ("Крeдит " * 30).encode("utf-16-be")
    pdus = [submit("Hello {€}"[:5], dest_addr_ton=1), SubmitSm(**to, data_coding=8, short_message="Привет".encode("utf-16-be"))]
    for way in (UDH8, SAR, PAYLOAD):
        pdus += [SubmitSm(**to, data_coding=8, short_message=part.short_message, esm_class=part.esm_class, tlvs=part.tlvs)
                 for part in split(long_text, UCS2, way, 7)]
    outcomes = await gatherResults([ours.send_pdu(pdu) for pdu in pdus])
    assert outcomes == [Accepted("smsc1", f"node-{n}") for n in range(1, len(pdus) + 1)]
    said = await node.until("submitted", len(pdus))
    assert [(one["submitted"], one["coding"], one["ton"]) for one in said[:2]] == [("Hello", 0, 1), ("Привет", 8, 1)]
    text = long_text.decode("utf-16-be")
    assert [one["udh"] for one in said[2:6]] == [[f"00030704{n:02x}"] for n in (1, 2, 3, 4)]
    assert "".join(one["submitted"] for one in said[2:6]) == text
    assert [one["sar"] for one in said[6:10]] == [[7, 4, n] for n in (1, 2, 3, 4)]
    assert "".join(one["submitted"] for one in said[6:10]) == text


@pytest_twisted.ensureDeferred
async def test_receipts_come_and_are_answered(node, ours):
    await ours.up()
    outcome = await ours.send_pdu(submit("hello", registered_delivery=1))
    await ours.until(lambda: ours.heard)
    receipt = receipt_of(ours.heard[0][1])
    assert (receipt.id, receipt.state) == (outcome.message_id, "delivered") == ("node-1", "delivered")
    assert await node.until("receipt_answered") == [{"receipt_answered": 0}]


@pytest_twisted.ensureDeferred
async def test_subscribers_write(node, ours):
    await ours.up()
    await node.order(deliver={"source_addr": "33600000001", "destination_addr": "133", "short_message": "BAL"})
    await node.order(deliver={"source_addr": "33600000001", "destination_addr": "133", "short_message": "Привет", "data_coding": 8})
    await node.order(deliver={"source_addr": "33600000001", "destination_addr": "133", "payload_hex": b"x".hex() * 300})
    assert await node.until("answered", 3) == [{"answered": 0}] * 3
    texts = []
    for _, pdu in ours.heard:
        alphabet, octets = read(message_octets(pdu), pdu.data_coding)
        texts.append(decode(octets, alphabet))
    assert texts[0] == "BAL" and texts[1] == "Привет" and texts[2] == "x" * 300


@pytest_twisted.ensureDeferred
async def test_a_long_message_of_a_subscriber(node, ours):
    await ours.up()
    parts = split(b"long " * 60, GSM7, UDH8, 9)
    for part in parts:
        await node.order(deliver={"source_addr": "33600000001", "destination_addr": "133", "esm_class": 0x40,
                            "hex": part.short_message.hex()})
    await node.until("answered", len(parts))
    reassembly = Reassembly()
    [whole] = [found for _, pdu in ours.heard for found in reassembly.add(pdu, 0.0)]
    assert isinstance(whole, Whole) and whole.octets == b"long " * 60


@pytest_twisted.ensureDeferred
async def test_ussd_parameters_both_ways(node, ours):
    await ours.up()
    await node.order(deliver={"source_addr": "33600000001", "destination_addr": "133", "service_type": "USSD", 
                              "ussd_service_op": 1, "session_hex": "0500", "short_message": "*133#"})
    await node.until("answered")
    dialled = ours.heard[0][1]
    assert (dialled.tlv(Tag.USSD_SERVICE_OP), dialled.tlv(Tag.ITS_SESSION_INFO)) == (1, ItsSessionInfo(5, 0))
    tlvs = Tlv(Tag.USSD_SERVICE_OP, 2), Tlv(Tag.ITS_SESSION_INFO, ItsSessionInfo(5, 1))
    await ours.send_pdu(SubmitSm("USSD", destination_addr="33600000001", short_message=b"1. 1.00", tlvs=tlvs),
                        session=ours.heard[0][0])
    [said] = await node.until("submitted")
    assert said["submitted"] == "1. 1.00" and said["op"] in (2, "02")


@pytest_twisted.ensureDeferred
async def test_errors_and_throttling(node, ours):
    await ours.up()
    await node.order(next=[{"status": Status.RINVDSTADR}, {"status": Status.RTHROTTLED}, {"status": Status.RMSGQFUL}, {}])
    assert await ours.send("refused") == Rejected("smsc1", Status.RINVDSTADR)
    assert await ours.send("put off") == Accepted("smsc1", "node-1")
    assert [one["submitted"] for one in node.all("submitted")] == ["refused", "put off", "put off", "put off"]
    assert ours.counted("throttled_total") == {"smsc1": 2}


@pytest_twisted.ensureDeferred
async def test_an_answer_that_is_lost_or_late(node, ours):
    await ours.up(ours.account(response_s=0.1))
    await node.order(next=[{"drop": True}, {"late_ms": 300}])
    assert isinstance(await ours.send("dropped"), Lost)
    assert isinstance(await ours.send("late"), Lost)
    await ours.until(lambda: ours.late)
    assert (ours.late[0][0].short_message, ours.late[0][2]) == (b"late", "node-1")
    assert isinstance(await ours.send("well"), Accepted) and len(node.all("bound")) == 1


@pytest_twisted.ensureDeferred
async def test_a_wrong_password(node, ours):
    binds = ours.bind(ours.account(), password="wrong")
    await node.until("refused", 2)
    await ours.until(lambda: binds.shown()[0]["why"].endswith("ESME_RINVPASWD"))
    assert isinstance(await ours.send("m", wait_s=0.05), Unsent) and node.all("submitted") == []


@pytest_twisted.ensureDeferred
async def test_hangs_up_in_the_middle_and_is_bound_again(node, ours):
    await ours.up()
    await node.order(next=[{"hang_up": True}])
    assert isinstance(await ours.send("lost"), Lost)
    assert isinstance(await ours.send("again"), Accepted)
    await node.order(unbind=True)
    assert await node.until("unbind_answered") == [{"unbind_answered": 0}]
    await node.until("bound", 3)
    assert isinstance(await ours.send("and again"), Accepted)


@pytest_twisted.ensureDeferred
async def test_both_ask_whether_the_other_is_there(node, ours):
    await ours.up(ours.account(enquire_s=1))
    await node.order(enquire=True)
    assert await node.until("enquiry_answered") == [{"enquiry_answered": 0}]
    assert await node.until("enquired")


@pytest_twisted.ensureDeferred
async def test_octets_that_are_no_pdu_are_answered_as_node_expects(node, ours):
    await ours.up()
    await node.order(raw="00000010 00000999 00000000 00000009".replace(" ", ""))
    assert isinstance(await ours.send("still there"), Accepted)
    assert ours.counted("bad_pdus_total") == {"smsc1": 1}
    await node.order(raw="00000004 00000999 00000000 00000009".replace(" ", ""))
    await node.until("bound", 2)


@pytest_twisted.ensureDeferred
async def test_a_thousand_over_several_sessions(node, ours):
    await ours.up(ours.account(sessions=4, window=10))
    outcomes = await gatherResults([ours.send(f"m{n}") for n in range(1000)])
    assert {type(outcome) for outcome in outcomes} == {Accepted} and len({one.message_id for one in outcomes}) == 1000
    await until(lambda: len(node.all("submitted")) == 1000)

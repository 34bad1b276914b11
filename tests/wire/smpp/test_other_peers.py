"""Both ends of our session over real sockets against peers that share no code with it: smpp34 (Rust), smpplib."""

import asyncio
import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import smpp34
import smpplib.client
import smpplib.gsm

from tectonics.wire.smpp.esme import Esme
from tectonics.wire.smpp.events import Answered, Asked, BindAsked, Bound, Closed
from tectonics.wire.smpp.parts import UDH8, split
from tectonics.wire.smpp.pdus import BindTransceiver, DeliverSm, DeliverSmResp, SubmitSm, SubmitSmResp
from tectonics.wire.smpp.reassembly import Reassembly, Whole
from tectonics.wire.smpp.receipts import DELIVERED, Receipt, receipt_of
from tectonics.wire.smpp.smsc import Smsc
from tectonics.wire.smpp.status import Status
from tectonics.wire.smpp.tlvs import ItsSessionInfo, Tag, Tlv

PATIENCE_S = 20.0  # only ever reached by a test that fails
USSD = [smpp34.Tlv(smpp34.TLV_USSD_SERVICE_OP, b"\x01"), smpp34.Tlv(smpp34.TLV_ITS_SESSION_INFO, b"\x05\x00")]


def apart(work) -> Future:
    """The result of `work`, done in a thread of its own; a coroutine on a loop of its own."""
    pool = ThreadPoolExecutor(1)
    done = pool.submit(asyncio.run, asyncio.wait_for(work, PATIENCE_S)) if asyncio.iscoroutine(work) else pool.submit(work)
    pool.shutdown(wait=False)
    return done


class Talk:
    """A session on a socket, moved on by hand."""

    def __init__(self, session, sock: socket.socket) -> None:
        self.session, self.sock, self.events = session, sock, []
        sock.settimeout(PATIENCE_S)

    def until(self, kind: type):
        """Goes on until the session reports such an event."""
        self.sock.sendall(self.session.take())
        while not self.events or not isinstance(self.events[0], kind):
            assert Closed not in map(type, self.events), self.events
            octets = self.sock.recv(65536)
            self.events += self.session.receive(octets, 0.0) if octets else self.session.close("connection lost")
            self.sock.sendall(self.session.take())
        return self.events.pop(0)


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_S)
        yield server


def port_of(server: socket.socket) -> int:
    return server.getsockname()[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return port_of(server)


async def rust_smsc(port: int, listening: threading.Event, over: threading.Event) -> list:
    """A message centre in Rust: one dial is delivered, two messages are answered, one of them badly."""
    server = smpp34.Server("127.0.0.1", port, system_id="rust")
    await server.start()
    listening.set()
    esme = await server.next()
    pushed = asyncio.ensure_future(esme.deliver_sm(
        "133", b"*133#", source_addr="33600000001", service_type="USSD", tlvs=USSD))
    seen = [esme.system_id]
    for answer in (lambda event: event.accept("1a2b"), lambda event: event.reject(smpp34.ESME_RTHROTTLED)):
        event = await server.next()
        seen.append((event.short_message, [(tlv.tag, bytes(tlv.value)) for tlv in event.tlvs]))
        answer(event)
    seen.append((await pushed).is_success)
    seen.append(type(await server.next()).__name__)
    await asyncio.to_thread(over.wait, PATIENCE_S)  # else it stops before all that it says is written
    await server.stop()
    return seen


def test_our_esme_and_a_centre_in_rust():
    port, listening, over = free_port(), threading.Event(), threading.Event()
    centre = apart(rust_smsc(port, listening, over))
    assert listening.wait(PATIENCE_S)
    with socket.create_connection(("127.0.0.1", port)) as sock:
        talk = Talk(Esme(0.0), sock)
        talk.session.bind(BindTransceiver("me", "secret"), 0.0)
        assert talk.until(Bound).answer.system_id == "rust"
        dial = talk.until(Asked).request
        assert (dial.short_message, dial.tlv(Tag.USSD_SERVICE_OP), dial.tlv(Tag.ITS_SESSION_INFO)) == (
            b"*133#", 1, ItsSessionInfo(5, 0))
        talk.session.answer(dial, DeliverSmResp())
        menu = Tlv(Tag.USSD_SERVICE_OP, 2), Tlv(Tag.ITS_SESSION_INFO, ItsSessionInfo(5, 1))
        for text, status, id in ((b"1. 1.00 EUR", Status.ROK, "1a2b"), (b"more", Status.RTHROTTLED, "")):
            talk.session.send(SubmitSm("USSD", destination_addr="33600000001", short_message=text, tlvs=menu), text, 0.0)
            answered = talk.until(Answered)
            assert (answered.token, answered.answer.status, answered.answer.message_id) == (text, status, id)
        talk.session.unbind(0.0)
        assert talk.until(Closed).why in ("unbound", "connection lost")  # it hangs up, sometimes before it answers
    over.set()
    tlvs = [(Tag.USSD_SERVICE_OP, b"\x02"), (Tag.ITS_SESSION_INFO, b"\x05\x02")]
    assert centre.result(PATIENCE_S) == ["me", (b"1. 1.00 EUR", tlvs), (b"more", tlvs), True, "Unbound"]


async def rust_esme(port: int, heard_out: threading.Event) -> list:
    """A client in Rust: submits, hears one message, unbinds."""
    client = smpp34.Client("127.0.0.1", port, "rust", "secret", bind_type="TRX")
    smsc = await client.connect()
    answer = await smsc.submit_sm("33600000001", b"hello", source_addr="133", tlvs=[
        smpp34.Tlv(smpp34.TLV_USER_MESSAGE_REFERENCE, b"\x12\x34")])
    heard = await smsc.next()
    await asyncio.to_thread(heard_out.wait, PATIENCE_S)
    await smsc.unbind()
    await client.stop()
    return [smsc.system_id, answer.message_id, heard.short_message, [(tlv.tag, bytes(tlv.value)) for tlv in heard.tlvs]]


def test_our_smsc_and_an_esme_in_rust(listener):
    heard_out = threading.Event()
    esme = apart(rust_esme(port_of(listener), heard_out))
    with listener.accept()[0] as sock:
        talk = Talk(Smsc(0.0), sock)
        bind = talk.until(BindAsked).bind
        assert (type(bind), bind.system_id, bind.password) == (BindTransceiver, "rust", "secret")
        talk.session.accept(bind, "us")
        message = talk.until(Asked).request
        assert (message.short_message, message.tlv(Tag.USER_MESSAGE_REFERENCE)) == (b"hello", 0x1234)
        talk.session.answer(message, SubmitSmResp("77"))
        session = Tlv(Tag.ITS_SESSION_INFO, ItsSessionInfo(9, 3, ends=True))
        talk.session.send(DeliverSm(source_addr="33600000001", short_message=b"1", tlvs=(session,)), "mo", 0.0)
        assert talk.until(Answered).answer.status == Status.ROK
        heard_out.set()
        assert talk.until(Closed).why == "unbound by the peer"
    assert esme.result(PATIENCE_S) == ["rust", "77", b"1", [(Tag.ITS_SESSION_INFO, b"\x09\x07")]]


def smpplib_esme(port: int) -> list:
    """A client of smpplib: a wrong password, then a long message in parts, one delivered, good-bye."""
    heard, ids = [], []
    client = smpplib.client.Client("127.0.0.1", port, allow_unknown_opt_params=True)
    client.set_message_received_handler(lambda pdu: heard.append((pdu.short_message, pdu.receipted_message_id)))
    client.set_message_sent_handler(lambda pdu: ids.append(pdu.message_id))
    client.connect()
    with pytest.raises(smpplib.exceptions.PDUError):
        client.bind_transceiver(system_id="lib", password="wrong")
    client.bind_transceiver(system_id="lib", password="secret")
    parts, coding, esm_class = smpplib.gsm.make_parts("€" * 100)
    for part in parts:
        client.send_message(source_addr="33600000001", destination_addr="133", short_message=part, data_coding=coding,
                            esm_class=esm_class)
    while len(ids) < len(parts) or not heard:
        client.read_once()
    client.unbind()
    client.disconnect()
    return [ids, heard]


def test_our_smsc_and_smpplib(listener):
    esme = apart(lambda: smpplib_esme(port_of(listener)))
    with listener.accept()[0] as sock:
        talk = Talk(Smsc(0.0), sock)
        talk.session.refuse(talk.until(BindAsked).bind, Status.RINVPASWD)
        talk.session.accept(talk.until(BindAsked).bind, "us")
        reassembly, found = Reassembly(), []
        while not found:
            part = talk.until(Asked).request
            found = reassembly.add(part, 0.0)
            talk.session.answer(part, SubmitSmResp(f"id{len(reassembly)}"))
        assert [type(one) for one in found] == [Whole]
        assert found[0].octets == b"\x1b\x65" * 100
        talk.session.send(DeliverSm(esm_class=4, short_message=b"id:id1 stat:DELIVRD", tlvs=(
            Tlv(Tag.RECEIPTED_MESSAGE_ID, "id1"), Tlv(Tag.MESSAGE_STATE, 2))), "receipt", 0.0)
        assert talk.until(Answered).answer.status == Status.ROK
        assert talk.until(Closed).why == "unbound by the peer"
    assert esme.result(PATIENCE_S) == [[b"id1", b"id0"], [(b"id:id1 stat:DELIVRD", b"id1")]]


async def rust_receiver(port: int, heard_out: threading.Event) -> list:
    """A client in Rust that hears what a centre delivers."""
    client = smpp34.Client("127.0.0.1", port, "rust", "secret", bind_type="RX")
    smsc = await client.connect()
    heard = [await smsc.next() for _ in range(3)]
    await asyncio.to_thread(heard_out.wait, PATIENCE_S)
    await client.stop()
    return [(event.esm_class, event.short_message) for event in heard]


def test_parts_and_a_receipt_arrive_in_rust_as_they_were_sent(listener):
    heard_out = threading.Event()
    esme = apart(rust_receiver(port_of(listener), heard_out))
    receipt = DeliverSm(esm_class=4, short_message=b"id:7 stat:DELIVRD err:000")
    assert receipt_of(receipt) == Receipt("7", DELIVERED, "000")
    sent = [DeliverSm(esm_class=part.esm_class, short_message=part.short_message)
            for part in split(b"x" * 200, "gsm7", UDH8, 3)] + [receipt]
    with listener.accept()[0] as sock:
        talk = Talk(Smsc(0.0), sock)
        talk.session.accept(talk.until(BindAsked).bind, "us")
        for pdu in sent:
            talk.session.send(pdu, None, 0.0)
            talk.until(Answered)
        heard_out.set()
        assert esme.result(PATIENCE_S) == [(pdu.esm_class, pdu.short_message) for pdu in sent]

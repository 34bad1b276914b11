"""The simulated gateway against the real port: what it sends, its faults, its speed lane."""

import http.server
import threading

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import gatherResults
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from tectonics.domain.screens import Style
from tectonics.simulators.ussd_gateway import BlockingGateway, Gateway, GatewayFault, read_screen
from tests.channels.peers import Failures, House

ALICE = "33600000001"


@pytest_twisted.async_yield_fixture
async def house():
    house = House(reactor).listen(reactor)
    with Failures() as failures:
        yield house
        await house.close()
    assert failures == []


def gateway_to(house, **options):
    return Gateway(reactor, "127.0.0.1", house.number, **options)


@pytest_twisted.ensureDeferred
async def test_a_session_accumulates_its_inputs(house):
    gateway = gateway_to(house)
    handset = gateway.dial(ALICE, session="S7")
    assert await handset.first == (True, "S7 *133# ")
    assert await handset.send("1") == (False, "S7 *133# 1")
    assert await handset.send("2") == (False, "S7 *133# 1*2")
    assert await handset.again() == (False, "S7 *133# 1*2")
    assert [dialled.text for dialled in house.dialogue.asked] == ["", "1", "1*2", "1*2"]
    assert {dialled.msisdn for dialled in house.dialogue.asked} == {ALICE}
    assert await handset.end() == (200, b"OK\n")
    assert house.dialogue.over == [("S7", ALICE)]
    assert house.factory.connections == 1, "one connection carried it all"
    gateway.close()


@pytest_twisted.ensureDeferred
async def test_mode_last_with_a_step_counter():
    house = House(reactor, style=Style(mode="last", counted=True), step_field="hop").listen(reactor)
    gateway = gateway_to(house, mode="last", step_field="hop")
    handset = gateway.dial(ALICE)
    await handset.first
    await handset.send("1")
    await handset.send("1")
    await handset.again()
    assert [(dialled.text, dialled.step) for dialled in house.dialogue.asked] == [("", 0), ("1", 1), ("1", 2), ("1", 2)]
    gateway.close()
    await house.close()


@pytest_twisted.ensureDeferred
async def test_the_same_post_in_parallel(house):
    gateway = gateway_to(house, connections=5)
    handset = gateway.dial(ALICE, session="S1")
    await handset.first
    assert await handset.together(5, "1") == [(200, b"END S1 *133# 1")] * 5
    assert house.factory.connections == 5
    gateway.close()


@pytest_twisted.ensureDeferred
async def test_sessions_can_be_repeated_from_a_seed(house):
    first, second, other = gateway_to(house, seed=1), gateway_to(house, seed=1), gateway_to(house, seed=2)
    drawn = []
    for gateway in (first, second, other):
        handset = gateway.dial(ALICE)
        await handset.first
        drawn.append(handset.session)
        gateway.close()
    assert drawn[0] == drawn[1] != drawn[2]


@pytest_twisted.ensureDeferred
async def test_a_dropped_connection_and_half_a_request(house):
    gateway = gateway_to(house)
    handset = gateway.dial(ALICE, session="S1")
    await handset.first
    await handset.send_half("1")
    assert [dialled.text for dialled in house.dialogue.asked] == [""]
    await handset.again()
    await handset.send_and_drop("2")
    assert await handset.again() == (False, "S1 *133# 1*2")
    gateway.close()
    while house.factory.connections:
        await deferLater(reactor, 0)
    assert [dialled.text for dialled in house.dialogue.asked].count("1*2") in (1, 2)


@pytest_twisted.ensureDeferred
async def test_a_refusal_is_a_fault_with_its_sentence(house):
    gateway = gateway_to(house)
    with pytest.raises(GatewayFault, match="^phoneNumber: not a telephone number") as error:
        await gateway.dial("12").first
    assert error.value.status == 400
    assert await gateway.raw(b"x", b"/nowhere") == (404, b"only /ussd and /ussd/end are served here\n")
    gateway.close()


@pytest_twisted.ensureDeferred
async def test_nobody_listens():
    house = House(reactor).listen(reactor)
    gateway = gateway_to(house)
    await house.close()
    with pytest.raises(GatewayFault) as error:
        await gateway.dial(ALICE).first
    assert error.value.status == 0


@pytest_twisted.ensureDeferred
async def test_the_daemon_goes_while_it_is_asked():
    house = House(reactor).listen(reactor)
    gateway = gateway_to(house)
    handset = gateway.dial(ALICE)
    await handset.first
    waiting = handset.send("hold")
    while "hold" not in house.dialogue.held:
        await deferLater(reactor, 0)
    await house.close()
    with pytest.raises(GatewayFault) as error:
        await waiting
    assert error.value.status == 0


@pytest_twisted.ensureDeferred
async def test_whole_sessions_for_load(house):
    gateway = gateway_to(house, connections=4)
    runs = await gatherResults([gateway.run_session(f"336000000{n:02d}", ("1", "2")) for n in range(40)])
    for latencies, status, body in runs:
        assert len(latencies) == 2, "the fake dialogue ends at the first input"
        assert (status, body[:4]) == (200, b"END ")
    assert len(house.dialogue.asked) == 80
    assert house.factory.connections == 4
    latencies, status, _ = await gateway.run_session("12")
    assert (len(latencies), status) == (1, 400)
    gateway.close()


@pytest_twisted.ensureDeferred
async def test_a_handset_for_a_program_that_waits(house):
    gateway = BlockingGateway("127.0.0.1", house.number)
    assert await deferToThread(gateway.dial, ALICE, "*133*#", "T1") == (True, "T1 *133# ")
    assert await deferToThread(gateway.send, "1") == (False, "T1 *133# 1")
    await deferToThread(gateway.end)
    assert house.dialogue.over == [("T1", ALICE)]
    with pytest.raises(GatewayFault, match="^serviceCode: "):
        await deferToThread(gateway.dial, ALICE, "hello")
    gateway.close()


def test_nobody_answers_a_program_that_waits():
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        port = server.server_port
    with pytest.raises(OSError):
        BlockingGateway("127.0.0.1", port).dial(ALICE)


def test_an_answer_that_is_no_http_is_a_connection_error():
    class Nonsense(http.server.BaseHTTPRequestHandler):
        def handle(self):
            self.rfile.readline()
            self.wfile.write(b"nonsense\r\n\r\n")

    with http.server.HTTPServer(("127.0.0.1", 0), Nonsense) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(ConnectionError):
            BlockingGateway("127.0.0.1", server.server_port).dial(ALICE)
        thread.join()


@pytest.mark.parametrize(("status", "body"), [(200, b"hello"), (500, b"CON x"), (200, b"CONx"), (200, b"")])
def test_what_is_no_screen(status, body):
    with pytest.raises(GatewayFault):
        read_screen(status, body)

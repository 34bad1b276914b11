"""The gateway port over real sockets: every answer, and what bad peers do."""

import random

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import gatherResults
from twisted.internet.task import Clock, deferLater

from tectonics.channels.gateway_http import Limits
from tests.channels.peers import FORM, Failures, House, connect, parse, post


@pytest_twisted.async_yield_fixture
async def house():
    house = House(reactor).listen(reactor)
    with Failures() as failures:
        yield house
        await house.close()
    assert failures == []


async def ask(house, *chunks, answers=1):
    peer = await connect(reactor, house.number)
    for chunk in chunks:
        peer.transport.write(chunk)
    result = await peer.answers(answers)
    peer.transport.loseConnection()
    return result


@pytest_twisted.ensureDeferred
async def test_a_dialling_is_answered_with_a_screen(house):
    assert await ask(house, post(FORM)) == [(200, b"CON S1 *133# ")]
    (dialled,) = house.dialogue.asked
    assert (dialled.session, dialled.msisdn, dialled.code, dialled.text) == ("S1", "33600000001", "*133#", "")
    assert abs(dialled.at / 1000 - reactor.seconds()) < 60
    assert house.metrics.result("ok") == 1


@pytest_twisted.ensureDeferred
async def test_an_input_ends_the_session_with_plain_text(house):
    peer = await connect(reactor, house.number)
    peer.transport.write(post(FORM + b"1*1"))
    assert await peer.answers(1) == [(200, b"END S1 *133# 1*1")]
    assert b"content-type: text/plain; charset=utf-8\r\n" in peer.received.lower()


@pytest_twisted.ensureDeferred
async def test_a_screen_travels_as_utf_8(house):
    assert await ask(house, post(FORM + "é€".encode())) == [(200, "END S1 *133# é€".encode())]


@pytest_twisted.ensureDeferred
async def test_the_end_of_a_session_reaches_the_dialogue(house):
    assert await ask(house, post(b"sessionId=S1&phoneNumber=33600000001", b"/ussd/end")) == [(200, b"OK\n")]
    assert house.dialogue.over == [("S1", "33600000001")]
    answers = await ask(house, post(b"sessionId=S1", b"/ussd/end"))
    assert answers == [(400, b"phoneNumber: missing\n")]


@pytest.mark.parametrize(("request_head", "status", "says"), [
    (b"GET /ussd HTTP/1.1\r\nHost: g\r\n\r\n", 405, b"only POST"),
    (b"POST /other HTTP/1.1\r\nHost: g\r\nContent-Length: 0\r\n\r\n", 404, b"only /ussd"),
    (b"GET / HTTP/1.1\r\nHost: g\r\n\r\n", 404, b"only /ussd"),
    (b"DELETE /ussd/end HTTP/1.1\r\nHost: g\r\n\r\n", 405, b"only POST"),
])
@pytest_twisted.ensureDeferred
async def test_other_paths_and_methods(house, request_head, status, says):
    peer = await connect(reactor, house.number)
    peer.transport.write(request_head + post(FORM))
    (first, body), second = await peer.answers(2)
    assert first == status
    assert body.startswith(says)
    assert body.count(b"\n") == 1
    assert second[0] == 200, "the connection survives"
    assert house.metrics.result("bad") == 1


@pytest_twisted.ensureDeferred
async def test_head_gets_no_body(house):
    peer = await connect(reactor, house.number)
    peer.transport.write(b"HEAD /ussd HTTP/1.1\r\nHost: g\r\n\r\n")
    await peer.when(lambda data: data.endswith(b"\r\n\r\n"))
    assert peer.received.startswith(b"HTTP/1.1 405 ")
    assert b"Allow: POST\r\n" in peer.received


@pytest_twisted.ensureDeferred
async def test_a_bad_form_is_refused_in_one_line_and_the_connection_survives(house):
    answers = await ask(house, post(b"\xff\xfe") + post(FORM + b"%zz") + post(FORM + b"\xff") + post(FORM), answers=4)
    assert answers == [(400, b"sessionId: missing\n"),
                       (400, b"text: a percent sign that is not followed by two hexadecimal digits\n"),
                       (400, b"text: not UTF-8\n"), (200, b"CON S1 *133# ")]
    assert (house.metrics.result("bad"), house.metrics.result("ok")) == (3, 1)


@pytest_twisted.ensureDeferred
async def test_pipelined_requests_are_answered_in_order(house):
    peer = await connect(reactor, house.number)
    peer.transport.write(post(FORM + b"hold1") + post(FORM + b"hold2") + post(FORM + b"3"))
    second = await connect(reactor, house.number)
    second.transport.write(post(FORM + b"other"))
    await second.answers(1)
    assert peer.received == b""
    house.dialogue.held["hold2"]()
    house.dialogue.held["hold1"]()
    answers = await peer.answers(3)
    assert [body[-5:] for _, body in answers] == [b"hold1", b"hold2", b"33# 3"]


@pytest_twisted.ensureDeferred
async def test_more_pipelined_requests_than_the_bound_wait_their_turn():
    house = House(reactor, limits=Limits(exchanges_max=4)).listen(reactor)
    peer = await connect(reactor, house.number)
    peer.transport.write(b"".join(post(FORM + b"hold%d" % n) for n in range(1000)))
    marker = await connect(reactor, house.number)
    marker.transport.write(post(FORM + b"x"))
    await marker.answers(1)
    for n in range(1000):
        assert len(house.dialogue.held) - n <= 4
        while f"hold{n}" not in house.dialogue.held:
            await ask(house, post(FORM + b"x"))
        house.dialogue.held[f"hold{n}"]()
    answers = await peer.answers(1000)
    assert [body.split()[-1] for _, body in answers] == [b"hold%d" % n for n in range(1000)]
    await house.close()


@pytest_twisted.ensureDeferred
async def test_a_crowd_that_waited_is_answered_at_once_without_recursion(house):
    peer = await connect(reactor, house.number)
    peer.transport.write(b"".join(post(FORM + b"hold%d" % n) for n in range(64)))
    peer.transport.write(post(b"x") * 900)
    await ask(house, post(FORM))
    for n in range(64):
        house.dialogue.held[f"hold{n}"]()
    answers = await peer.answers(964)
    assert [status for status, _ in answers] == [200] * 64 + [400] * 900


@pytest_twisted.ensureDeferred
async def test_byte_by_byte_is_the_same_as_whole(house):
    stream = post(FORM) + post(b"bad") + post(FORM + b"2") + b"GET /x HTTP/1.1\r\n\r\n"
    peer = await connect(reactor, house.number)
    peer.transport.setTcpNoDelay(True)
    for n in range(len(stream)):
        peer.transport.write(stream[n:n + 1])
        peer.transport.doWrite()
    assert await peer.answers(4) == await ask(house, stream, answers=4)


@pytest_twisted.ensureDeferred
async def test_concurrent_requests_on_many_connections(house):
    peers = await gatherResults([connect(reactor, house.number) for _ in range(50)])
    for peer in peers:
        peer.transport.write(post(FORM))
    for peer in peers:
        assert await peer.answers(1) == [(200, b"CON S1 *133# ")]
    assert house.metrics.result("ok") == 50


@pytest_twisted.ensureDeferred
async def test_ten_megabytes_are_refused_read_off_and_closed_without_a_reset(house):
    peer = await connect(reactor, house.number)
    peer.transport.write(post(b"x" * 10_000_000))
    received = await peer.closed
    assert parse(received) == [(413, b"the body is too large\n")]
    assert peer.clean, "no reset"
    assert house.metrics.result("too_large") == 1
    assert house.dialogue.asked == []


@pytest_twisted.ensureDeferred
async def test_a_chunked_body_is_taken_and_one_without_end_refused(house):
    head = b"POST /ussd HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(FORM), FORM)
    assert await ask(house, head + chunks) == [(200, b"CON S1 *133# ")]
    peer = await connect(reactor, house.number)
    peer.transport.write(head + b"".join(b"400\r\n%s\r\n" % (b"x" * 1024) for _ in range(2000)))
    assert parse(await peer.closed)[0][0] == 413
    assert peer.clean


@pytest_twisted.ensureDeferred
async def test_expect_continue(house):
    peer = await connect(reactor, house.number)
    request = post(FORM, b"/ussd", b"Expect: 100-continue")
    peer.transport.write(request[:-len(FORM)])
    await peer.when(lambda data: data == b"HTTP/1.1 100 Continue\r\n\r\n")
    peer.transport.write(FORM)
    assert await peer.answers(1) == [(200, b"CON S1 *133# ")]
    too_large = await connect(reactor, house.number)
    too_large.transport.write(b"POST /ussd HTTP/1.1\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n")
    assert (await too_large.answers(1))[0][0] == 413
    assert b"100 Continue" not in too_large.received


@pytest_twisted.ensureDeferred
async def test_continue_waits_for_the_answers_before_it(house):
    peer = await connect(reactor, house.number)
    expecting = post(FORM, b"/ussd", b"Expect: 100-continue")[:-len(FORM)]
    peer.transport.write(post(FORM + b"hold") + expecting)
    await ask(house, post(FORM))
    assert peer.received == b""
    house.dialogue.held["hold"]()
    await peer.when(lambda data: data.endswith(b"100 Continue\r\n\r\n"))
    peer.transport.write(FORM)
    await peer.when(lambda data: b"CON S1" in data)


@pytest_twisted.ensureDeferred
async def test_an_offer_of_http_2_is_ignored_and_the_body_read(house):
    offer = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA")
    stream = post(FORM, b"/ussd", *offer) * 300 + post(FORM + b"1")
    answers = await ask(house, stream, answers=301)
    assert answers == [(200, b"CON S1 *133# ")] * 300 + [(200, b"END S1 *133# 1")]


@pytest.mark.parametrize("garbage", [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"hello\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST /ussd HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /ussd HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", b"POST /ussd HTTP/7.3\r\n\r\n", b"POST /ussd\r\n\r\n",
    b"POST /ussd HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", b"\x00" * 1000,
])
@pytest_twisted.ensureDeferred
async def test_what_is_not_http_is_told_so_and_closed(house, garbage):
    peer = await connect(reactor, house.number)
    peer.transport.write(garbage)
    ((status, body),) = parse(await peer.closed)
    assert status in (400, 505)
    assert body.count(b"\n") == 1
    assert peer.clean
    assert house.metrics.result("bad") == 1
    assert await ask(house, post(FORM)) == [(200, b"CON S1 *133# ")], "others are served"


@pytest.mark.parametrize("head", [
    b"POST /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
    b"POST /ussd HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    b"POST /ussd HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    b"POST /ussd HTTP/1.1\r\n" + b"X" * 200_000,
])
@pytest_twisted.ensureDeferred
async def test_a_head_without_measure_is_refused(house, head):
    peer = await connect(reactor, house.number)
    peer.transport.write(head)
    assert parse(await peer.closed) == [(431, b"the head of the request is too large\n")]
    assert peer.clean


@pytest_twisted.ensureDeferred
async def test_connect_and_upgrade_to_a_tunnel_are_refused(house):
    peer = await connect(reactor, house.number)
    peer.transport.write(b"CONNECT example.org:443 HTTP/1.1\r\n\r\n" + post(FORM))
    assert parse(await peer.closed) == [(405, b"only POST is served here\n")]


@pytest_twisted.ensureDeferred
async def test_half_a_request_does_no_harm(house):
    for cut in (1, 20, 60, len(post(FORM)) - 1):
        peer = await connect(reactor, house.number)
        peer.transport.write(post(FORM)[:cut])
        peer.transport.loseConnection()
        await peer.closed
    assert await ask(house, post(FORM)) == [(200, b"CON S1 *133# ")]
    assert len(house.dialogue.asked) == 1


@pytest_twisted.ensureDeferred
async def test_a_peer_that_closes_its_half_still_gets_its_answer(house):
    peer = await connect(reactor, house.number)
    peer.transport.write(post(FORM + b"hold"))
    peer.transport.loseWriteConnection()
    await ask(house, post(FORM))
    house.dialogue.held["hold"]()
    assert parse(await peer.closed) == [(200, b"END S1 *133# hold")]
    assert peer.clean


@pytest_twisted.ensureDeferred
async def test_a_peer_that_leaves_before_its_answer_does_no_harm(house):
    peer = await connect(reactor, house.number)
    peer.transport.write(post(FORM + b"hold"))
    await ask(house, post(FORM))
    peer.transport.abortConnection()
    await peer.closed
    await ask(house, post(FORM))
    house.dialogue.held["hold"]()
    assert await ask(house, post(FORM)) == [(200, b"CON S1 *133# ")]


@pytest_twisted.ensureDeferred
async def test_connection_close_and_http_1_0(house):
    peer = await connect(reactor, house.number)
    peer.transport.write(post(FORM, b"/ussd", b"Connection: close") + post(FORM))
    assert parse(await peer.closed) == [(200, b"CON S1 *133# ")]
    assert b"Connection: close\r\n" in peer.received
    old = await connect(reactor, house.number)
    old.transport.write(post(FORM).replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert parse(await old.closed) == [(200, b"CON S1 *133# ")]
    kept = await connect(reactor, house.number)
    request = post(FORM, b"/ussd", b"Connection: keep-alive").replace(b"HTTP/1.1", b"HTTP/1.0")
    kept.transport.write(request)
    await kept.answers(1)
    kept.transport.write(request)
    await kept.answers(2)
    assert kept.received.count(b"Connection: keep-alive\r\n") == 2


@pytest_twisted.ensureDeferred
async def test_a_dialogue_that_fails_is_our_fault_and_the_connection_survives():
    house = House(reactor).listen(reactor)
    with Failures() as failures:
        answers = await ask(house, post(FORM + b"fail") + post(FORM + b"raise") + post(FORM), answers=3)
    assert [status for status, _ in answers] == [500, 500, 200]
    assert answers[0][1] == b"a fault of ours; it has been logged\n"
    assert [event["log_failure"].type for event in failures] == [ZeroDivisionError, RuntimeError]
    assert house.metrics.result("error") == 2
    await house.close()


@pytest_twisted.ensureDeferred
async def test_connections_above_the_bound_are_refused():
    house = House(reactor, limits=Limits(connections_max=2)).listen(reactor)
    kept = [await connect(reactor, house.number) for _ in range(2)]
    for peer in kept:
        peer.transport.write(post(FORM))
        await peer.answers(1)
    refused = await connect(reactor, house.number)
    refused.transport.write(post(FORM))
    assert parse(await refused.closed) == [(503, b"too many connections; try again later\n")]
    assert house.metrics.result("refused") == 1
    kept[0].transport.write(post(FORM))
    await kept[0].answers(2)
    kept[0].transport.loseConnection()
    await kept[0].closed
    while house.factory.connections > 1:
        await ask_nothing()
    assert await ask(house, post(FORM)) == [(200, b"CON S1 *133# ")]
    await house.close()


def ask_nothing():
    """One turn of the reactor."""
    return deferLater(reactor, 0)


@pytest_twisted.ensureDeferred
async def test_slow_and_idle_peers_are_ended_by_the_sweep():
    clock = Clock()
    house = House(clock, limits=Limits(request_s=10, idle_s=120, read_off_s=30)).listen(reactor)
    slow, idle = await connect(reactor, house.number), await connect(reactor, house.number)
    idle.transport.write(post(FORM))
    await idle.answers(1)
    slow.transport.write(b"POST /ussd HTTP/1.1\r\nX: ")
    await ask(house, post(FORM))
    clock.pump([2] * 5)
    slow.transport.write(b"a")
    await ask(house, post(FORM))
    assert slow.received == b""
    clock.pump([2] * 1)
    assert parse(await slow.closed) == [(408, b"the request took too long to arrive\n")]
    assert idle.received.count(b"HTTP/1.1") == 1
    clock.pump([2] * 56)
    assert parse(await idle.closed) == [(200, b"CON S1 *133# ")]
    assert idle.clean
    await house.close()


@pytest_twisted.ensureDeferred
async def test_a_peer_that_never_reads_is_bounded_and_ended():
    clock = Clock()
    house = House(clock).listen(reactor)
    peer = await connect(reactor, house.number)
    peer.transport.pauseProducing()
    peer.transport.write(post(FORM + b"1" * 3000) * 10_000)
    served = -1
    while served != len(house.dialogue.asked):
        served = len(house.dialogue.asked)
        for _ in range(50):
            await ask_nothing()
    assert served < 10_000, "reading stopped before everything was served"
    clock.pump([2] * 100)
    while house.factory.connections:
        await ask_nothing()
    await house.close()


@pytest_twisted.ensureDeferred
async def test_random_bytes_over_sockets(house):
    dice = random.Random(20261122)
    whole = post(FORM) + post(FORM + b"1", b"/ussd", b"Expect: 100-continue") + post(b"x")
    for _ in range(150):
        spoilt = bytearray(whole)
        for _ in range(dice.randrange(1, 6)):
            spoilt[dice.randrange(len(spoilt))] = dice.randrange(256)
        peer = await connect(reactor, house.number)
        peer.transport.write(bytes(spoilt))
        peer.transport.loseWriteConnection()
        for status, body in parse(await peer.closed):
            assert status in (200, 400, 404, 405, 413, 431, 505)
            assert b"Traceback" not in body

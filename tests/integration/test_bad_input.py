"""Bad input on every listener at once: a clear answer in one line, a counter, and the daemon serves on."""

import json
import random
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tectonics.simulators.blocking_clients import FeedSender
from tests.integration.clients import (
    ANN,
    api,
    balance,
    counted,
    dial,
    feed,
    form,
    post,
    raw,
    recharge,
    tickets,
    until,
)

TEN_MB = b"x" * 10_000_000
LISTENERS = ("ussd_http", "web", "feed", "tickets", "tickets_acknowledged")


def garbage(seed):
    return random.Random(seed).randbytes(4000)


def one_line(body):
    text = body.decode()
    return bool(text.strip()) and "\n" not in text.strip() and "Traceback" not in text


def serves(daemon):
    """The main job still works, for somebody who has not been concerned."""
    return dial(daemon, "33600000008", "4", "1")[1].startswith("You have received 10.00 EUR")


@pytest.mark.parametrize(("listener", "path"), [("ussd_http", "/ussd"), ("web", "/api/v1/recharges")])
def test_ten_megabytes_are_read_off_and_refused(daemon, listener, path):
    status, body = post(daemon.address(listener), path, TEN_MB)
    assert status == 413 and one_line(body)
    assert serves(daemon)


def test_wrong_forms_get_400_and_one_line(daemon):
    before = counted(daemon, "tectonics_channel_requests_total")
    for body in (b"", b"\xff\xfe\xfd", b"sessionId=1", form("s", msisdn="12"), form("s" * 500),
                 form("s", "9" * 500), b"a=%zz&" * 100, b"sessionId=%FF%FE&phoneNumber=%FF&serviceCode=%FF&text=",
                 b"{}", form("s", "\0\x1b[2J")):
        status, answer = post(daemon.address("ussd_http"), "/ussd", body)
        assert status == 400 or answer[:4] in (b"CON ", b"END "), (body, status, answer)
        assert status == 200 or one_line(answer)
    assert counted(daemon, "tectonics_channel_requests_total") == before + 10
    assert serves(daemon)


def test_records_that_cannot_be_served(daemon):
    good = recharge("g")
    lines = [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{}" * 3000, b'{"id":1}',
             *(json.dumps(good | change).encode() for change in (
                 {"amount": "-5.00"}, {"amount": "0"}, {"amount": "5.001"}, {"amount": "1e3"}, {"amount": 10**30},
                 {"currency": "USD"}, {"msisdn": "nobody"}, {"msisdn": "33699999999"}, {"time": "yesterday"},
                 {"time": "2999-01-01T00:00:00Z"}, {"type": "gift"}, {"id": "x" * 200}, {"id": ""}))]
    sender = FeedSender(daemon.address("feed"))
    for line in lines:
        sender.write(line)
    answers = [sender.answer() for line in lines if line]
    assert all(answer.startswith("ERR ") and answer.isprintable() for answer in answers), answers
    assert sender.send(good) == "OK g"
    assert (balance(daemon), sender.send(good)) == ("5.00", "DUP g")
    sender.close()
    assert counted(daemon, "tectonics_feed_records_total") == len(answers) + 2


def test_half_a_line_is_nothing(daemon):
    line = json.dumps(recharge("h")).encode()
    assert raw(daemon.address("feed"), line[:40]) == b""
    assert raw(daemon.address("feed"), line) == b""
    assert balance(daemon) == "0.00"
    assert feed(daemon, recharge("h")) == ["OK h"]


def test_records_out_of_order_and_at_the_same_moment(daemon):
    reversal = {"id": "v1", "type": "reversal", "msisdn": ANN, "ref": "r1"}
    assert feed(daemon, reversal)[0].startswith("ERR v1 ")
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: feed(daemon, recharge("r1"))[0], range(5)))
    assert sorted(answers) == ["DUP r1"] * 4 + ["OK r1"]
    assert balance(daemon) == "5.00"
    assert feed(daemon, reversal, reversal) == ["OK v1", "DUP v1"]
    assert balance(daemon) == "0.00"


def test_nonsense_on_the_control_socket(daemon):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(daemon.state / "control.sock"))
        connection.sendall(b"hello\n\xff\xfe\n[]\n{}\n" + b'{"id":1,"method":"no.such"}\n')
        stream = connection.makefile("rb")
        answers = [json.loads(stream.readline()) for _ in range(5)]
    assert all(set(one) == {"id", "error"} for one in answers)
    assert serves(daemon)


@pytest.mark.parametrize("listener", LISTENERS)
def test_garbage(daemon, listener):
    for seed in range(5):
        answer = raw(daemon.address(listener), garbage(seed) + b"\n\r\n\r\n")
        assert b"Traceback" not in answer
    assert serves(daemon)
    assert [one["type"] for one in tickets(daemon)] == ["advance.granted"]


def test_the_api_says_what_is_wrong(daemon):
    client = api(daemon)
    for method, path, document, wanted in (
            ("POST", "/api/v1/recharges", {"id": "a"}, 422), ("POST", "/api/v1/recharges", {}, 422),
            ("POST", "/api/v1/recharges", recharge("a", amount="-1.00"), 422),
            ("POST", "/api/v1/recharges", recharge("a", currency="USD"), 422),
            ("POST", f"/api/v1/subscribers/{ANN}/bar", {"reason": "x"}, 422),
            ("PUT", "/api/v1/config", {"document": {"lending": 1}, "note": "x"}, 422),
            ("POST", "/api/v1/nothing", {}, 404), ("DELETE", f"/api/v1/subscribers/{ANN}", {}, 405)):
        status, body = client.send(method, path, document)
        assert (status, set(json.loads(body))) == (wanted, {"error"}), (path, status, body)
        assert one_line(body.encode())
    assert api(daemon, token=False).get("/api/v1/status")[0] == 401
    assert client.get("/api/v1/subscribers/33699999999")[0] == 404


def test_a_slow_client_hinders_nobody(daemon):
    request = b"POST /ussd HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nsess"
    idle = []
    for _ in range(50):
        idle.append(socket.create_connection(daemon.address("ussd_http")))
        idle[-1].sendall(request)
    deaf = socket.create_connection(daemon.address("feed"))
    deaf.sendall(json.dumps(recharge("d")).encode()[:50])
    assert serves(daemon)
    assert feed(daemon, recharge("r")) == ["OK r"]
    for connection in (*idle, deaf):
        connection.close()


def test_a_form_byte_by_byte(daemon):
    body = form("slow")
    head = b"POST /ussd HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    with socket.create_connection(daemon.address("ussd_http")) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in head + body:
            connection.sendall(bytes([byte]))
        assert b"CON Credit advance" in connection.makefile("rb").read()


def test_storms_of_connections_stay_within_the_bounds(start):
    daemon = start({"channels": {"ussd_http": {"connections_max": 20}}, "feeds": {"connections_max": 5}})
    address = daemon.address("feed")
    held = [FeedSender(address) for _ in range(5)]
    assert [one.send(recharge(f"r{n}")) for n, one in enumerate(held)] == [f"OK r{n}" for n in range(5)]
    assert raw(address, b"", whole=False) == b"ERR - too many connections\n"
    for one in held:
        one.close()
    assert until(lambda: feed(daemon, recharge("r9")) == ["OK r9"])

    gateways = [socket.create_connection(daemon.address("ussd_http")) for _ in range(60)]
    told = Counter(_first_answer(connection)[9:12] for connection in gateways)
    assert told[b"404"] == 20 and told[b"503"] >= 2  # a tenth above the bound is told, the rest is cut
    assert told[b"404"] + told[b"503"] + told[b""] == 60
    for connection in gateways:
        connection.close()
    assert until(lambda: serves_or_busy(daemon))


def _first_answer(connection):
    connection.settimeout(10)
    try:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        return connection.recv(1 << 16)
    except ConnectionError:
        return b""


def serves_or_busy(daemon):
    try:
        return serves(daemon)
    except OSError:
        return False


def test_all_of_it_at_once(daemon):
    def attack(number):
        listener = LISTENERS[number % len(LISTENERS)]
        try:
            return raw(daemon.address(listener), garbage(number) * 50 + b"\r\n\r\n")
        except OSError:
            return b""

    with ThreadPoolExecutor(16) as pool:
        attacks = pool.map(attack, range(60))
        heavy = pool.map(lambda _: post(daemon.address("ussd_http"), "/ussd", TEN_MB)[0], range(4))
        served = [dial(daemon, ANN)[1] for _ in range(10)]
        assert not any(b"Traceback" in answer for answer in attacks)
        assert list(heavy) == [413] * 4
    assert all(text.startswith("Credit advance") for text in served)
    assert daemon.ask("status")["state"] == "serving" and serves(daemon)
    assert daemon.ask("status")["alarms"] == []

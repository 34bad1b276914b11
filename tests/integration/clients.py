"""What the tests of whole processes do again and again, over real sockets."""

import json
import socket
import time
from datetime import UTC, datetime
from http.client import HTTPConnection

from tectonics.simulators.blocking_clients import AcknowledgedTickets, ApiClient, FeedSender
from tectonics.simulators.ussd_gateway import BlockingGateway

ANN = "33600000001"
WAIT_S = 20


def until(question, why=lambda: "it did not come true", within_s=WAIT_S):
    """Asks again until the answer is true; `why` tells more where it never is."""
    end = time.monotonic() + within_s
    while not (answer := question()):
        assert time.monotonic() < end, why()
        time.sleep(0.02)
    return answer


def gateway(daemon, **options):
    return BlockingGateway(*daemon.address("ussd_http"), **options)


def dial(daemon, msisdn=ANN, *inputs, code="*133#"):
    """The last (more, text) of a session."""
    network = gateway(daemon)
    answer = network.dial(msisdn, code)
    for typed in inputs:
        answer = network.send(typed)
    network.close()
    return answer


def feed(daemon, *records):
    """The answers to records (dicts or lines)."""
    sender = FeedSender(daemon.address("feed"))
    answers = [sender.send(record) for record in records]
    sender.close()
    return answers


def recharge(id, amount="5.00", msisdn=ANN, **fields):
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return {"id": id, "type": "recharge", "msisdn": msisdn, "amount": amount, "currency": "EUR", "time": now} | fields


def balance(daemon, msisdn=ANN):
    return daemon.ask("billing.balance", msisdn=msisdn)["balance"]


def owed(daemon, msisdn=ANN):
    return daemon.ask("subscribers.show", msisdn=msisdn)["outstanding"]


def tickets(daemon, name="test"):
    """All tickets so far, over the acknowledged stream; they are numbered without a hole."""
    consumer = AcknowledgedTickets(daemon.address("tickets_acknowledged"), name)
    records = consumer.read(consumer.greeting.newest)
    consumer.close()
    assert [one["seq"] for one in records] == list(range(1, len(records) + 1))
    return records


def api(daemon, token=True):
    return ApiClient(daemon.address("web"), (daemon.state / "demo-token").read_text().strip() if token else "")


def post(address, path, body, headers=None, timeout_s=WAIT_S):
    """(status, body) of one POST over a connection of its own."""
    connection = HTTPConnection(*address, timeout=timeout_s)
    try:
        connection.request("POST", path, body, headers or {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def raw(address, data, whole=True, timeout_s=WAIT_S):
    """Sends bytes, says that no more come, and reads until the other end closes."""
    with socket.create_connection(address, timeout=timeout_s) as connection:
        try:
            connection.sendall(data)
            if whole:
                connection.shutdown(socket.SHUT_WR)
            received = b""
            while chunk := connection.recv(1 << 16):
                received += chunk
        except ConnectionError:
            pass
        return received


def counted(daemon, name):
    """The sum of a counter over its labels, from /metrics."""
    _, text = api(daemon, token=False).get("/metrics")
    return sum(float(line.rpartition(" ")[2]) for line in text.splitlines()
               if line.startswith((f"{name}{{", f"{name} ")))


def form(session, text="", msisdn=ANN, code="*133#"):
    """The body of one step."""
    from urllib.parse import urlencode
    return urlencode({"sessionId": session, "phoneNumber": "+" + msisdn, "networkCode": "20801",
                      "serviceCode": code, "text": text}).encode()


def as_json(done):
    """What a command printed for programs."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

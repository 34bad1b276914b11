"""The gateway as a command: its dialects are the daemon's, its orders are answered in one line each."""

import json
from pathlib import Path

import pytest
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from tectonics.config import load
from tectonics.domain.dialects import Dialect
from tectonics.simulators.orders import Orders
from tectonics.simulators.ussd_smpp.__main__ import arguments, dialect_of
from tectonics.simulators.ussd_smpp.control import Desk
from tectonics.simulators.ussd_smpp.gateway import UssdGateway

ETC = Path(__file__).parents[2] / "etc"
DIALECTS = sorted((ETC / "dialects").glob("*.yaml"))


@pytest.mark.parametrize("file", DIALECTS, ids=lambda file: file.stem)
def test_a_file_means_what_it_means_to_the_daemon(tmp_path, file):
    settings = tmp_path / "tectonics.yaml"
    settings.write_text(json.dumps({
        "messages": {"directory": str(ETC / "messages")},
        "channels": {"ussd_smpp": {"dialects": str(ETC / "dialects"), "accounts": [
            {"name": "gw", "address": "tcp:127.0.0.1:2776", "dialect": file.stem}]}}}))
    assert load(settings).dialects[file.stem] == dialect_of(file)


def test_without_a_file_it_is_the_standard():
    assert dialect_of(arguments([]).dialect) == Dialect()


@pytest.fixture
def orders():
    made = Orders(Desk(UssdGateway(Clock(), Dialect())).order)
    made.makeConnection(StringTransport())
    return made


def told(orders, line: str) -> dict:
    orders.transport.clear()
    orders.dataReceived(line.encode() + b"\n")
    return json.loads(orders.transport.value())


def test_what_cannot_be_done_is_said(orders):
    assert "no order is called sing" in told(orders, "sing")["error"]
    assert "there is no session 7" in told(orders, "type 7 1")["error"]
    assert "type:" in told(orders, "type x 1")["error"]
    assert told(orders, "stats")["bound"] == []
    assert told(orders, "cut") == {"cut": 0}


def test_a_session_that_nobody_answers_can_be_left(orders):
    orders.transport.clear()
    orders.dataReceived(b"dial 33600000001\n")
    assert orders.transport.value() == b""
    orders.dataReceived(b"hang 1\n")
    first, second = map(json.loads, orders.transport.value().splitlines())
    assert "hung up" in first["error"] and second == {"session": 1, "over": "hung up"}

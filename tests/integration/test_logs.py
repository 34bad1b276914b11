"""What a daemon logs at its most talkative: each request under one trace, and nothing that is nobody's business."""

import json
import os
import re
import smtplib
import socket
import subprocess
from pathlib import Path

import pytest

from tectonics.simulators.daemon_process import CHECKOUT, CLI
from tectonics.simulators.page_visitor import PageVisitor
from tectonics.simulators.smsc.process import CentreProcess
from tests.channels.did_sip.house import DID
from tests.integration.clients import (
    ANN,
    balance,
    dial,
    feed,
    form,
    owed,
    post,
    raw,
    recharge,
    tickets,
    until,
)
from tests.integration.test_did_sip import Phone

PIN, PASSWORD, COMMUNITY, OTHER = "739164", "hunter2", "only-we-know", "33612349876"
TALKATIVE = {"log": {"level": "debug", "format": "json", "repeats_max": 0}}


def lines(daemon):
    return [json.loads(line) for line in daemon.stderr().splitlines()]


def of_trace(daemon, trace):
    return [line for line in lines(daemon) if line.get("trace") == trace]


@pytest.fixture
def centre():
    one = CentreProcess().start()
    yield one
    one.close()


def test_over_all_channels_nothing_stands_in_the_log_that_is_nobody_s_business(make_daemon, centre):
    account = {"name": "smsc1", "address": centre.address, "system_id": "tectonics", "password_file": "secret"}
    rings = {"endpoint": "udp:0:interface=127.0.0.1", "trunks": [{"name": "t1", "sources": ["127.0.0.1"]}],
             "dids": [{"number": DID}], "ring_s": 1, "min_ring_s": 0}
    daemon = make_daemon(TALKATIVE | {
        "country_code": "33", "channels": {"did_sip": rings, "sms_smpp": {"accounts": [account]}},
        "oam": {"snmp": {"communities": [{"community_file": "community", "sources": ["127.0.0.1"]}]}}})
    (daemon.config.parent / "secret").write_text(PASSWORD + "\n")
    (daemon.config.parent / "community").write_text(COMMUNITY + "\n")
    daemon.start()
    dial(daemon, ANN, "2", "1")
    feed(daemon, recharge("r1"), {"id": ANN, "type": "?", "msisdn": ANN}, f"{ANN};{OTHER}")
    until(lambda: owed(daemon) == "0.00")
    dial(daemon, ANN, code=f"*144*{OTHER}#")
    centre.order(f"mo {ANN} 133 CALL {OTHER}")
    phone = Phone(daemon)
    phone.call("c1")
    phone.hear("c1", 480)
    daemon.ask("subscribers.mail", msisdn=ANN, address="ann@example.com", pin=PIN)
    with smtplib.SMTP(*daemon.address("email"), timeout=20) as mail, pytest.raises(smtplib.SMTPException):
        mail.sendmail("ann@example.com", "nobody@tectonics.example", f"Subject: {PIN} {OTHER}\r\n\r\n{ANN}\r\n")
    visitor = PageVisitor(daemon.address("web"))
    visitor.open("/me")
    visitor.submit("/me/code", number=ANN)
    post(daemon.address("ussd_http"), "/ussd", form("s", "x" * 500, ANN) + b"&phoneNumber=" + OTHER.encode() * 2)
    raw(daemon.address("feed"), f"{ANN} {OTHER}\n".encode() * 3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as manager:
        manager.sendto(b"\x30\x20\x02\x01\x01\x04\x0conly-we-knox" + ANN.encode(), daemon.address("snmp"))
    texts = until(lambda: [text for text in centre.messages(ANN) if re.search(r"\b\d{6}\b", text)])
    code = re.search(r"\b\d{6}\b", texts[0])[0]
    token = (daemon.state / "demo-token").read_text().strip()
    assert daemon.stop() == 0
    phone.socket.close()
    log = daemon.stderr()
    assert len(lines(daemon)) > 30 and {"debug", "info"} <= {one["level"] for one in lines(daemon)}
    for secret in (ANN, ANN[2:], OTHER, OTHER[2:], PIN, PASSWORD, COMMUNITY, "only-we-knox", code, token):
        assert secret not in log, [line for line in log.splitlines() if secret in line]


def test_from_the_ticket_to_every_line_of_its_request(make_daemon):
    daemon = make_daemon(TALKATIVE).start()
    dial(daemon, ANN, "2", "1")
    feed(daemon, recharge("r1"))
    until(lambda: owed(daemon) == "0.00")
    granted, paid = tickets(daemon)
    told = [line["message"] for line in of_trace(daemon, granted["trace"])]
    assert [text for text in told if text.startswith("336******01 ")] == ["336******01 dials *133#"] + ["336******01 goes on with *133#"] * 2
    story = " / ".join(told)
    steps = ("dials *133#", "BorrowConfirmed for", "Credit TEC-", "is sent", "done", "CreditAnswered for", "granted 2.00 EUR")
    assert [step for step in steps if step not in story] == []
    assert "Notify TEC-" in story
    story = " / ".join(line["message"] for line in of_trace(daemon, paid["trace"]))
    assert [step for step in ("Recharged for", "Debit TEC-", "DebitAnswered for") if step not in story] == []
    found = daemon.command("tickets", "trace", granted["trace"], "--json")
    assert [json.loads(line)["id"] for line in found.stdout.splitlines()] == [granted["id"]]


def test_the_trace_outlives_the_process(make_daemon):
    daemon = make_daemon(TALKATIVE).start()
    daemon.ask("billing.faults", lose_answers=1)
    post(daemon.address("ussd_http"), "/ussd", form("s1", ""))
    post(daemon.address("ussd_http"), "/ussd", form("s1", "2"))
    with pytest.raises(TimeoutError):
        post(daemon.address("ussd_http"), "/ussd", form("s1", "2*1"), timeout_s=1)
    trace = until(lambda: next((line["trace"] for line in lines(daemon) if line["message"].startswith("Credit")), ""))
    daemon.kill()
    before = len(lines(daemon))
    daemon.start()
    until(lambda: balance(daemon) == "2.00" and tickets(daemon))
    later = " / ".join(line["message"] for line in lines(daemon)[before:] if line.get("trace") == trace)
    assert "was left behind and is taken up" in later and "CreditAnswered for" in later
    assert tickets(daemon)[-1]["trace"] == trace


def test_levels_while_it_runs(make_daemon):
    daemon = make_daemon({"log": {"format": "json"}}).start()
    dial(daemon, ANN)
    assert {line["level"] for line in lines(daemon)} == {"info"}
    assert daemon.command("log", "level", "channels.ussd_http", "debug").stdout.strip() \
        == "the log shows channels.ussd_http from debug on"
    dial(daemon, ANN)
    assert {line["area"] for line in lines(daemon) if line["level"] == "debug"} == {"channels.ussd_http"}
    assert "channels.ussd_http" in daemon.command("log", "show").stdout
    assert "no area" in daemon.command("log", "level", "chanels", "debug").stderr
    daemon.command("log", "reset")
    before = len(lines(daemon))
    dial(daemon, ANN)
    assert len(lines(daemon)) == before
    assert [one["text"].partition(": ")[2] for one in tickets(daemon)] == [
        "the log shows channels.ussd_http from debug on", "the log has the levels of the configuration again"]


def test_nobody_reads_the_log(make_daemon):
    """Standard error is a pipe that is full, then closed: people are served all the same."""
    daemon = make_daemon({"log": {"level": "debug", "repeats_max": 0}})
    ours, theirs = os.pipe()
    daemon.process = subprocess.Popen([*CLI, "run", "--config", str(daemon.config), "--state", str(daemon.state)],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs, cwd=CHECKOUT)
    os.set_blocking(theirs, False)
    until(daemon._serving, within_s=30)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(theirs, b"x" * 100)
    os.set_blocking(theirs, True)
    os.close(theirs)
    assert dial(daemon, ANN, "2", "1")[1].startswith("You have received 2.00 EUR")
    os.close(ours)
    assert feed(daemon, recharge("r1")) == ["OK r1"]
    until(lambda: owed(daemon) == "0.00" and daemon.ask("log.show")["lost"] > 0)
    assert daemon.stop() == 0 and Path(daemon.state).exists()

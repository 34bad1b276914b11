"""The whole daemon behind a real OsmoHLR: a subscriber dials, chooses, confirms, and what goes wrong meanwhile.

The switch and its handsets are octets made by hand; the daemon, the register and the ledger within the daemon are
processes as in production.  See docs/ussd-gsup.md.
"""

import itertools
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.clients import ANN, api, balance, owed, tickets, until
from tests.interop.gsup_sockets import Switch
from tests.interop.osmo_hlr import CTRL_PORT, GSUP_PORT, OsmoHlr
from tests.wire.gsup.octets import (
    CONTINUE,
    DIALLED_133,
    END,
    ERROR,
    IMSI,
    REQUEST,
    RESULT,
    dialling,
    ss,
    unpacked,
)

SEPTETS = bytes.fromhex("04010f 04")  # coding scheme and tag of the string, which ends a component
UCS2 = bytes.fromhex("040148 04")
OTHER, STRANGER = "001010000000008", "001010000000009"
OVER = "Your session has ended. Please dial again."
PENDING = "Your request is being processed. You will get an SMS."
DUE = (datetime.now(UTC) + timedelta(days=7)).strftime("%d/%m")
MENU = "Credit advance\n1. 1.00 (fee 0.10)\n2. 2.00 (fee 0.20)\n"
CONFIRM = f"You get 2.00 EUR, the fee is 0.20. 2.20 will be taken from your recharges, due by {DUE}.\n1. Accept\n2. Back"
GRANTED = f"You have received 2.00 EUR. 2.20 will be taken from your recharges, due by {DUE}."


@pytest.fixture
def make_hlr(tmp_path):
    """`make_hlr(guard_s)`: an OsmoHLR that serves and knows our demo subscriber."""
    made = []

    def make(guard_s: int = 30) -> OsmoHlr:
        made.append(OsmoHlr(tmp_path, guard_s))
        made[-1].start()
        made[-1].vty(f"subscriber imsi {IMSI} create", f"subscriber imsi {IMSI} update msisdn {ANN}")
        return made[-1]

    yield make
    for hlr in made:
        hlr.stop()


@pytest.fixture
def hlr(make_hlr):
    return make_hlr()


def settings(hlr, **more):
    """A daemon behind that register."""
    links = {"address": f"tcp:{hlr.host}:{GSUP_PORT}", "control": f"tcp:{hlr.host}:{CTRL_PORT}"}
    return {"channels": {"ussd_gsup": links | more}, "billing": {"embedded": {"send_deadline_s": 3}}}


@pytest.fixture
def connect(start):
    """`connect(hlr, **settings)`: a daemon that is known at the register, by both its links."""
    def connect(hlr, **more):
        daemon = start(settings(hlr, **more))
        until(lambda: links(daemon) == 2)
        return daemon
    return connect


def links(daemon):
    """How many of the two links are up."""
    return sum(line.startswith("tectonics_gsup_up{") and line.endswith(" 1.0") for line in figures(daemon))


def figures(daemon):
    """The lines of /metrics."""
    return api(daemon, token=False).get("/metrics")[1].splitlines()


class Handset:
    """One subscriber at the switch."""

    def __init__(self, hlr):
        self.switch = Switch(hlr.host)
        self._sessions = itertools.count(1)
        self.session = self._asked = 0

    def dial(self, code="*133#", imsi=IMSI):
        self.session, self._asked = next(self._sessions), 0
        self.switch.send(ss(REQUEST, 1, dialling(code) if code != "*133#" else DIALLED_133, self.session, imsi))

    def type(self, digit):
        self.switch.answer(digit, self.session, self._asked)

    def reads(self, text):
        """A menu or a question comes that begins with this."""
        heard = self._heard(REQUEST, CONTINUE, IMSI)
        assert heard.startswith(text) and len(heard) <= 128

    def reads_last(self, text, imsi=IMSI):
        """The last screen comes."""
        assert self._heard(RESULT, END, imsi) == text

    def _heard(self, type, state, imsi):
        frame = self.switch.frame()
        begins = ss(type, state, "", self.session, imsi)[3:]
        assert frame[3:].startswith(begins)
        component = frame[3 + len(begins) + 2:]  # tag, length, and the invoke id that an answer repeats
        self._asked = component.partition(b"\x02\x01")[2][0]
        return unpacked(frame.rpartition(SEPTETS)[2][1:])


@pytest.fixture
def handset(hlr):
    made = Handset(hlr)
    yield made
    made.switch.close()


def test_dials_chooses_confirms_and_sees_the_result(hlr, connect, handset):
    daemon = connect(hlr)
    handset.dial()
    handset.reads(MENU)
    handset.type("2")
    handset.reads(CONFIRM)
    handset.type("2")
    handset.reads(MENU)
    handset.type("2")
    handset.reads(CONFIRM)
    handset.type("1")
    handset.reads_last(GRANTED)
    assert (balance(daemon), owed(daemon)) == ("2.00", "2.20")
    [granted] = tickets(daemon)
    assert (granted["type"], granted["channel"], granted["msisdn"]) == ("advance.granted", "ussd_gsup", ANN)
    handset.dial("*133*0#")
    handset.reads_last(f"You owe 2.20 EUR, due by {DUE}. Recharge to pay it back.")


def test_screens_that_need_ucs2_arrive_whole(hlr, start, handset):
    daemon = start(settings(hlr) | {"messages": {"default": "ar", "languages": ["ar"]}})
    until(lambda: links(daemon) == 2)
    handset.dial("*133*2#")
    _, scheme, said = handset.switch.frame().rpartition(UCS2)
    lines = said[1:].decode("utf-16-be").split("\n")
    assert scheme and len(said) <= 113 and len(lines) == 4
    assert "2.00" in lines[0] and "0.20" in lines[0] and "2.20" in lines[1] and DUE in lines[1] and lines[2].startswith("1 ")
    handset.switch.answer("1", handset.session, 1)
    assert UCS2 in handset.switch.frame() and balance(daemon) == "2.00"


def test_a_longer_code_goes_to_the_confirmation_and_never_through_it(hlr, connect, handset):
    daemon = connect(hlr)
    handset.dial("*133*2*1#")
    handset.reads(CONFIRM)
    assert balance(daemon) == "0.00"
    handset.type("1")
    handset.reads_last(GRANTED)
    assert balance(daemon) == "2.00"


def test_whoever_the_register_does_not_know_reads_so(hlr, connect, handset):
    connect(hlr)
    handset.dial(imsi=STRANGER)
    handset.reads_last("We do not know your number. Please call customer care.", STRANGER)
    hlr.vty(f"subscriber imsi {STRANGER} create")
    handset.dial(imsi=STRANGER)
    handset.reads_last("We do not know your number. Please call customer care.", STRANGER)


def test_hanging_up_costs_nothing_and_the_next_dial_is_served(hlr, connect, handset):
    daemon = connect(hlr)
    handset.dial()
    handset.reads(MENU)
    handset.switch.hang_up(handset.session)
    handset.dial()
    handset.reads(MENU)
    handset.type("2")
    handset.reads(CONFIRM)
    handset.switch.hang_up(handset.session)
    assert balance(daemon) == "0.00" and tickets(daemon) == []
    handset.dial("*133*2#")
    handset.reads(CONFIRM)
    handset.type("1")
    handset.reads_last(GRANTED)
    assert balance(daemon) == "2.00"


def test_a_menu_that_nobody_answers_ends_with_a_text_before_the_register_forgets_it(make_hlr, connect):
    hlr = make_hlr(guard_s=10)
    daemon = connect(hlr, session_s=10)
    handset = Handset(hlr)
    handset.dial()
    handset.reads(MENU)
    handset.reads_last(OVER)
    assert "SS Session Timeout" not in hlr.log()
    handset.dial()
    handset.reads(MENU)
    assert balance(daemon) == "0.00"
    handset.switch.close()


def test_a_register_that_forgets_earlier_than_we_were_told_loses_the_screen_and_no_money(make_hlr, connect):
    hlr = make_hlr(guard_s=1)
    daemon = connect(hlr)
    handset = Handset(hlr)
    handset.dial()
    handset.reads(MENU)
    until(lambda: "SS Session Timeout" in hlr.log())
    handset.type("2")
    assert handset.switch.frame()[4] == ERROR
    daemon.ask("billing.faults", hang_balance=True)
    handset.dial()
    until(lambda: hlr.log().count("SS Session Timeout") == 2)
    daemon.ask("billing.faults", hang_balance=False)
    assert handset.switch.ping() and balance(daemon) == "0.00"
    handset.dial()
    handset.reads(MENU)
    handset.switch.close()


def test_each_message_restarts_the_registers_guard(make_hlr, connect):
    hlr = make_hlr(guard_s=5)
    connect(hlr)
    handset = Handset(hlr)
    handset.dial()
    for _ in range(2):
        handset.reads(MENU)
        time.sleep(3)  # The guard of the real register knows no other clock: twice this is more than it, once is well below.
        handset.type("2")
        handset.reads(CONFIRM)
        handset.type("2")
    handset.reads(MENU)
    assert "SS Session Timeout" not in hlr.log()
    handset.switch.close()


def test_a_billing_that_hangs_is_an_honest_screen_and_then_an_sms(hlr, connect, handset):
    daemon = connect(hlr, budget_s=1)
    daemon.ask("billing.faults", hang_balance=True)
    handset.dial()
    handset.reads_last("We could not check your balance. Please dial again in a few minutes.")
    daemon.ask("billing.faults", hang_balance=False)
    handset.dial("*133*2#")
    handset.reads(CONFIRM)
    daemon.ask("billing.faults", lose_answers=1)
    handset.type("1")
    handset.reads_last(PENDING)
    [message] = until(lambda: daemon.ask("messages", msisdn=ANN)["messages"])
    assert "You have received 2.00 EUR" in message["text"]
    assert (balance(daemon), owed(daemon)) == ("2.00", "2.20")


def test_a_register_that_is_away_is_an_alarm_until_both_links_are_back(hlr, connect, handset):
    daemon = connect(hlr)
    handset.dial()
    handset.reads(MENU)
    hlr.stop()
    until(lambda: {one["id"] for one in daemon.ask("status")["alarms"]} == {"gsup_down:gsup", "gsup_down:control"})
    peers = {peer["name"]: peer["state"] for peer in daemon.ask("status")["peers"]}
    assert links(daemon) == 0 and peers.pop("SIP trunk demo") == "silent" and set(peers.values()) == {"down"}
    hlr.start()
    until(lambda: links(daemon) == 2)
    again = Handset(hlr)
    again.dial()
    again.reads(MENU)
    again.type("2")
    again.reads(CONFIRM)
    again.type("1")
    again.reads_last(GRANTED)
    again.switch.close()
    assert balance(daemon) == "2.00"


def test_the_daemon_starts_before_the_register(tmp_path, start):
    hlr = OsmoHlr(tmp_path)
    daemon = start(settings(hlr))
    try:
        hlr.start()
        hlr.vty(f"subscriber imsi {IMSI} create", f"subscriber imsi {IMSI} update msisdn {ANN}")
        until(lambda: links(daemon) == 2)
        handset = Handset(hlr)
        handset.dial()
        handset.reads(MENU)
        handset.switch.close()
    finally:
        hlr.stop()


def test_a_stop_tells_who_reads_a_menu_and_the_next_life_goes_on(hlr, connect, handset):
    daemon = connect(hlr)
    handset.dial()
    handset.reads(MENU)
    assert daemon.stop() == 0
    handset.reads_last(OVER)
    daemon.start()
    until(lambda: links(daemon) == 2)
    handset.dial()
    handset.reads(MENU)


def test_a_crash_in_the_middle_costs_a_redial(hlr, connect, handset):
    daemon = connect(hlr)
    handset.dial()
    handset.reads(MENU)
    handset.type("2")
    handset.reads(CONFIRM)
    daemon.kill()
    daemon.start()
    until(lambda: links(daemon) == 2)
    handset.type("1")
    assert handset.switch.ping() and balance(daemon) == "0.00"
    handset.dial()
    handset.reads(MENU)


def test_many_at_once(hlr, connect):
    daemon = connect(hlr)
    hlr.vty(f"subscriber imsi {OTHER} create", f"subscriber imsi {OTHER} update msisdn 33600000008")
    switch = Switch(hlr.host)
    dialled = [(session, imsi) for session in range(1, 13) for imsi in (IMSI, OTHER)]
    switch.send(b"".join(ss(REQUEST, 1, DIALLED_133, *one) for one in dialled))
    heard = [switch.frame() for _ in dialled]
    menus = [frame for frame in heard for session, imsi in dialled
             if frame[3:].startswith(ss(REQUEST, CONTINUE, "", session, imsi)[3:])]
    assert "HLR control" in daemon.command("status").stdout
    assert len(menus) == 24 and all(unpacked(one.rpartition(SEPTETS)[2][1:]).startswith(MENU) for one in menus)
    assert 'tectonics_gsup_lookups_total{result="found"} 2.0' in figures(daemon), "one question for each subscriber"
    switch.close()

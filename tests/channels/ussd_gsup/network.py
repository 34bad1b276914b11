"""A home location register with its subscribers and handsets, played by the test over connections in memory."""

import re

from twisted.internet.defer import Deferred, succeed

from tectonics.channels.ussd_gsup.channel import UssdGsup
from tectonics.config.gsup import UssdGsup as Section
from tectonics.domain.messages import Catalogue
from tectonics.domain.screens import Screen
from tests.links.ipa.wires import Endpoint, House
from tests.wire.gsup.octets import (
    BEGIN,
    CONTINUE,
    ERROR,
    GREETED,
    IMSI,
    NOTE,
    PONG,
    REQUEST,
    answered,
    dialling,
    frame,
    frames,
    ss,
)

ANN, BOB, NOBODY, NUMBERLESS = IMSI, "001010000000002", "001010000000003", "001010000000004"
INFO = "\nid\t1\nimsi\t{imsi}\n{msisdn}nam_cs\t1"
NUMBERS = {ANN: "msisdn\t33600000001\n", BOB: "msisdn\t0600000002\n", NUMBERLESS: ""}
TEXTS = Catalogue({"en": {
    "session.gone": "Dial again", "busy": "Very busy", "code.unknown": "No such code",
    "refused.unknown_subscriber": "Who is it"}}, "en")


class ScriptedDialogue:
    """Answers with what it was asked; `9` ends, `7` waits until it is released, `8` is answered with
    too long a screen, `666` is a bug."""

    def __init__(self):
        self.asked, self.over, self.styles, self.held = [], [], set(), []

    def step(self, style, dialled):
        self.asked.append(dialled)
        self.styles.add(style)
        last = dialled.text.rpartition("*")[2]
        if last == "666":
            raise RuntimeError("a bug")
        screen = Screen(f"{dialled.code} {dialled.text}".rstrip(), more=last != "9")
        if last == "8":
            return succeed(Screen("x" * 129, more=True))
        if last == "7":
            self.held.append((Deferred(), screen))
            return self.held[-1][0]
        return succeed(screen)

    def release(self, more=True):
        waiting, screen = self.held.pop(0)
        waiting.callback(Screen(screen.text, more))

    def ended(self, style, session, msisdn):
        self.over.append((session, msisdn))


class Network(House):
    """A channel that is started, and the other ends of its two links."""

    def __init__(self, dialogue=None, up=True, clock=None, **section):
        super().__init__(clock)
        self.dialogue = ScriptedDialogue() if dialogue is None else dialogue
        self.gsup, self.control = Endpoint(), Endpoint()
        sessions_max = section.pop("sessions_max", 10_000)
        self.channel = UssdGsup(
            self.gsup, self.control, self.dialogue, Section(**section), catalogue=TEXTS, codes=("*133#",),
            country_code="33", sessions_max=sessions_max, **self.around())
        self.channel.start()
        self.wire = self.asking = None
        if up:
            self.connect()

    def connect(self):
        self.connect_control()
        self.connect_gsup()

    def connect_gsup(self):
        self.wire = self.gsup.accept()
        self.wire.hear(GREETED)
        return [payload for protocol, payload in frames(self.wire.take().replace(NOTE, b"", 1)) if protocol == 0xEE]

    def connect_control(self):
        self.asking = self.control.accept()
        self.asking.take()
        self.asking.hear(PONG)
        self.look_up()

    def look_up(self):
        """The register answers what it was asked."""
        for number, imsi in re.findall(rb"GET (\d+) subscriber\.by-imsi-(\d+)\.info", self.asking.take()):
            said = NUMBERS.get(imsi.decode())
            text = f"ERROR {number.decode()} No such subscriber." if said is None else (
                f"GET_REPLY {number.decode()} subscriber.by-imsi-{imsi.decode()}.info "
                + INFO.format(imsi=imsi.decode(), msisdn=said))
            self.asking.hear(frame(0xEE, b"\0" + text.encode()))

    # --- the handset

    def dial(self, code="*133#", session=7, imsi=ANN, answer=True):
        self.wire.hear(ss(REQUEST, BEGIN, dialling(code), session, imsi))
        if answer and self.asking is not None and self.asking.open:
            self.look_up()
        return self.heard()

    def type(self, digit, session=7, invoke=1, imsi=ANN):
        self.wire.hear(ss(REQUEST, CONTINUE, answered(digit, invoke), session, imsi))
        return self.heard()

    def undelivered(self, session=7):
        self.wire.hear(ss(ERROR, 3, session=session, more="020160"))

    def heard(self):
        """The payloads that the register heard since."""
        return [payload for protocol, payload in frames(self.wire.take()) if protocol == 0xEE]

    def requests(self, result):
        return self.figure("tectonics_channel_requests_total", "ussd_gsup", result)

    def ends(self):
        """How sessions ended."""
        return self.metrics.snapshot().get("tectonics_gsup_sessions_total", {})


def said(type, state, component, session=7, imsi=ANN):
    """The payload that the register must have heard."""
    return frames(ss(type, state, component, session, imsi))[0][1]

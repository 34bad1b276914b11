"""What connects to the register: entities by GSUP, and who asks by CTRL; IPA frames with CCM under both.

As OsmoHLR 1.5 does, a GSUP connection is asked at once who it is and never told that it is known; a control connection is asked nothing.
Pings are answered, none is sent.
"""

import re

from twisted.internet.protocol import Protocol, connectionDone

from tectonics.domain.errors import BadMessage
from tectonics.wire import ipa
from tectonics.wire.gsup import message as gsup
from tectonics.wire.gsup.ctrl import EXTENSION_CTRL

_ASKED = (ipa.UNIT_ID, ipa.MAC_ADDRESS, ipa.LOCATION_1, ipa.LOCATION_2, ipa.EQUIPMENT_VERSION, ipa.SOFTWARE_VERSION, ipa.UNIT_NAME,
          ipa.SERIAL_NUMBER)
_GET = re.compile(r"GET (\d{1,10}) (subscriber\.by-imsi-(\d{6,15})\.info)", re.ASCII)
INFO = "\nid\t1\nimsi\t{imsi}\n{msisdn}nam_cs\t1"


class EntityLine(Protocol):
    """A connection to the GSUP port."""

    def __init__(self, register) -> None:
        self.name = ""  # once it has said who it is
        self._register, self._frames = register, ipa.Frames()

    def connectionMade(self) -> None:
        """It is asked who it is."""
        self._register.joined(self)
        self._write(ipa.CCM, ipa.encode_ccm(ipa.IdentityRequest(_ASKED)))

    def dataReceived(self, data: bytes) -> None:
        """What it says; what cannot be read is passed over."""
        for frame in self._frames.feed(data):
            try:
                self._read(frame)
            except BadMessage:
                self._register.counts["unreadable"] += 1

    def connectionLost(self, reason=connectionDone) -> None:
        """It is gone."""
        self._register.left(self)

    def say(self, message: gsup.Message) -> None:
        """Tells it something."""
        self._write(ipa.EXTENDED, bytes([ipa.EXTENSION_GSUP]) + gsup.encode(message))

    def cut(self, message: gsup.Message) -> None:
        """Breaks off in the middle of a message."""
        octets = ipa.encode_frame(ipa.EXTENDED, bytes([ipa.EXTENSION_GSUP]) + gsup.encode(message))
        self.transport.write(octets[:len(octets) * 2 // 3])
        self.transport.loseConnection()

    def abort(self) -> None:
        """Breaks off."""
        self.transport.abortConnection()

    def _read(self, frame: ipa.Frame | None) -> None:
        if frame is None:
            raise BadMessage("a frame is too long")
        if frame.protocol == ipa.CCM:
            self._controlled(ipa.decode_ccm(frame.payload))
        elif frame.protocol == ipa.EXTENDED and frame.payload[:1] == bytes([ipa.EXTENSION_GSUP]):
            self._register.heard(self, gsup.decode(frame.payload[1:]))

    def _controlled(self, message: ipa.Ccm) -> None:
        match message:
            case ipa.Ping():
                self._write(ipa.CCM, ipa.encode_ccm(ipa.Pong()))
            case ipa.IdentityResponse(values) if not self.name:
                self.name = values.get(ipa.SERIAL_NUMBER, "")
                self._register.named(self)

    def _write(self, protocol: int, payload: bytes) -> None:
        self.transport.write(ipa.encode_frame(protocol, payload))


class ControlLine(Protocol):
    """A connection to the control port."""

    def __init__(self, register) -> None:
        self._register, self._frames = register, ipa.Frames()

    def connectionMade(self) -> None:
        """It waits for questions."""
        self._register.controls.append(self)

    def dataReceived(self, data: bytes) -> None:
        """Answers, unless the port is silent."""
        for frame in self._frames.feed(data):
            if frame is None or self._register.is_silent():
                continue
            if frame.protocol == ipa.CCM and ipa.decode_ccm(frame.payload) == ipa.Ping():
                self.transport.write(ipa.encode_frame(ipa.CCM, ipa.encode_ccm(ipa.Pong())))
            elif frame.protocol == ipa.EXTENDED and frame.payload[:1] == bytes([EXTENSION_CTRL]):
                answer = self._answer(frame.payload[1:].decode("utf-8", "replace"))
                self.transport.write(ipa.encode_frame(ipa.EXTENDED, bytes([EXTENSION_CTRL]) + answer.encode()))

    def connectionLost(self, reason=connectionDone) -> None:
        """Nobody asks any more."""
        self._register.controls.remove(self)

    def abort(self) -> None:
        """Breaks off."""
        self.transport.abortConnection()

    def _answer(self, question: str) -> str:
        found = _GET.fullmatch(question)
        if found is None:
            return "ERROR err Command parser error."
        number, variable, imsi = found.groups()
        if imsi not in self._register.numbers:
            return f"ERROR {number} No such subscriber."
        msisdn = self._register.numbers[imsi]
        info = INFO.format(imsi=imsi, msisdn=f"msisdn\t{msisdn}\n" if msisdn else "")
        return f"GET_REPLY {number} {variable} {info}"

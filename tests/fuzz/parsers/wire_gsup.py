"""A GSUP message with its component and what that says: read, or BadMessage; what was read is written as it was."""

from tectonics.domain import alphabet
from tectonics.domain.errors import BadMessage
from tectonics.wire.gsup import message as gsup
from tectonics.wire.map import component, ussd
from tests.fuzz.contract import sentence

IMSI = bytes.fromhex("010800010100000000f1")
TOKENS = (b"\x20" + IMSI, b"\x22" + IMSI, IMSI, b"\x30\x04\0\0\0\7", b"\x31\x01\x01", b"\x31\x01\x03", b"\x02\x01\x60", b"\x0a\x01\x03",
          b"\x35\x14", bytes.fromhex("a11202010102013b300a04010f0405aad86c3602"), bytes.fromhex("a210020102300b02013c300604010f040132"),
          b"\xa1\x80", b"\x30\x80", b"\0\0", b"\x81", b"\x82\x00", b"\x04\x01\x48", b"\x04\x01\x11", b"\x05\x00", b"\xa4\x06\x02\x01\x01\x80\x01")


def check(data: bytes) -> None:
    for info in (_message(data), data):
        for said in (_component(info), info):
            _words(said)


def _message(data: bytes) -> bytes:
    try:
        message = gsup.decode(data)
    except BadMessage as error:
        sentence(error)
        return b""
    assert gsup.decode(gsup.encode(message)) == message
    return message.ss_info


def _component(info: bytes) -> bytes:
    try:
        read = component.decode(info)
    except BadMessage as error:
        sentence(error)
        return b""
    assert component.decode(component.encode(read)) == read
    return getattr(read, "argument", b"") or getattr(read, "result", b"")


def _words(said: bytes) -> None:
    try:
        words = ussd.decode(said)
    except BadMessage as error:
        sentence(error)
        return
    assert len(words.octets) <= ussd.STRING_OCTETS_MAX * 8 // 7
    assert isinstance(alphabet.decode(words.octets, words.alphabet), str)
    if words.octets:
        assert ussd.decode(ussd.encode(words)).octets.startswith(words.octets)

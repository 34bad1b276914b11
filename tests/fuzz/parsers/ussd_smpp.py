"""What a USSD gateway says, in each dialect: something with bounds that can be answered, or a status and why."""

from pathlib import Path

from tectonics.channels.ussd_smpp.heard import ABORT, BEGIN, EITHER, INPUT, SHOWN, Heard, Reader, Unreadable
from tectonics.channels.ussd_smpp.said import MENU, Writer
from tectonics.channels.ussd_smpp.turns import DROPPED, GONE, NEW, turn
from tectonics.config.dialects import read_dialect
from tectonics.wire.smpp.codec import decode, encode
from tectonics.wire.smpp.fields import Malformed
from tests.fuzz.contract import sentence

_FOLDER = Path(__file__).parents[3] / "etc/dialects"
DIALECTS = [read_dialect(path, path.stem)[0] for path in sorted(_FOLDER.glob("*.yaml"))]
HEAD = b"USSD\0\1\x0133600000001\0\0\0*133#\0" + bytes(9)  # up to the length of short_message
TOKENS = (HEAD, HEAD + b"\5*133#", b"\5\1\0\1\1", b"\5\1\0\1\x12", b"\5\1\0\1\x81", b"\x13\x83\0\2\x42\4", b"\x13\x83\0\2\x42\5",
          b"\2\4\0\2\xbe\xef", b"\4\x24\0\5*133#", b"\x011", b"\0", b"33600000001\0", b"\1\1")
COMMANDS = (b"\0\0\0\5", b"\0\0\1\3")  # deliver_sm, data_sm


def check(data: bytes) -> None:
    for command in COMMANDS:
        try:
            pdu = decode((16 + len(data)).to_bytes(4) + command + bytes(7) + b"\1" + data)
        except Malformed as error:
            sentence(error, 200)
            continue
        for dialect in DIALECTS:
            try:
                heard = Reader(dialect, "33").read(pdu)
            except Unreadable as error:
                assert sentence(error, 200) and error.status
            else:
                if heard is not None:
                    _bounded(heard)
                    encode(Writer(dialect).screen(MENU, heard.text, heard.between, heard.correlator, heard.unit))


def _bounded(heard: Heard) -> None:
    assert heard.kind in (BEGIN, INPUT, SHOWN, ABORT, EITHER)
    assert heard.msisdn.isdecimal() and len(heard.msisdn) <= 15 and len(heard.text) <= 182
    assert -1 <= heard.correlator <= 0xFFFF and (heard.unit is None or 0 <= heard.unit < 128)
    assert turn(None, heard, None, 1, 0) in (NEW, GONE, DROPPED)

"""The SIP port of a trusted trunk, and of one with a password: whatever comes, each call is over in the end, and nobody pays."""

from tectonics.wire.sip.message import Unreadable, parse
from tests.channels.did_sip.house import DID, PAI, TRUNK, House, section
from tests.fuzz.contract import NoFaults
from tests.fuzz.parsers import sip_message

DATAGRAMS_MAX = 20
CALL = (f"INVITE sip:+{DID}@h SIP/2.0\r\nv: SIP/2.0/UDP h;branch=z9hG4bK1\r\nf: <sip:a@h>;tag=1\r\nt: <sip:133@h>\r\ni: c1\r\n"
        f"CSeq: 1 INVITE\r\n{PAI}\r\n").encode()
TOKENS = (*sip_message.TOKENS, b"\0\0", CALL, CALL.replace(b"INVITE", b"CANCEL"), CALL.replace(b"INVITE", b"ACK"),
          CALL.replace(b"1 INVITE", b"2 BYE").replace(b"INVITE", b"BYE"), CALL.replace(b"INVITE", b"OPTIONS"), b"Require: x\r\n", b"Expires: 1\r\n")
GUARDED = {**TRUNK, "user": "carrier", "password_file": "trunk.secret"}


def check(data: bytes) -> None:
    with NoFaults():
        for trunk in (TRUNK, GUARDED):
            _call(House(section(trunk), {"t1": "secret"}), data.split(b"\0\0", DATAGRAMS_MAX))


def _call(house: House, datagrams: list[bytes]) -> None:
    for octets in datagrams:
        house.hear_octets(octets)
        house.clock.advance(0.4)
    house.clock.pump([2.0] * 60)
    assert house.counted.raised.keys() <= {("trunk_password", "t1")}
    assert len(house.channel.exchange) == 0 and house.clock.getDelayedCalls() == [] and not house.channel._ringing
    counted = house.results()
    assert len(house.told()) == counted.get("rang", 0) + counted.get("hung_up", 0)
    for octets, _ in house.wire:
        try:
            said = parse(octets)
        except Unreadable:
            continue  # the answer to what is malformed repeats it
        assert not (said.cseq.method == "INVITE" and 200 <= said.status < 300)

"""A switch that writes nonsense: whatever comes, it is no fault of ours, and every call comes to an end."""

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tectonics.domain.call import Answered
from tests.callservers.sip.world import A, World

JUNK = [b"", b"\xff\xfe", b'"', b"<", b"<sip:x", b";tag=", b"sip:x@[", b"Digest nonce", b"99999999999", b"application/sdp", b"v=0\r\nm=\r\n",
        b"INVITE", b"SIP/2.0 200 OK", b", ,", b"*", b"<sip:x@127.0.0.1;lr>, <sip:y", b"0;refresher=uas", b"m=audio x RTP/AVP"]


def spoilt(octets, random):
    """The message with a line or some octets changed."""
    lines = octets.split(b"\r\n")
    at = random.randrange(len(lines))
    match random.randrange(6):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[random.randrange(len(lines))])
        case 2:
            name, colon, _ = lines[at].partition(b":")
            lines[at] = name + colon + b" " + random.choice(JUNK)
        case 3:
            lines[at] = random.choice(JUNK)
        case 4:
            octets = bytearray(octets)
            octets[random.randrange(len(octets))] = random.randrange(256)
            return bytes(octets)
        case _:
            return octets[:random.randrange(len(octets))]
    return b"\r\n".join(lines)


class Nonsense(World):
    """Some of what a switch writes is spoilt."""

    def __init__(self, seed, percent, **section):
        self.random, self.percent = Random(seed), percent
        super().__init__(**section)

    def _arrives(self, octets, addr):
        if self.random.uniform(0, 100) < self.percent:
            octets = spoilt(octets, self.random)
        super()._arrives(octets, addr)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**9), st.sampled_from([5, 30, 80]), st.sampled_from(["IV", "III", "I"]), st.booleans())
def test_nothing_of_it_is_a_fault_of_ours(seed, percent, flow, dies):
    world = Nonsense(seed, percent, flow=flow)
    a = world.until(world.ring(ring_s=10), 100)
    if isinstance(a, Answered):
        b = world.until(world.connect(a, ring_s=10), 100)
        if isinstance(b, Answered):
            over = world.talk(a, b, 60)
            world.a.change("hold")
            world.run(10)
            if dies:
                world.again()
                over = world.talk(a, b, 60, again=True)
            world.until(over, 200)
    world.run(200)
    assert not any(kind == "internal_fault" for kind, _ in world.counted.raised), world.counted.raised
    assert world.server.loads()[0][1] == 0 and world.server.loads()[1][1] == 0
    assert world.switch.rung[A] <= 1

"""A trunk places calls as carriers do, here against the channel that they are for, on one clock and without a socket."""

import pytest
from twisted.internet.address import IPv4Address

from tectonics.simulators.phones.line import Line
from tectonics.simulators.phones.trunk import Dialled, Trunk
from tests.channels.did_sip.house import ANN, DID, HOST, PORT, TRUNK, House, section

PLACE = ("127.0.0.1", 5070)
CALL = Dialled("c1", f"+{DID}", (f"P-Asserted-Identity: <sip:+{ANN}@carrier.example>",))


class Socket:
    """What the trunk says goes to the channel."""

    def __init__(self, house):
        self.socket, self.house, self.said = self, house, []

    def setsockopt(self, *option):
        pass

    def getHost(self):
        return IPv4Address("UDP", HOST, PORT)

    def write(self, octets, place):
        assert place == PLACE
        self.said.append(octets)
        self.house.channel.datagrams.datagramReceived(octets, (HOST, PORT))


def joined(line=None, user="", **options):
    """The channel and a trunk that hear each other."""
    house = House(**options)
    trunk = Trunk(house.clock, user, line)
    trunk.ended = []
    trunk.on_end = trunk.ended.append
    trunk.makeConnection(Socket(house))
    plain = house.write
    house.write = lambda octets, address: (plain(octets, address), house.clock.callLater(0, trunk.datagramReceived, octets, PLACE))
    return house, trunk


def statuses(one):
    return [status for _, status in one.statuses]


def test_a_call_rings_and_is_declined():
    house, trunk = joined()
    one = trunk.call(CALL, PLACE)
    house.pass_s(9)
    assert statuses(one) == [100, 180, 480] and trunk.ended == [one] and one.final == 480 and 7.9 < one.rang_s < 8.1
    assert house.told()[0][1:4] == ("c1", ANN, DID)
    assert trunk.transport.said[-1].startswith(b"ACK ")
    house.pass_s(40)
    assert trunk.strays == 0 and len(trunk.transport.said) == 2
    trunk.close()


def test_who_hangs_up_before_anything_is_heard_says_so_later():
    house, trunk = joined()
    one = trunk.call(CALL, PLACE)
    trunk.hang_up(one)
    house.pass_s(0.1)
    assert statuses(one) == [100, 180, 487] and house.told() == []
    assert [said.split()[0] for said in trunk.transport.said] == [b"INVITE", b"CANCEL", b"ACK"]


def test_what_is_lost_is_said_again():
    line = Line()
    line.order("INVITE", "lose", times=2)
    line.order("480 INVITE", "lose", times=1)
    house, trunk = joined(line)
    one = trunk.call(CALL, PLACE)
    house.pass_s(14)
    assert statuses(one) == [100, 180, 480] and len(house.told()) == 1


def test_who_waits_no_longer_has_no_answer_and_still_hears_of_what_costs():
    line = Line(lose_percent=100)
    house, trunk = joined(line)
    one = trunk.call(CALL, PLACE)
    house.pass_s(4)
    trunk.give_up(one)
    assert trunk.ended == [one] and one.final == 0 and one.rang_s == 0
    line.weather()
    heard = []
    trunk.on_heard = lambda *what: heard.append(what)
    house.pass_s(20)
    assert heard == [(one, 100), (one, 180)]
    assert statuses(one) == [100, 180] and [said.split()[0] for said in trunk.transport.said] == [b"INVITE", b"CANCEL", b"ACK"]
    assert house.told() == [] and trunk.ended == [one]


@pytest.mark.parametrize("password, heard", [("secret", [100, 180, 480]), ("guessed", [401]), ("", [401])])
def test_it_proves_itself_with_its_password(password, heard):
    made = section(TRUNK | {"user": "carrier"})
    house, trunk = joined(user="carrier", made=made, passwords={"t1": "secret"})
    one = trunk.call(Dialled("c1", f"+{DID}", CALL.headers, password), PLACE)
    house.pass_s(9)
    assert statuses(one) == heard and trunk.ended == [one]


def test_the_same_call_by_two_ways_is_merged():
    house, trunk = joined()
    first, second = trunk.call(CALL, PLACE), trunk.call(CALL, PLACE)
    house.pass_s(9)
    assert first.final == 480 and second.final == 482 and len(house.told()) == 1


def test_what_is_no_message_is_passed_over():
    house, trunk = joined()
    trunk.datagramReceived(b"hello", PLACE)
    assert trunk.transport.said == [] and house.told() == []

"""Any history of a network, its links and a slow dialogue: what the channel keeps, and that it comes to an end."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.channels.peers import Failures
from tests.channels.ussd_gsup.network import ANN, BOB, NOBODY, Network
from tests.wire.gsup.octets import BEGIN, CONTINUE, DIALLED_133, END, ERROR, REQUEST, answered, dialling, ss

SESSIONS_MAX = 3
SAID = st.builds(
    lambda kind, session, imsi, digit, invoke: {
        "dial": ss(REQUEST, BEGIN, DIALLED_133, session, imsi), "longer": ss(REQUEST, BEGIN, dialling("*133*7#"), session, imsi),
        "type": ss(REQUEST, CONTINUE, answered(digit, invoke), session, imsi), "over": ss(REQUEST, END, "", session, imsi),
        "undelivered": ss(ERROR, END, "", session, imsi, "020160"), "no code": ss(REQUEST, BEGIN, dialling("*#"), session, imsi),
        "broken": ss(REQUEST, CONTINUE, "a306 020101 020147", session, imsi)}[kind],
    st.sampled_from(["dial", "dial", "longer", "type", "type", "type", "over", "undelivered", "no code", "broken"]),
    st.sampled_from([1, 1, 1, 2]), st.sampled_from([ANN, ANN, ANN, BOB, NOBODY]), st.sampled_from("279"), st.integers(1, 3))
OTHERS = ["dial", "dial", "reply 2", "reply 2", "reply 7", "reply 9", "look up", "release", "release the last", "lose gsup",
          "lose control", "second", "half a minute"]
MOVES = st.lists(st.tuples(SAID, st.booleans()) | st.sampled_from(OTHERS), min_size=10, max_size=40)


def play(network, move):
    """One move, where it is possible."""
    if isinstance(move, tuple):
        if network.wire.open:
            network.wire.hear(move[0])
        if network.asking.open and move[1]:
            network.look_up()
    elif move == "dial" and network.wire.open:
        network.wire.hear(ss(REQUEST, BEGIN, DIALLED_133))
        play(network, "look up")
    elif move.startswith("reply") and network.wire.open:
        reply(network, move[-1])
    elif move == "look up" and network.asking.open:
        network.look_up()
    elif move in ("release", "release the last") and network.dialogue.held:
        network.dialogue.release(more=move == "release")
    elif move == "lose gsup":
        network.wire.cut()
    elif move == "lose control":
        network.asking.cut()
    elif move in ("second", "half a minute"):
        network.clock.advance(1 if move == "second" else 30)
    if network.gsup.attempts:
        network.connect_gsup()
    if network.control.attempts:
        network.connect_control()


def reply(network, digit):
    """Somebody who reads a menu answers it."""
    for session in network.channel._entity._sessions.values():
        if not session.ours:
            network.wire.hear(ss(REQUEST, CONTINUE, answered(digit, session.asked), session.key.session, session.key.imsi))
            return


@settings(deadline=None)
@given(MOVES)
def test_any_history_comes_to_an_end(moves):
    network, over = Network(sessions_max=SESSIONS_MAX), set()
    with Failures() as failures:
        for move in moves:
            asked = len(network.dialogue.asked)
            play(network, move)
            assert not over & {one.session for one in network.dialogue.asked[asked:]}, "what is over is not asked again"
            over = {session for session, _ in network.dialogue.over}
            assert len(over) == len(network.dialogue.over), "a session is over once"
            sessions = network.channel.loads()[0][1]
            assert sessions == len(network.channel._talks) <= SESSIONS_MAX
        stopped = network.channel.stop()
        network.clock.advance(2)
        network.clock.advance(2)
        while network.dialogue.held:
            network.dialogue.release()
    assert stopped.called and not network.channel._talks and network.clock.getDelayedCalls() == []
    assert failures == [] and network.requests("error") == 0

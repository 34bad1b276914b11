"""Answers that come to nobody, and a cancelled INVITE that is never answered."""

from tectonics.wire.sip.answers import answer
from tectonics.wire.sip.layer import Answered, Layer, Stray, Unanswered, Write
from tests.wire.sip.making import request

OK = (("Contact", "<sip:b@127.0.0.1>"),)


def test_an_answer_to_an_unknown_invite_is_a_stray():
    layer = Layer()
    for status in (180, 200, 486):
        response = answer(request(), status, "b", OK)
        assert layer.receive(response, "there", 0) == [Stray(response, "there")]
    layer.send(request("CANCEL"), "there", "token", 0)
    assert layer.receive(answer(request(), 180, "b"), "there", 0) == []  # it is being cancelled
    assert layer.receive(answer(request("BYE"), 200, "b"), "there", 0) == []


def test_a_2xx_behind_a_refusal_is_a_stray():
    layer, invite = Layer(), request()
    layer.send(invite, "there", "token", 0)
    layer.receive(answer(invite, 487, "b"), "there", 1)
    accepted = answer(invite, 200, "c", OK)
    assert layer.receive(accepted, "there", 2) == [Stray(accepted, "there")]
    assert [type(one) for one in layer.receive(answer(invite, 487, "b"), "there", 3)] == [Write]  # its ACK, once more


def test_who_is_cancelled_and_never_answers_is_given_up():
    layer, invite = Layer(), request()
    layer.send(invite, "there", "token", 0)
    assert [type(one) for one in layer.receive(answer(invite, 180, "b"), "there", 1)] == [Answered]
    layer.due(1000)
    assert len(layer) == 1  # it may ring for ever
    assert [type(one) for one in layer.cancel(invite, "token", 1000)] == [Write]
    layer.receive(answer(request("CANCEL"), 200, "b"), "there", 1000)
    done = []
    while len(layer):
        done += layer.due(layer.due_at)
    assert [one.request.method for one in done if isinstance(one, Unanswered)] == ["INVITE"]


def test_its_answer_in_time_is_heard_all_the_same():
    layer, invite = Layer(), request()
    layer.send(invite, "there", "token", 0)
    layer.receive(answer(invite, 180, "b"), "there", 1)
    layer.cancel(invite, "token", 2)
    heard = [one.response.status for one in layer.receive(answer(invite, 487, "b"), "there", 3) if isinstance(one, Answered)]
    assert heard == [487]

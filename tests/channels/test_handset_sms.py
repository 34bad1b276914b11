"""The inbox of the demo's handsets."""

import pytest
from twisted.internet.task import Clock

from tectonics.channels import handset_sms
from tectonics.channels.handset_sms import HandsetSms
from tectonics.domain.commands import Notify
from tectonics.domain.errors import Busy
from tectonics.domain.outcome import Done


def notify(op, msisdn="33600000001", text="hello"):
    return Notify(op, msisdn, "granted", text, "en")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def inbox(clock):
    return HandsetSms(clock)


def answer(deferred):
    answers = []
    deferred.addCallback(answers.append)
    return answers[0]


def test_a_message_is_done_and_shown_with_its_time(inbox, clock):
    clock.advance(12.5)
    assert answer(inbox.send(notify("TEC-1"))) == Done(ref="TEC-1")
    assert inbox.messages("33600000001") == [(12_500, "hello")]
    assert inbox.messages("33600000002") == []


def test_a_repetition_is_recognised_and_not_shown_twice(inbox):
    heard = []
    inbox.listen(lambda *message: heard.append(message))
    inbox.send(notify("TEC-1"))
    assert answer(inbox.send(notify("TEC-1"))) == Done(ref="TEC-1")
    assert (inbox.repetitions, len(inbox.messages("33600000001"))) == (1, 1)
    assert heard == [("33600000001", 0, "hello")]


def test_a_listener_can_leave_and_their_number_is_bounded(inbox):
    heard = []
    leave = inbox.listen(lambda *message: heard.append(message))
    leave()
    inbox.send(notify("TEC-1"))
    assert heard == []
    for _ in range(handset_sms.LISTENERS_MAX):
        inbox.listen(print)
    with pytest.raises(Busy):
        inbox.listen(print)


def test_memory_is_bounded(inbox, monkeypatch):
    monkeypatch.setattr(handset_sms, "NUMBERS_MAX", 3)
    monkeypatch.setattr(handset_sms, "OPERATIONS_MAX", 60)
    for n in range(60):
        inbox.send(notify(f"TEC-{n}", text=str(n)))
    assert [text for _, text in inbox.messages("33600000001")] == [str(n) for n in range(10, 60)]
    for n in range(2, 5):
        inbox.send(notify(f"TEC-x{n}", msisdn=f"3360000000{n}"))
    assert inbox.messages("33600000001") == []
    assert inbox.messages("33600000004") != []
    inbox.send(notify("TEC-0"))
    assert inbox.repetitions == 0, "forgotten after sixty others"

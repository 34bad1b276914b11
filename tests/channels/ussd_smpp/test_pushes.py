"""What nobody dialled for: notices, menus and their answers, correlators, what goes wrong."""

import pytest

from tectonics.channels.ussd_smpp import pushes
from tectonics.channels.ussd_smpp.channel import UssdSmpp
from tectonics.channels.ussd_smpp.pushes import Failed, Shown, Typed
from tectonics.config.smpp import SmppAccount
from tectonics.config.smpp import UssdSmpp as Section
from tectonics.links.smpp.outcome import Lost, Rejected, Unsent
from tectonics.wire.smpp.status import Status
from tectonics.wire.smpp.tlvs import Tag
from tests.channels.ussd_smpp.speaking import (
    CATALOGUE,
    MSISDN,
    SHIPPED,
    Counted,
    House,
    Ids,
    its,
    op,
    reference,
    said,
)


def pushed(house, text="Pay for this call?", menu=True, **more):
    found = []
    house.channel.push(MSISDN, text, menu, **more).addCallback(found.append)
    return found


def correlation(pdu):
    """What a gateway repeats in what belongs to this PDU."""
    return tuple(tlv for tlv in pdu.tlvs if tlv.tag in (Tag.ITS_SESSION_INFO, Tag.USER_MESSAGE_REFERENCE))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_menu_is_answered_in_each_dialect(name):
    house = House(name)
    found = pushed(house)
    menu = house.last
    assert menu.tlv(Tag.USSD_SERVICE_OP) == 2 and menu.destination_addr == MSISDN and found == []
    house.hear(said("1", op(18), *correlation(menu)))
    [typed] = found
    assert isinstance(typed, Typed) and typed.text == "1" and house.dialogue.asked == []
    ended = []
    house.channel.reply(typed, "Thank you").addCallback(ended.append)
    assert ended == [Shown(False)] and house.last.tlv(Tag.USSD_SERVICE_OP) == house.dialect.ops_out.end
    assert len(house.channel._table) == 0


def test_a_notice_and_its_confirmation():
    house = House()
    found = pushed(house, "You are low on credit", menu=False)
    assert house.last.tlv(Tag.USSD_SERVICE_OP) == 3 and house.last.tlv(Tag.ITS_SESSION_INFO).ends
    house.hear(said("", op(19), its(house.last.tlv(Tag.ITS_SESSION_INFO).session, 0)))
    assert found == [Shown(True)]


def test_a_gateway_that_never_confirms_has_shown_it_perhaps():
    house = House()
    found = pushed(house, menu=False)
    house.clock.advance(pushes.CONFIRM_S - 1)
    assert found == []
    house.clock.advance(1)
    assert found == [Shown(False)]


def test_a_menu_that_goes_on():
    house = House()
    found, second = pushed(house), []
    house.hear(said("1", op(18), its(255, 0)))
    house.channel.reply(found[0], "Are you sure?", menu=True).addCallback(second.append)
    assert house.last.tlv(Tag.ITS_SESSION_INFO).unit == 1
    house.hear(said("1", op(18), its(255, 0), sequence=1))  # a repetition of the first
    assert second == []
    house.hear(said("2", op(18), its(255, 1), sequence=2))
    assert second[0].text == "2"


def test_a_reply_from_within_the_answer():
    house, found = House(), []
    answered = house.channel.push(MSISDN, "Yes?", menu=True)
    answered.addCallback(lambda typed: house.channel.reply(typed, f"You said {typed.text}").addCallback(found.append))
    house.hear(said("1", op(18), its(255, 0)))
    assert house.screens == ["Yes?", "You said 1"] and found == [Shown(False)]
    house.clock.advance(60)
    assert len(house.screens) == 2


def test_who_was_not_replied_to_is_let_go():
    house = House()
    found = pushed(house)
    house.hear(said("1", op(18), its(255, 0)))
    house.clock.advance(8)
    assert house.last.tlv(Tag.USSD_SERVICE_OP) == 128
    late = []
    house.channel.reply(found[0], "too late").addCallback(late.append)
    assert late == [Failed("the session is over")]


@pytest.mark.parametrize("outcome, why", [
    (Rejected("gw", Status.RSUBMITFAIL), "refused by the gateway: ESME_RSUBMITFAIL"),
    (Unsent("nobody is bound"), "not sent: nobody is bound"), (Lost("gw", "silence"), "lost: silence")])
@pytest.mark.parametrize("menu", [True, False])
def test_what_was_not_accepted_failed(outcome, why, menu):
    house = House()
    house.binds.outcome = outcome
    assert pushed(house, menu=menu) == [Failed(why)] and len(house.channel._table) == 0


def test_an_answer_that_is_faster_than_the_gateways_own_counts():
    house = House()
    house.binds.hold = True
    found = pushed(house)
    house.hear(said("1", op(18), its(255, 0)))
    house.binds.held[0].callback(Lost("gw", "no answer"))
    assert [type(one) for one in found] == [Typed]


def test_nobody_answers():
    house = House()
    found = pushed(house)
    house.clock.advance(180)
    assert found == [Failed("no answer")] and house.clock.getDelayedCalls() == []


def test_a_push_is_ended_by_hanging_up_by_dialling_and_by_a_stop():
    house = House("source-only")
    found = pushed(house)
    house.hear(said("", op(129)))
    assert isinstance(found[0], Failed)
    found = pushed(house)
    house.hear(said("*133#", op(1)))
    assert isinstance(found[0], Failed) and house.dialogue.texts == [""]
    assert pushed(house) == [Failed("the subscriber is in a session")]
    house = House()
    found = pushed(house)
    house.channel.stop()
    assert found == [Failed("the daemon stops")]


def test_each_has_a_correlator_of_its_own_that_is_not_in_use():
    house = House()
    house.hear(said("*133#", op(1), its(254, 0)))
    seen = []
    for _ in range(3):
        pushed(house)
        seen.append(house.last.tlv(Tag.ITS_SESSION_INFO).session)
    assert seen == [255, 253, 252]
    house = House("reference-correlated")
    pushed(house)
    assert house.last.tlv(Tag.USER_MESSAGE_REFERENCE) == 0xFFFF


def test_too_many_pushes(monkeypatch):
    monkeypatch.setattr(pushes, "PUSHES_MAX", 1)
    house = House()
    pushed(house)
    assert pushed(house) == [Failed("too many pushes wait")]


def test_over_which_account():
    house = House()
    accounts = tuple(SmppAccount(name=name, address=f"tcp:{name}:1", rank=rank, bind=bind) for name, rank, bind in (
        ("rx", 0, "receiver"), ("far", 1, "transceiver"), ("near", 0, "transceiver")))
    channel = UssdSmpp(house.binds, house.dialogue, Section(accounts=accounts), {"standard": house.dialect}, CATALOGUE,
                       ids=Ids(), clock=house.clock, metrics=Counted(), codes=())
    chosen = []
    for states in ({"near": "bound", "far": "bound"}, {"far": "bound"}, {}):
        house.binds.states = states
        channel.push(MSISDN, "x")
        chosen.append(house.binds.submitted[-1][3])
    channel.push(MSISDN, "x", account="far")
    assert [*chosen, house.binds.submitted[-1][3]] == ["near", "far", "near", "far"]


def test_a_long_text_is_cut():
    house = House()
    pushed(house, "x" * 500, menu=False)
    assert len(house.last.short_message) == 182


def test_what_is_typed_after_a_notice_is_nothing():
    house = House("reference-correlated")
    found = pushed(house, menu=False)
    house.hear(said("1", op(18), reference(0xFFFF)))
    assert found == [] and house.dialogue.asked == []
    house.clock.advance(10)
    assert found == [Shown(False)]

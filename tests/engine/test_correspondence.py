"""Conversations by short message: what is answered, once, and that nothing is lent that was not shown and agreed to."""

import json
from dataclasses import replace

import pytest
from twisted.internet.defer import Deferred, succeed

from tectonics.domain.commands import REPLY
from tectonics.domain.errors import Busy, OurFault
from tectonics.domain.messages import Catalogue
from tectonics.domain.outcome import Done, Refused, Unknown
from tectonics.domain.text import sms_style
from tectonics.engine.correspondence import EngineCorrespondence
from tectonics.engine.manners import REPLIES_MAX, REPLIES_S, Manners
from tectonics.engine.pace import Limits
from tectonics.ports import Capabilities, ShortMessage
from tests.engine.world import OPEN, Node, build, drain, run, settle
from tests.workflows.world import MSISDN, POLICY, TEXTS, subscriber

OFFER_S, HELP_S = 900, 3600


class Pen:
    """Writes to a node as a subscriber does, and reads what he gets."""

    def __init__(self, node, msisdn=MSISDN):
        self.node, self.msisdn, self.count = node, msisdn, 0
        self.restart(node)

    def restart(self, node):
        self.node = node
        self.desk = EngineCorrespondence(node.core.engine, node.core.enquiry, node.core.limits, sms_style(session_s=OFFER_S), node.core.requests,
                                          node.core.movements, HELP_S)

    def post(self, text, id="", msisdn="", to="133"):
        self.count += 1
        at = self.node.core.engine.now()
        return self.desk.received(ShortMessage("sms", id or f"m{self.count}", msisdn or self.msisdn, to, text, at))

    def yes(self, word="YES"):
        """The word with the code of the offer that stands."""
        shown = run(self.node.clock, self.node.files.queries.account(self.msisdn)).standing.shown
        return f"{word} {shown.code if shown else '00'}"

    def write(self, text, wait_s=10, **more):
        """The texts that come back within `wait_s`."""
        before = len(self.node.inbox.sent)
        run(self.node.clock, self.post(text, **more))
        drain(self.node.clock, self.node.clock.seconds() + wait_s)
        return [command.text for command in self.node.inbox.sent[before:]]

    def profile(self):
        return run(self.node.clock, self.node.files.queries.account(self.msisdn)).profile

    def lent(self):
        return [one.offer.amount_minor for _, one in run(self.node.clock, self.node.files.queries.advances(self.msisdn))]

    def tickets(self):
        lines = run(self.node.clock, self.node.files.tickets.read(self.node.files.origin, 0, 100))
        return [json.loads(ticket.line) for ticket in lines]


@pytest.fixture
def node(tmp_path):
    return build(tmp_path)


@pytest.fixture
def pen(node):
    return Pen(node)


def test_a_yes_names_the_code_of_its_offer(pen):
    [shown] = pen.write("SOS 2")
    assert pen.yes().split()[1] == shown.split()[-1]
    assert pen.write("YES") == [shown] and pen.write("YES 98") == [shown] and pen.lent() == []
    assert pen.write(pen.yes())[0].startswith("sms.granted") and pen.lent() == [200]


def test_a_yes_that_comes_late_or_again_agrees_to_no_other_offer(tmp_path):
    """The centre holds messages back, and delivers them again."""
    rules = replace(POLICY, lending=replace(POLICY.lending, balance_minor_max=None))
    pen = Pen(build(tmp_path, accounts=[subscriber(segment="gold")], policy=rules))
    pen.write("SOS 1")
    held = pen.yes()
    pen.write("SOS 2")
    assert pen.yes() != held and pen.write(held)[0].startswith("reply.confirm 2.00")
    agreed = pen.yes()
    assert pen.write(agreed)[0].startswith("sms.granted")
    pen.write("SOS 2")
    assert pen.write(agreed)[0].startswith("reply.confirm 2.00") and pen.lent() == [200]


def test_no_code_comes_again_soon(pen):
    codes = set()
    for n in range(45):
        pen.write(f"SOS {1 + n % 2}")
        codes.add(pen.yes())
        drain(pen.node.clock, pen.node.clock.seconds() + REPLIES_S / REPLIES_MAX)
    assert len(codes) == 45


def test_sos_a_number_and_yes(pen):
    [menu] = pen.write("SOS")
    assert menu.split("\n") == ["menu.title", *(f"menu.offer {a} {f} {n}" for n, a, f in (
        (1, "1.00", "0.10"), (2, "2.00", "0.20"), (3, "5.00", "0.50"))), "reply.choose"]
    [confirm] = pen.write("2")
    assert confirm.startswith("reply.confirm 2.00") and confirm.endswith(f" {pen.yes('yes')}")
    assert pen.lent() == []
    told = pen.write(pen.yes("Yes!"))
    assert [text.split()[:2] for text in told] == [["sms.granted", "2.00"]]
    assert pen.lent() == [200]
    assert {command.priority for command in pen.node.inbox.sent} == {REPLY}
    granted = next(ticket for ticket in pen.tickets() if ticket["type"] == "advance.granted")
    assert (granted["channel"], granted["trigger"]) == ("sms", "m3")


def test_an_offer_that_is_named_is_still_only_shown(pen):
    assert [text.split()[0] for text in pen.write("sos 3")] == ["reply.confirm"]
    assert pen.lent() == []


def test_the_result_is_told_once_whatever_notices_the_operator_wants(tmp_path):
    pen = Pen(build(tmp_path, policy=replace(POLICY, notices=frozenset())))
    pen.write("SOS 1")
    assert [text.split()[0] for text in pen.write(pen.yes())] == ["sms.granted"]


def test_a_number_chooses_another_offer_and_nothing_is_lent_unseen(pen):
    pen.write("SOS 1")
    [confirm] = pen.write("3")
    assert confirm.startswith("reply.confirm 5.00")
    assert pen.write("1")[0].startswith("reply.confirm 1.00")  # a number never agrees, not even 99
    assert pen.write("99")[0].startswith("wrong.again")
    assert pen.write(pen.yes("yes"))[0].startswith("wrong.again") is False
    assert pen.lent() == []


def test_zero_goes_back_and_then_says_what_is_owed(pen):
    pen.write("SOS 1")
    assert pen.write("0")[0].startswith("menu.title")
    assert pen.write("0") == ["owe.none"]
    assert pen.write("DEBT") == ["owe.none"]


def test_no_closes_the_offer(pen):
    pen.write("SOS 1")
    assert pen.write("No") == ["reply.declined"]
    assert pen.write(pen.yes())[0].startswith("reply.expired\nmenu.title")
    assert pen.lent() == []


def test_the_same_message_again_does_and_says_nothing(pen):
    assert len(pen.write("SOS 2", id="a")) == 1
    assert pen.write("SOS 2", id="a") == []
    assert len(pen.write(pen.yes(), id="b")) == 1
    assert pen.write(pen.yes(), id="b") == [] and pen.write("SOS 2", id="a") == []
    assert pen.lent() == [200]


def test_the_same_message_twice_at_once_is_one(pen):
    pen.write("SOS 2")
    twice = [pen.post(pen.yes(), id="b"), pen.post(pen.yes(), id="b")]
    for one in twice:
        run(pen.node.clock, one)
    settle(pen.node, 5)
    assert pen.lent() == [200] and len(pen.node.inbox.sent) == 2


def test_yes_to_a_menu_shows_it_again(pen):
    pen.write("SOS")
    assert pen.write(pen.yes())[0].startswith("menu.title") and pen.lent() == []


def test_an_offer_does_not_stand_for_ever(pen):
    pen.write("SOS 2")
    drain(pen.node.clock, pen.node.clock.seconds() + OFFER_S)
    assert pen.write(pen.yes())[0].startswith("reply.expired\nmenu.title") and pen.lent() == []
    drain(pen.node.clock, pen.node.clock.seconds() + OFFER_S)
    assert pen.write("2")[0].startswith("reply.confirm 2.00") and pen.lent() == []


def test_an_offer_message_is_not_sent_when_it_cannot_be_answered_any_more(pen):
    pen.write("SOS 2")
    sent = pen.node.inbox.sent[-1]
    assert OFFER_S - 11 < sent.expires_at / 1000 - pen.node.clock.seconds() <= OFFER_S


def revived(pen, life=b"\2"):
    """The same subscriber, another life of the node."""
    old = pen.node
    old.process.kill()
    node = Node(old.folder, old.clock, old.ledger, life=life)
    run(node.clock, node.start())
    pen.restart(node)


def test_what_was_shown_outlives_the_process_and_the_menu_is_made_anew(pen):
    pen.write("SOS")
    revived(pen)
    assert pen.write(pen.yes())[0].startswith("reply.expired\nmenu.title")  # a menu is nothing to agree to
    revived(pen, b"\3")
    assert pen.write("2", id="a")[0].startswith("reply.confirm 2.00")
    revived(pen, b"\4")
    assert pen.write("2", id="a") == []  # answered by the earlier life
    assert pen.write(pen.yes())[0].startswith("sms.granted") and pen.lent() == [200]


def test_two_nodes_get_the_messages_of_one_conversation(pen):
    other = Pen(Node(pen.node.folder, pen.node.clock, pen.node.ledger, origin="n2", life=b"\2"))
    run(pen.node.clock, other.node.start())
    other.count = 100
    assert pen.write("SOS")[0].startswith("menu.title")
    assert other.write("2")[0].startswith("reply.confirm 2.00")
    assert pen.write("3")[0].startswith("reply.confirm 5.00")  # what is shown last is what is agreed to
    assert other.write(other.yes())[0].startswith("sms.granted 5.00")
    assert pen.write(pen.yes())[0].startswith("refused.open_advance") and pen.lent() == [500]


def test_an_offer_is_agreed_to_once(tmp_path):
    """Also by one who may have several advances, and who writes to two nodes at the same moment."""
    pen = Pen(build(tmp_path, accounts=[subscriber(segment="gold")]))
    other = Pen(Node(pen.node.folder, pen.node.clock, pen.node.ledger, origin="n2", life=b"\2"))
    run(pen.node.clock, other.node.start())
    other.count = 100
    pen.write("SOS 2")
    both = [pen.post(pen.yes()), other.post(other.yes())]
    for one in both:
        run(pen.node.clock, one)
    settle(pen.node, 10)
    assert pen.lent() == [200]
    told = [command.text.split()[0] for node in (pen.node, other.node) for command in node.inbox.sent]
    assert sorted(told) == ["refused.offer_changed", "reply.confirm", "sms.granted"]


@pytest.mark.parametrize("ledger", ["deduplicates", "reads back"])
def test_wherever_it_dies_money_moves_once_and_the_result_is_told_once(tmp_path, ledger):
    """YES comes again after the crash, as from a message centre that got no acknowledgement."""
    promises = OPEN if ledger == "deduplicates" else Capabilities(False, 0, True)
    seen = set()
    for crash_at in range(1, 60):
        folder = tmp_path / str(crash_at)
        folder.mkdir()
        pen = Pen(build(folder, promises))
        pen.write("SOS 2", id="a")
        inboxes, acknowledged = [pen.node.inbox], []
        pen.post(pen.yes(), id="b").addCallbacks(acknowledged.append, acknowledged.append)
        steps = 0
        while steps < crash_at and pen.node.clock.step():
            steps += 1
        revived(pen)
        inboxes.append(pen.node.inbox)
        if not acknowledged:
            run(pen.node.clock, pen.post(pen.yes(), id="b"))
        settle(pen.node, 300, 5)
        told = {command.op: command.text.split()[0] for inbox in inboxes for command in inbox.sent}
        words = [word for word in list(told.values())[1:] if word != "result.pending"]
        state = [one.state for _, one in run(pen.node.clock, pen.node.files.queries.advances(MSISDN))]
        # An answer has one identity, however often it was sent. A credit that was committed, never sent, and
        # cannot be sent again has failed.
        assert (state, words) in ((["open"], ["sms.granted"]), (["failed"], ["sms.failed"])), crash_at
        seen.add(tuple(state))
        balance = run(pen.node.clock, pen.node.ledger.billing.balance(MSISDN, "")).amount_minor
        assert balance == (200 if state == ["open"] else 0)
        if steps < crash_at:
            break
    else:
        raise AssertionError("the story is longer than the crashes")
    assert seen == {("open",)} | ({("failed",)} if ledger == "reads back" else set())


def test_a_refusal_is_told_with_its_ticket(tmp_path):
    pen = Pen(build(tmp_path, balance_minor=1000))
    assert [text.split()[0] for text in pen.write("SOS", id="a")] == ["refused.balance"]
    assert pen.write("SOS", id="a") == []
    assert [(t["type"], t["channel"], t["trigger"]) for t in pen.tickets()] == [("advance.refused", "sms", "a")]


def test_what_changed_after_it_was_shown_is_refused_and_not_lent(pen):
    pen.write("SOS 2")
    pen.node.core.policies._current = replace(POLICY, version=2, lending=replace(POLICY.lending, accepting=False))
    assert [text.split()[0] for text in pen.write(pen.yes())] == ["refused.stopped"]
    assert pen.lent() == [] and pen.write(pen.yes())[0].startswith("refused.stopped")


@pytest.mark.parametrize("outcome, told", [
    (Refused("limit"), ["sms.failed"]), (Unknown("silent"), ["result.pending", "sms.granted"])])
def test_a_credit_that_was_not_done_or_is_unknown(pen, outcome, told):
    pen.write("SOS 2")
    billing = pen.node.ledger.billing
    credit, answers = billing.credit, [outcome]
    billing.credit = lambda command: succeed(answers.pop()) if answers else credit(command)
    words = [text.split()[0] for text in pen.write(pen.yes(), wait_s=0)]
    settle(pen.node, 30)
    words = [command.text.split()[0] for command in pen.node.inbox.sent[1:]]
    assert words == told


def test_no_message_waits_for_a_slow_credit(pen):
    pen.write("SOS 2")
    credits = []
    pen.node.ledger.billing.credit = lambda command: credits.append(Deferred()) or credits[-1]
    assert pen.write(pen.yes(), wait_s=100) == []
    credits[0].callback(Done("ref"))
    settle(pen.node, 2)
    assert pen.node.inbox.sent[-1].text.startswith("sms.granted")


def test_stop_and_start(pen):
    assert pen.write("Stop it, please") == ["reply.stopped start"]
    since = pen.profile().adverts_stopped_at
    assert since is not None
    assert pen.write("STOP") == ["reply.stopped start"] and pen.profile().adverts_stopped_at == since
    assert pen.write(pen.yes()) == ["reply.started stop"] and pen.profile().adverts_stopped_at is None
    pen.write("STOP")
    assert pen.write("START") == ["reply.started stop"]
    audits = [ticket["text"] for ticket in pen.tickets() if ticket["type"] == "admin.change"]
    assert audits[0] == "advertising stopped, by the subscriber" and len(audits) == 5


def test_collect_calls_are_refused_and_allowed(pen):
    assert pen.write("nocollect") == ["reply.nocollect collect"] and pen.profile().collect_refused_at is not None
    assert pen.write("COLLECT") == ["reply.collect nocollect"] and pen.profile().collect_refused_at is None
    audits = [ticket["text"] for ticket in pen.tickets() if ticket["type"] == "admin.change"]
    assert audits == ["collect calls refused, by the subscriber", "collect calls allowed, by the subscriber"]


def test_the_balance_and_what_is_owed(pen):
    assert pen.write("account") == ["reply.account 0.00 EUR\nowe.none"]
    pen.write("SOS 2")
    pen.write(pen.yes())
    assert pen.write("account")[0].startswith("reply.account 2.00 EUR\nowe.total EUR")
    run(pen.node.clock, pen.node.ledger.billing.set_faults(hang_balance=True))
    assert pen.write("account")[0].startswith("reply.account_unknown\nowe.total")
    assert Pen(pen.node, "33699999999").write("account") == []


def test_yes_means_the_offer_that_is_open_also_for_one_who_stopped_advertising(pen):
    pen.write("STOP")
    pen.write("SOS 2")
    assert pen.write(pen.yes())[0].startswith("sms.granted") and pen.profile().adverts_stopped_at is not None


def test_languages(node):
    node.core.engine.catalogue = Catalogue({"en": TEXTS, "fr": TEXTS | {
        "menu.title": "titre", "reply.language": "en français", "word.yes": "OUI", "reply.confirm": "offre $yes"}}, "en")
    pen = Pen(node)
    pen.write("SOS")
    assert pen.write("LANG FR") == ["en français"]
    assert pen.profile().language == "fr"
    assert pen.write(pen.yes())[0].startswith("titre")  # the same conversation, in French
    assert pen.write("1") == [f"offre {pen.yes('OUI')}"]
    assert pen.write(pen.yes("oui"))[0].startswith("sms.granted")
    assert pen.write("LANG de") == ["reply.languages lang en, fr"]


def test_help_at_most_once_in_its_time(pen):
    help_ = "reply.help account call collect debt history lang nocollect sos stop"
    assert pen.write("hello?") == [help_]
    assert pen.write("hello??") == [] and pen.write("HELP") == []
    drain(pen.node.clock, pen.node.clock.seconds() + HELP_S)
    assert pen.write("what?") == [help_]


@pytest.mark.parametrize("sender", ["133", "VODAFONE", "", "+33600000001", "0600000001", "3360000000123456"])
def test_who_is_no_subscriber_gets_nothing(pen, sender):
    assert pen.write("SOS", msisdn=sender or " ") == []
    assert pen.node.metrics.counts["tectonics_correspondence_total", ("none", "stranger")] == 1


def test_our_own_number_is_not_answered(pen):
    assert pen.write("SOS", to="+" + MSISDN) == []


def test_a_number_that_we_do_not_know_is_refused_when_it_asks_and_never_helped(pen):
    stranger = "33699999999"
    assert pen.write("what?", msisdn=stranger) == [] and pen.write("LANG en", msisdn=stranger) == []
    assert run(pen.node.clock, pen.node.files.queries.account(stranger)) is None
    assert pen.write("SOS", msisdn=stranger)[0].startswith("refused.unknown_subscriber")


def test_two_automata_do_not_talk_for_ever(pen):
    told = sum(len(pen.write("DEBT", wait_s=1)) for _ in range(REPLIES_MAX + 5))
    assert told == REPLIES_MAX
    assert pen.write("STOP") == ["reply.stopped start"]  # a STOP never goes unheard
    assert pen.write("STOP") == [] and pen.write("START") == []
    drain(pen.node.clock, pen.node.clock.seconds() + REPLIES_S)
    assert pen.write("DEBT") == ["owe.none"]


def fails_with(failure):
    failed = Deferred()
    failed.errback(failure)
    return failed


@pytest.mark.parametrize("fault", [Busy("full"), OurFault("no disk")])
def test_what_could_not_be_committed_is_asked_for_again(pen, fault):
    pen.write("SOS 2")
    commit = pen.node.files.store.commit
    pen.node.files.store.commit = lambda unit: fails_with(fault)
    with pytest.raises(Busy):
        run(pen.node.clock, pen.post(pen.yes(), id="y"))
    pen.node.files.store.commit = commit
    assert pen.write(pen.yes(), id="y")[0].startswith("sms.granted") and pen.lent() == [200]


def test_above_the_bound_the_network_keeps_the_message(pen):
    pen.desk._limits = Limits(dialogues_max=1)
    pen.node.core.engine.dispatching += 1
    with pytest.raises(Busy):
        run(pen.node.clock, pen.post("SOS"))
    assert pen.node.metrics.counts["tectonics_shed_total", ("message",)] == 1
    assert all(depth <= bound for _, depth, bound in pen.desk.loads())


def test_a_fault_of_ours_is_an_alarm_and_the_message_stays(pen, monkeypatch):
    monkeypatch.setattr(pen.desk._letters, "answer", lambda *a: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        run(pen.node.clock, pen.post("SOS"))
    assert ("internal_fault", "messages") in pen.node.metrics.raised
    assert pen.desk.at_work == 0


def test_numbers_that_were_answered_are_bounded(monkeypatch):
    monkeypatch.setattr("tectonics.engine.manners.NUMBERS_MAX", 3)
    manners = Manners(HELP_S)
    for n in range(5):
        manners.answered(str(n), n)
        manners.helped(str(n), n)
    assert len(manners) == 3 and manners.may_help("0", 10) and not manners.may_help("4", 10)

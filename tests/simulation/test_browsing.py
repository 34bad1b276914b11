"""What of self-care a seed has, how its browsers read pages, and that a day without faults is a good day."""

from dataclasses import replace

from tectonics.config.settings import Settings
from tectonics.simulation.browsing import NO_PAGES, Browsing
from tectonics.simulation.drawing import draw
from tectonics.simulation.faults import visitors
from tectonics.simulation.peers.browser import _read
from tectonics.simulation.plan import Options
from tectonics.simulation.run import simulate
from tectonics.simulation.webbook import BORROW, Webbook

PLANS = [draw(seed) for seed in range(200)]
KINDS = {kind.name for kind in visitors.KINDS}
ANN = "33620000001"


def test_some_seeds_have_it_and_the_others_nothing_of_it():
    drawn = [plan.browsing for plan in PLANS]
    assert 0.05 < sum(map(bool, drawn)) / len(drawn) < 0.25
    assert {fault.kind for plan in PLANS for fault in plan.faults} >= KINDS
    for plan in PLANS:
        assert bool({fault.kind for fault in plan.faults} & KINDS) == bool(plan.browsing)
        assert plan.messaging.links or not plan.browsing
        assert plan.browsing or plan.browsing == NO_PAGES and not plan.browsing.settings()


def test_its_limits_are_some_that_can_be_configured():
    for one in [plan.browsing for plan in PLANS if plan.browsing]:
        section = {key.rpartition(".")[2]: value for key, value in one.settings().items() if "self_care" in key}
        assert Settings.model_validate({"web": {"self_care": section}}).web.self_care.idle_s == one.idle_s


def test_without_faults_nothing_goes_wrong_and_people_sign_in():
    seed = next(plan.seed for plan in PLANS if plan.browsing.visitors > 0.5 and plan.browsing.per_minute > 3 and plan.pace == "ordinary")
    verdict = simulate(draw(seed, Options(days=0.25, subscribers=14, faults=False)))
    assert verdict.complaints == []
    assert verdict.figures["signed in"] > 3 and verdict.figures["forms sent"] > 3 and verdict.figures["pages seen"] > 10


def test_the_same_seed_sees_the_same_pages():
    plan = draw(next(plan.seed for plan in PLANS if plan.browsing), Options(days=0.1, subscribers=8))
    assert simulate(plan).digest == simulate(plan).digest


def test_a_seed_without_it_is_the_day_that_it_was():
    plan = next(plan for plan in PLANS if not plan.browsing)
    short = draw(plan.seed, Options(days=0.1, subscribers=8))
    assert simulate(short).digest == simulate(replace(short, browsing=NO_PAGES)).digest


def test_an_answer_is_read_when_all_of_its_head_has_come():
    answer = _read(b"HTTP/1.1 303 See Other\r\nLocation: /me\r\nSet-Cookie: me_visit=abc; Path=/me; HttpOnly\r\nset-cookie: me_form=\r\n\r\n")
    assert (answer.status, answer.location) == (303, "/me") and dict(answer.cookies) == {"me_visit": "abc", "me_form": ""}
    assert _read(b"") is None and _read(b"HTTP/1.1 200 OK\r\nDate") is None and _read(b"nonsense\r\n\r\n") is None
    page = _read(b'HTTP/1.1 200 OK\r\n\r\n<form action="/me/code"><input type="hidden" name="token" value="t"></form>')
    assert page.forms == {"/me/code": {"token": "t"}} and page.location == ""


def test_a_form_keeps_the_terms_that_it_was_shown_with():
    book = Webbook()
    assert not book and book.figures() == {}
    form = book.shown("f1", ANN, BORROW, 1.0)
    assert book.shown("f1", "33620000002", BORROW, 2.0) is form and not form.agreed
    form.sent.append((3.0, False))
    assert not form.agreed
    form.sent.append((3.0, True))
    assert form.agreed and book.figures()["forms sent"] == 2 and len(list(book.entries())) == 1
    assert not Browsing()

"""The pages over real sockets, as a browser without scripts uses them, and as somebody who is up to no good."""

import re

import pytest
import pytest_twisted
import treq

from tectonics.domain.errors import Busy, OurFault
from tectonics.domain.self_care import AGREE, Entry
from tectonics.oam.web.me.door import ANSWER_S
from tectonics.oam.web.me.handlers import TABLE
from tectonics.oam.web.me.site import VISIT_REQUESTS_MAX
from tests.oam.fakes import NUMBER, STRANGER
from tests.oam.me.served import CODE, Served

SIGNED_IN = [path for method, path, signed_in, _ in TABLE if method == "GET" and signed_in]
FORMS = [path for method, path, _, _ in TABLE if method == "POST"]


@pytest_twisted.async_yield_fixture
async def served():
    one = Served()
    yield one
    await one.close()


def use(test):
    return pytest_twisted.ensureDeferred(test)


# --- signing in

@use
async def test_one_signs_in_with_a_number_and_a_code_and_out_again(served):
    me = await served.browser().get("/me")
    assert me.status == 200 and 'autocomplete="tel"' in me.text and "Sign out" not in me.text
    await me.post("/me/code", number="06 00 00 00 01")
    assert me.status == 200 and 'autocomplete="one-time-code"' in me.text and f"+{NUMBER}" in me.text
    assert served.care.sent[0][0] == NUMBER
    await me.post("/me/enter", code=f" {CODE[:3]} {CODE[3:]} ")
    assert me.status == 303 and me.answered.getRawHeaders("Location") == ["/me"]
    await me.get("/me")
    assert f"+{NUMBER}" in me.text and "0.40" in me.text and "nothing" in me.text
    cookie = me.cookies["me_visit"]
    await me.post("/me/leave")
    assert me.status == 303 and "me_visit" not in me.cookies and len(served.site.visits) == 0
    me.cookies["me_visit"] = cookie
    await me.get("/me/history")
    assert me.status == 403 and "signed out" in me.text
    assert served.counted("tectonics_self_care_logins_total") == {"in": 1}
    assert served.counted("tectonics_self_care_codes_total") == {"sent": 1}


@use
async def test_nothing_tells_who_is_a_subscriber(served):
    answers = []
    for number in (NUMBER, STRANGER):
        me = await served.browser().get("/me")
        await me.post("/me/code", number=number)
        asked = me.status, re.sub(f"{number}|[0-9a-f]{{32}}", "", me.text)
        await me.post("/me/enter", code="999999")
        answers.append((asked, me.status, re.sub(f"{number}|[0-9a-f]{{32}}", "", me.text)))
    assert answers[0] == answers[1] and answers[0][1] == 422 and "wrong or out of date" in answers[0][2]
    assert served.clock.paused == [pytest.approx(ANSWER_S)] * 2  # both as late as each other
    assert served.counted("tectonics_self_care_codes_total") == {"sent": 1, "stranger": 1}
    assert served.counted("tectonics_self_care_logins_total") == {"wrong": 2}


@use
async def test_cookies_are_for_this_site_alone_and_for_tls_where_there_is_tls(served):
    me = await served.browser().sign_in()
    await me.post("/me/leave")
    for line in (await served.browser().get("/me")).answered.getRawHeaders("Set-Cookie"):
        flags = line.lower()
        assert "httponly" in flags and "samesite=strict" in flags and "path=/me" in flags and "secure" not in flags
    behind = Served(proxies=["127.0.0.1"])
    try:
        you = behind.browser(**{"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"})
        await you.sign_in()
        await you.get("/me")
        assert you.status == 200 and list(behind.site.door._codes._windows) == ["203.0.113.9"]
        you.cookies.clear()
        assert "secure" in (await you.get("/me")).answered.getRawHeaders("Set-Cookie")[0].lower()
    finally:
        await behind.close()


@use
async def test_every_page_wears_the_headers_and_says_no_more_than_it_must(served):
    me = await served.browser().sign_in()
    for path in ("/me", *SIGNED_IN, "/me/offer?choice=2"):
        await me.get(path)
        policy = me.answered.getRawHeaders("Content-Security-Policy")[0]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert me.answered.getRawHeaders("Cache-Control") == ["no-store"]
        assert me.answered.getRawHeaders("Referrer-Policy") == ["same-origin"]
        assert "style=" not in me.text and "<script>" not in me.text and " on" + "click" not in me.text
        assert not re.search(r'(?:src|href|action)="(?!/me)', me.text)
    for name in ("me.css", "me.js", "icon.svg"):
        assert (await me.get(f"/me/{name}")).status == 200


@use
async def test_a_number_that_is_none_is_said_so_and_asks_for_nothing(served):
    me = await served.browser().get("/me")
    for wrong in ("", "hello", "1" * 40, "<script>", "+33 6 ٠٠٠", "0" * 4000):
        await me.post("/me/code", number=wrong)
        assert me.status == 422 and "not a mobile number" in me.text
    assert served.care.sent == []


# --- limits

@use
async def test_codes_and_guesses_of_one_address_are_few(served):
    few = Served(codes_per_hour=2, guesses_per_hour=2)
    try:
        me = await few.browser().get("/me")
        for expected in (200, 200, 429):
            await me.get("/me")
            await me.post("/me/code", number=NUMBER)
            assert me.status == expected
        assert "too often" in me.text and len(few.care.sent) == 2
        for expected in (422, 422, 429):
            await me.get("/me")
            await me.post("/me/enter", number=NUMBER, code="999999")
            assert me.status == expected
        assert len(few.care.entered) == 2
        few.clock.advance(3600)
        await me.get("/me")
        assert (await me.post("/me/code", number=NUMBER)).status == 200
        assert few.counted("tectonics_self_care_codes_total") == {"sent": 3, "source": 1}
        assert few.counted("tectonics_self_care_logins_total") == {"wrong": 2, "source": 1}
        assert few.counted("tectonics_self_care_refused_total") == {"often": 2}
    finally:
        await few.close()


@use
async def test_a_flood_from_everywhere_is_stopped_and_alarms_until_it_is_over(served):
    few = Served(per_minute=2)
    try:
        me = await few.browser().get("/me")
        for _ in range(3):
            await me.get("/me")
            await me.post("/me/code", number=NUMBER)
        assert me.status == 429 and [one.id for one in few.world.alarms.active()] == ["self_care_flood:codes"]
        for _ in range(3):
            await me.get("/me")
            await me.post("/me/enter", number=NUMBER, code="999999")
        assert me.status == 429 and len(few.world.alarms.active()) == 2
        few.clock.advance(60)
        await me.get("/me")
        assert (await me.post("/me/enter", number=NUMBER, code=CODE)).status == 303
        few.clock.advance(60)
        few.world.clock.advance(60)
        assert few.world.alarms.active() == []
    finally:
        await few.close()


@use
async def test_one_visitor_does_not_keep_everybody_busy(served):
    me = await served.browser().sign_in()
    await me.get("/me")
    served.site._requests._windows[NUMBER] = (served.clock.seconds(), VISIT_REQUESTS_MAX)
    assert (await me.get("/me/history")).status == 429
    served.clock.advance(60)
    assert (await me.get("/me/history")).status == 200


# --- forms of others

@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("how", ["no token", "of another", "another site", "null origin", "not a form", "twice", "too long"])
@use
async def test_a_form_that_was_not_made_for_him_changes_nothing(served, path, how):
    me = await served.browser().sign_in()
    before = len(served.care.sent), len(served.care.entered)
    fields = {**me.hidden(path), "number": NUMBER, "code": CODE, "id": "x1", "choice": "2", "change": "advert_stop"}
    headers = {"no token": {}, "another site": {"Sec-Fetch-Site": "cross-site"}, "null origin": {"Origin": "null"},
               "not a form": {"Content-Type": "text/plain"}}.get(how, {})
    if how == "no token":
        del fields["token"]
    if how == "of another":
        fields["token"] = (await served.browser().get("/me")).hidden("/me/code")["token"]
    data = {"twice": [*fields.items(), *fields.items()], "too long": {**fields, "number": "1" * 5000},
            "not a form": b"token=x"}.get(how, fields)
    cookies = "; ".join(f"{name}={value}" for name, value in me.cookies.items())
    answer = await treq.post(f"http://127.0.0.1:{served.number}{path}", data=data, headers={**headers, "Cookie": cookies},
                             allow_redirects=False)
    text = (await answer.content()).decode()
    assert answer.code in (403, 422) and "out of date" in text
    assert (len(served.care.sent), len(served.care.entered)) == before
    assert served.care.pressed == served.care.changed == served.care.called == [] and len(served.site.visits) == 1


@pytest.mark.parametrize("path", SIGNED_IN)
@use
async def test_who_is_not_signed_in_sees_where_to_sign_in(served, path):
    me = await served.browser().get(path)
    assert me.status == 403 and 'action="/me/code"' in me.text and NUMBER not in me.text


@use
async def test_a_restart_signs_everybody_out_and_says_so(served):
    me = await served.browser().sign_in()
    await me.get("/me/settings")
    again = Served()
    try:
        me.served = again
        await me.post("/me/settings", change="advert_stop")
        assert me.status == 403 and "signed out" in me.text and again.care.changed == []
    finally:
        await again.close()


@use
async def test_who_has_the_number_no_more_is_signed_out(served):
    me = await served.browser().sign_in()
    served.care.gone = True
    await me.get("/me/history")
    assert me.status == 403 and "signed out" in me.text and len(served.site.visits) == 0


# --- borrowing

@use
async def test_borrowing_shows_the_whole_cost_and_pressed_twice_lends_once(served):
    me = await served.browser().sign_in()
    await me.get("/me/borrow")
    assert "/me/offer?choice=2" in me.text and "2.20 EUR to pay back by 29/11" in me.text and 'name="amount"' in me.text
    await me.get("/me/offer?choice=2")
    assert all(text in me.text for text in ("2.00", "0.20", "2.20", "29/11", "Agree and get 2.00 EUR"))
    fields = me.hidden("/me/borrow")
    assert len(fields["id"]) == 32 and fields["choice"] == "2"
    first = (await me.post("/me/borrow", **fields)).text
    second = (await me.post("/me/borrow", **fields)).text
    assert "You have 2.00 EUR &lt;1&gt;" in first and first == second
    assert list(served.care.lent) == [fields["id"]] and served.care.pressed[-1] == (fields["id"], ("2", AGREE))


@use
async def test_what_is_not_known_any_more_is_shown_anew_with_an_id_of_its_own(served):
    me = await served.browser().sign_in()
    await me.get("/me/offer?choice=4&amount=2.00")
    fields = me.hidden("/me/borrow")
    assert fields["amount"] == "2.00"
    served.care.shown.clear()  # as after a restart of the engine
    await me.post("/me/borrow", **fields)
    assert me.status == 200 and "Agree and get" in me.text and served.care.lent == {}
    anew = me.hidden("/me/borrow")
    assert anew["id"] != fields["id"] and anew["amount"] == "2.00"
    await me.post("/me/borrow", **anew)
    assert "You have 2.00 EUR" in me.text and list(served.care.lent) == [anew["id"]]


@pytest.mark.parametrize("query", ["", "choice=9", "choice=2&choice=3", "choice=%00", "choice=" + "9" * 500, "%ff=1"])
@use
async def test_a_choice_that_is_none_is_refused(served, query):
    me = await served.browser().sign_in()
    await me.get(f"/me/offer?{query}")
    assert me.status == (422 if query else 200) and served.care.lent == {}


@pytest.mark.parametrize("id", ["", "a" * 65, "a b", "é", "a|b", "a\nb"])
@use
async def test_an_id_that_no_page_made_is_refused(served, id):
    me = await served.browser().sign_in()
    await me.get("/me/offer?choice=2")
    await me.post("/me/borrow", id=id)
    assert me.status == 422 and served.care.lent == {}


# --- everything else

@use
async def test_history_has_pages(served):
    me = await served.browser().sign_in()
    await me.get("/me/history")
    assert "2026-11-22" in me.text and "2.20 EUR left" in me.text and "/me/history?before=5.A" in me.text
    await me.get("/me/history?before=5.A")
    assert me.status == 200 and "before=" not in me.text
    assert (await me.get("/me/history?before=x")).status == 422
    served.care.entries = [Entry("2026-11-22", "callback", "0.24", "EUR", number="+33612345678")]
    await me.get("/me/history")
    assert "Call-back" in me.text and "0.24" in me.text and "+33612345678" in me.text
    served.care.entries = []
    assert "Nothing has happened yet." in (await me.get("/me/history")).text


@use
async def test_settings_are_changed_and_a_language_is_spoken_at_once(served):
    me = await served.browser().sign_in()
    await me.get("/me/settings")
    await me.post("/me/settings", change="language", value="ar")
    assert me.status == 303 and me.answered.getRawHeaders("Location") == ["/me/settings?saved=1"]
    await me.get("/me/settings?saved=1")
    assert '<html lang="ar" dir="rtl">' in me.text and "تم الحفظ" in me.text
    await me.post("/me/settings", change="collect_refuse")
    assert [one[1:] for one in served.care.changed] == [("language", "ar"), ("collect_refuse", "")]


@use
async def test_before_one_signs_in_the_phone_says_which_language(served):
    me = await served.browser(**{"Accept-Language": "fr-FR,fr;q=0.9"}).get("/me")
    assert '<html lang="fr" dir="ltr">' in me.text
    await me.post("/me/language", lang="es")
    assert '<html lang="es"' in (await me.get("/me")).text
    served.care.language = "fr"
    assert '<html lang="fr"' in (await me.sign_in()).text


@use
async def test_a_call_back_is_asked_for_once_and_answered_with_a_sentence(served):
    me = await served.browser().sign_in()
    assert 'href="/me/call"' in me.text
    await me.get("/me/call")
    await me.post("/me/call", number=" 06 12 34 56 78 ")
    assert "We call you and then 06 12 34 56 78." in me.text
    assert served.care.called == [(served.care.called[0][0], "06 12 34 56 78")]


@use
async def test_what_is_not_available_is_said_so(served):
    me = await served.browser().sign_in()
    served.care.balance, served.care.owed = "", "2.20"
    await me.get("/me")
    assert "not available now" in me.text and "due by 29/11" in me.text
    for fault in (Busy("too much"), OurFault("no database")):
        served.care.fault = fault
        await me.get("/me")
        assert me.status == 503 and "very busy" in me.text and str(fault) not in me.text
    served.care.fault = None
    assert (await me.get("/me")).status == 200


@use
async def test_a_code_that_could_not_be_sent_is_counted_and_looks_like_any_other(served):
    me = await served.browser().get("/me")
    served.care.fault = OurFault("no database")
    await me.post("/me/code", number=NUMBER)
    assert me.status == 200 and served.counted("tectonics_self_care_codes_total") == {"failed": 1}
    await me.post("/me/enter", code=CODE)
    assert me.status == 503 and served.clock.paused == [pytest.approx(ANSWER_S)]


@use
async def test_the_bounds_can_be_watched(served):
    await served.browser().sign_in()
    loads = {name: (depth, bound) for name, depth, bound in served.site.loads()}
    assert loads["self-care visits"] == (1, 20_000) and loads["self-care addresses"][0] == 1
    assert all(depth <= bound for depth, bound in loads.values())
    assert served.world.metrics.snapshot()["tectonics_self_care_visits"] == 1

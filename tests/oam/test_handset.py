"""The handset's requests: the demo's numbers and no others, from this page and no other."""

import pytest
import pytest_twisted

from tests.oam.fakes import CONFIRMATION, MENU, NUMBER, STRANGER
from tests.oam.test_web import Served

TOKEN = {"X-Handset-Token": "secret"}
DIAL = {"msisdn": NUMBER, "session": "abcdef0123456789", "text": "*133#"}


@pytest_twisted.async_yield_fixture
async def served():
    one = Served()
    yield one
    await one.close()


@pytest_twisted.ensureDeferred
async def test_the_page_and_its_files_are_served_and_escaped(served):
    status, page, headers = await served.ask("GET", "/handset")
    assert status == 200 and headers.getRawHeaders("Content-Type") == ["text/html; charset=utf-8"]
    assert b'content="secret"' in page and b"may borrow &lt;b&gt;1.00" in page
    assert b"style=" not in page and b"http://" not in page and b"https://" not in page
    for name, kind in (("handset.css", "text/css"), ("handset.js", "text/javascript"), ("icon.svg", "image/svg+xml")):
        status, content, headers = await served.ask("GET", f"/handset/{name}")
        assert status == 200 and content and headers.getRawHeaders("Content-Type")[0].startswith(kind)
    status, _, headers = await served.ask("GET", "/")
    assert status == 302 and headers.getRawHeaders("Location")[0].endswith("/handset")


@pytest_twisted.ensureDeferred
async def test_a_session_goes_through_the_gateway(served):
    assert (await served.ask("POST", "/handset/dial", body=DIAL, headers=TOKEN))[:2] == (
        200, {"more": True, "text": MENU})
    _, answer, _ = await served.ask("POST", "/handset/dial", body={**DIAL, "text": "*133#*1"}, headers=TOKEN)
    assert answer == {"more": True, "text": CONFIRMATION}
    assert served.world.handset.dialled == [(NUMBER, "abcdef0123456789", "*133#"),
                                            (NUMBER, "abcdef0123456789", "*133#*1")]


@pytest_twisted.ensureDeferred
async def test_the_state_shows_account_messages_and_tickets(served):
    status, answer, _ = await served.ask("GET", f"/handset/state?msisdn={NUMBER}")
    assert status == 200 and (answer["balance"], answer["outstanding"], answer["currency"]) == ("2.50", "2.20", "EUR")
    assert answer["messages"][0]["text"] == "1.00 EUR credited."
    assert [t["seq"] for t in answer["tickets"]] == list(range(30, 22, -1))


@pytest_twisted.ensureDeferred
async def test_the_till_is_at_hand(served):
    body = {"msisdn": NUMBER, "amount": "5.00"}
    _, answer, _ = await served.ask("POST", "/handset/recharge", body=body, headers=TOKEN)
    assert answer["text"] == "5.00 EUR recharged, balance 7.50"
    assert (await served.ask("POST", "/handset/spend", body=body, headers=TOKEN))[0] == 200
    assert [b[1] for b in served.world.till.booked] == [500, -500]


@pytest_twisted.ensureDeferred
async def test_an_sms_is_written(served):
    body = {"msisdn": NUMBER, "text": "SOS"}
    assert (await served.ask("POST", "/handset/write", body=body, headers=TOKEN))[0] == 200
    assert (await served.ask("POST", "/handset/write", body=body, headers=TOKEN))[0] == 200
    first, second = served.world.correspondence.read
    assert (first.channel, first.msisdn, first.to, first.text, first.at) == ("sms", NUMBER, "133", "SOS", 5)
    assert first.id != second.id
    for wrong in ("", 7, "x" * 460):
        got, _, _ = await served.ask("POST", "/handset/write", body={**body, "text": wrong}, headers=TOKEN)
        assert got == 422
    served.world.correspondence.busy = True
    assert (await served.ask("POST", "/handset/write", body=body, headers=TOKEN))[0] == 503


@pytest.mark.parametrize("headers", [{}, {"X-Handset-Token": "wrong"}, {"X-Handset-Token": "secreté"}])
@pytest_twisted.ensureDeferred
async def test_another_site_cannot_press_the_buttons(served, headers):
    for path in ("dial", "recharge", "spend", "write"):
        status, answer, _ = await served.ask("POST", f"/handset/{path}", body=DIAL, headers=headers)
        assert status == 403 and "load it again" in answer["error"]
    assert not served.world.handset.dialled and not served.world.till.booked


@pytest.mark.parametrize("path", ["/handset", f"/handset/state?msisdn={NUMBER}"])
@pytest_twisted.ensureDeferred
async def test_a_name_that_points_here_is_refused(served, path):
    for name in (b"evil.example", b"127.0.0.1.evil.example"):
        answer = await served.raw(b"GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (path.encode(), name))
        assert answer.startswith(b"HTTP/1.1 403 ") and b"secret" not in answer
    for name in (b"localhost:8080", b"127.0.0.1", b"[::1]:8080"):
        answer = await served.raw(b"GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (path.encode(), name))
        assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("body, status", [
    ({**DIAL, "msisdn": STRANGER}, 404), ({**DIAL, "msisdn": 7}, 404), ({}, 404),
    ({**DIAL, "session": "short"}, 422), ({**DIAL, "session": "x" * 65}, 422), ({**DIAL, "session": "a/b c-defg"}, 422),
    ({**DIAL, "text": ""}, 422), ({**DIAL, "text": "1" * 183}, 422), ({**DIAL, "text": "a\nb"}, 422), (b"[]", 422),
])
@pytest_twisted.ensureDeferred
async def test_what_a_phone_cannot_send_is_refused(served, body, status):
    got, answer, _ = await served.ask("POST", "/handset/dial", body=body, headers=TOKEN)
    assert got == status and set(answer) == {"error"} and not served.world.handset.dialled


@pytest_twisted.ensureDeferred
async def test_strangers_are_not_shown(served):
    assert (await served.ask("GET", f"/handset/state?msisdn={STRANGER}"))[0] == 404
    assert (await served.ask("GET", "/handset/state"))[0] == 404

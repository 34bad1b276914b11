"""The web port over real sockets: every answer and every refusal."""

import asyncio
import json
import random
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote_from_bytes, urlencode

import pytest
import pytest_twisted
import treq
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.web.client import Agent, HTTPConnectionPool

from tectonics.domain.errors import Busy, OurFault, TheirFault
from tectonics.oam.web import request as shell
from tectonics.oam.web.api import PREFIX, RECHARGES, ROUTES
from tectonics.oam.web.handset import DemoLine, Handset
from tectonics.oam.web.inputs import json_object, query
from tectonics.oam.web.site import make_site
from tectonics.oam.web.tokens import ROLES, Bearer, Tokens
from tests.oam.fakes import NOW, NUMBER, STRANGER, World

TOKENS = {role: f"{role}-token-0123456789" for role in ROLES}
RECORD = {"id": "r1", "type": "recharge", "msisdn": NUMBER, "amount": "5.00", "currency": "EUR",
          "time": "2025-11-24T15:00:00Z", "class": "voucher"}


class Served:
    """A world behind a listening socket."""

    def __init__(self, handset: bool = True) -> None:
        self.world = world = World()
        page = Handset(world.administration, world.handset, [DemoLine(NUMBER, "may borrow <b>1.00</b>")],
                       world.correspondence, lambda: 5, secret="secret")
        self.site = make_site(
            administration=world.administration, intake=world.intake, metrics=world.metrics, alarms=world.alarms,
            clock=world.clock, tokens=Tokens({TOKENS[role]: Bearer(role, role) for role in ROLES}),
            currency=lambda: world.policies.current.currency, ready=lambda: world.not_ready, version="0.1",
            handset=page if handset else None)
        self.port = reactor.listenTCP(0, self.site, interface="127.0.0.1")
        self.number = self.port.getHost().port
        self.pool = HTTPConnectionPool(reactor)
        self._agent = Agent(reactor, pool=self.pool)

    async def ask(self, method, path, role=None, body=None, headers=None):
        """(status, decoded body, headers)"""
        sent = {**({"Authorization": f"Bearer {TOKENS[role]}"} if role else {}), **(headers or {})}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        answer = await treq.request(method, f"http://127.0.0.1:{self.number}{path}", headers=sent, data=data,
                                    agent=self._agent, allow_redirects=False)
        content = await answer.content()
        kind = answer.headers.getRawHeaders("Content-Type", [""])[0]
        return answer.code, json.loads(content) if kind == "application/json" and content else content, answer.headers

    async def raw(self, data: bytes) -> bytes:
        """What comes back until the server closes."""
        received, over = bytearray(), Deferred()

        class Client(Protocol):
            def connectionMade(self):
                self.transport.write(data)

            def dataReceived(self, more):
                received.extend(more)

            def connectionLost(self, reason):
                over.callback(bytes(received))

        reactor.connectTCP("127.0.0.1", self.number, ClientFactory.forProtocol(Client))
        return await over

    async def close(self):
        await self.pool.closeCachedConnections()
        await self.port.stopListening()


@pytest_twisted.async_yield_fixture
async def served():
    one = Served()
    yield one
    await one.close()


@pytest_twisted.ensureDeferred
async def test_health_and_figures(served):
    assert (await served.ask("GET", "/health/live"))[:2] == (200, b"live\n")
    assert (await served.ask("GET", "/health/ready"))[:2] == (200, b"ready\n")
    served.world.not_ready = "the database is being upgraded"
    assert (await served.ask("GET", "/health/ready"))[:2] == (503, b"the database is being upgraded\n")
    for accept, kind in (("application/json", "json"), ("application/json, text/plain", "json"), ("text/plain, application/json", "text"),
                         ("*/*", "text")):
        status, body, headers = await served.ask("GET", "/health/ready", headers={"Accept": accept})
        assert status == 503 and kind in headers.getRawHeaders("Content-Type")[0]
    served.world.not_ready = "database lost: disk I/O error"
    assert (await served.ask("GET", "/health/ready", headers={"Accept": "application/json"}))[1] == {
        "status": "database lost", "reason": "database lost: disk I/O error"}
    assert (await served.ask("GET", "/health/live", headers={"Accept": "application/json"}))[1] == {"status": "live", "reason": ""}
    served.world.not_ready = ""
    assert (await served.ask("GET", "/health/ready", headers={"Accept": "application/json"}))[:2] == (
        200, {"status": "ready", "reason": ""})
    served.world.not_ready = "the database is being upgraded"
    assert (await served.ask("GET", "/health/ready"))[0] == 503
    status, body, headers = await served.ask("GET", "/metrics")
    assert status == 200 and b'tectonics_http_requests_total{path="/health/ready",status="503"} 7.0' in body
    assert headers.getRawHeaders("Content-Type") == ["text/plain; version=0.0.4; charset=utf-8"]


@pytest.mark.parametrize("reason", ["stopping", "fenced: another process has taken this node's place"])
@pytest_twisted.ensureDeferred
async def test_who_stops_says_so_and_serves_nothing_else(served, reason):
    served.world.not_ready = reason
    assert (await served.ask("GET", "/health/ready"))[:2] == (503, f"{reason}\n".encode())
    assert (await served.ask("GET", "/health/live"))[0] == (await served.ask("GET", "/metrics"))[0] == 200
    status, answer, _ = await served.ask("GET", f"{PREFIX}/status", "admin")
    assert status == 503 and reason in answer["error"]


@pytest_twisted.ensureDeferred
async def test_every_answer_wears_the_security_headers(served):
    for path in ("/handset", "/metrics", "/nowhere", f"{PREFIX}/status"):
        _, _, headers = await served.ask("GET", path)
        policy = headers.getRawHeaders("Content-Security-Policy")[0]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert headers.getRawHeaders("X-Content-Type-Options") == ["nosniff"]
        assert headers.getRawHeaders("Server") == ["tectonics"]


EXAMPLES = {
    "subscribers.bar": {"text": "fraud"}, "subscribers.segment": {"segment": "gold"},
    "subscribers.callback": {"value": "on"}, "subscribers.collect": {"value": "allow"},
    "subscribers.adverts": {"value": "stop"}, "callbacks.ask": {"msisdn": NUMBER, "number": "0612345678"},
    "subscribers.language": {"language": "fr"}, "advances.write_off": {"text": "goodwill"},
    "reconcile.resolve": {"outcome": "done", "text": "seen"}, "policy.switch": {"accepting": False},
    "policy.load": {"document": {"currency": "EUR"}, "note": "why"},
}


def filled(route):
    id = "disk_low" if route.asks.startswith("alarms.") else "ADV1"
    path = route.path.replace("{msisdn}", NUMBER).replace("{id}", id).replace("{op}", "TEC-9")
    return PREFIX + path, None if route.method == "GET" else EXAMPLES.get(route.asks, {})


@pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r.method} {r.path}")
@pytest_twisted.ensureDeferred
async def test_each_route_serves_its_role_and_refuses_the_smaller_ones(served, route):
    path, body = filled(route)
    served.world.alarms.raise_alarm("disk_low", "3 MiB are left")
    served.world.alarms.acknowledge("disk_low", "ann")
    status, answer, headers = await served.ask(route.method, path, None, body)
    assert status == 401 and set(answer) == {"error"}
    assert headers.getRawHeaders("WWW-Authenticate") == ['Bearer realm="tectonics"']
    for role in ROLES[:ROLES.index(route.role)]:
        status, answer, _ = await served.ask(route.method, path, role, body)
        assert status == 403 and route.role in answer["error"]
    assert not served.world.desk.events and len(served.world.policies.versions) == 1
    status, answer, _ = await served.ask(route.method, path, route.role, body)
    assert status == 200, answer
    assert served.world.metrics.snapshot()["tectonics_admin_requests_total"][f"{route.asks},ok"] == 1


@pytest_twisted.ensureDeferred
async def test_who_asked_is_told_to_the_desk(served):
    await served.ask("POST", f"{PREFIX}/subscribers/{NUMBER}/bar", "agent", {"text": "fraud"})
    assert served.world.desk.events[0].who == "api:agent"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic " + TOKENS["admin"],
                                    "Bearer " + TOKENS["admin"] + "x"])
@pytest_twisted.ensureDeferred
async def test_a_wrong_token_is_no_token(served, header):
    status, answer, _ = await served.ask("GET", f"{PREFIX}/status", headers={"Authorization": header})
    assert status == 401 and "token" in answer["error"]


@pytest.mark.parametrize("method, path, body, status, word", [
    ("GET", "/nowhere", None, 404, "nothing at this address"),
    ("GET", f"{PREFIX}/subscribers/{STRANGER}", None, 404, "no subscriber"),
    ("GET", f"{PREFIX}/advances/none", None, 404, "no advance"),
    ("DELETE", f"{PREFIX}/status", None, 405, "does not serve"),
    ("POST", "/metrics", b"", 405, "does not serve"),
    ("BREW", "/metrics", None, 405, "methods served"),
    ("GET", f"{PREFIX}/subscribers/hello", None, 422, "international form"),
    ("GET", f"{PREFIX}/advances?limit=0", None, 422, "from 1 to 1000"),
    ("GET", f"{PREFIX}/advances?limit=1&limit=2", None, 422, "twice"),
    ("GET", f"{PREFIX}/advances?limit", None, 422, "form name=value"),
    ("GET", f"{PREFIX}/advances?state=%ff", None, 422, "UTF-8"),
    ("GET", f"{PREFIX}/advances?" + "&".join(f"a{n}=1" for n in range(40)), None, 422, "form name=value"),
    ("GET", f"{PREFIX}/advances?what=1", None, 422, "no parameter"),
    ("GET", f"{PREFIX}/advances/ADV1?id=2", None, 422, "in the address"),
    ("GET", "/%ff", None, 400, "UTF-8"),
    ("POST", f"{PREFIX}/subscribers/{NUMBER}/bar", {}, 422, "text is missing"),
    ("POST", f"{PREFIX}/subscribers/{NUMBER}/bar", b"{", 422, "not JSON"),
    ("POST", f"{PREFIX}/subscribers/{NUMBER}/bar", b"[" * 100_000, 422, "not JSON"),
    ("POST", f"{PREFIX}/subscribers/{NUMBER}/bar", b"\xff", 422, "not JSON"),
    ("POST", f"{PREFIX}/subscribers/{NUMBER}/bar", [], 422, "JSON object"),
    ("PUT", f"{PREFIX}/config", {"document": {"bad": 1}, "note": "x"}, 422, "segments"),
    ("POST", f"{PREFIX}/recharges", {}, 422, "id is missing"),
    ("POST", f"{PREFIX}/recharges", {**RECORD, "amount": "-5.00"}, 422, "amount"),
    ("POST", f"{PREFIX}/recharges", {**RECORD, "currency": "USD"}, 422, "EUR"),
    ("POST", f"{PREFIX}/recharges", b"{" + b" " * 600_000 + b"}", 413, "larger than 512 KiB"),
])
@pytest_twisted.ensureDeferred
async def test_every_refusal_is_one_sentence(served, method, path, body, status, word):
    got, answer, _ = await served.ask(method, path, "admin", body)
    assert got == status and set(answer) == {"error"} and word in answer["error"]
    assert "\n" not in answer["error"] and "Traceback" not in answer["error"]
    assert not served.world.desk.events and not served.world.intake.events


@pytest_twisted.ensureDeferred
async def test_405_says_what_is_allowed(served):
    _, _, headers = await served.ask("DELETE", "/metrics")
    assert headers.getRawHeaders("Allow") == ["GET, HEAD"]


@pytest_twisted.ensureDeferred
async def test_a_recharge_is_fed_once(served):
    body = json.dumps(RECORD, indent=2).encode()
    assert (await served.ask("POST", f"{PREFIX}/recharges", "operator", body))[:2] == (
        200, {"result": "OK", "id": "r1"})
    assert (await served.ask("POST", f"{PREFIX}/recharges", "operator", body))[1]["result"] == "DUP"
    await served.ask("POST", f"{PREFIX}/recharges", "operator", {**RECORD, "amount": "x"})
    assert served.world.metrics.snapshot()["tectonics_feed_records_total"] == {
        "api,ok": 1, "api,dup": 1, "api,err": 1}
    event = served.world.intake.events[0]
    assert (event.feed, event.id, event.amount_minor, event.at) == ("api", "r1", 500, NOW)


@pytest.mark.parametrize("error, status", [(Busy("busy, send it again"), 503), (TheirFault("unknown subscriber"), 422)])
@pytest_twisted.ensureDeferred
async def test_the_intakes_refusal_is_answered(served, error, status):
    served.world.intake.error = error
    got, answer, _ = await served.ask("POST", f"{PREFIX}/recharges", "operator", RECORD)
    assert (got, answer) == (status, {"error": str(error)})


@pytest_twisted.ensureDeferred
async def test_our_fault_shows_nothing_of_itself_and_raises_an_alarm(served):
    served.world.desk.error = OurFault("secret detail")
    status, answer, _ = await served.ask("POST", f"{PREFIX}/subscribers/{NUMBER}/unbar", "agent", {})
    assert status == 500 and "secret" not in answer["error"]
    assert [a.id for a in served.world.alarms.active()] == ["internal_fault:web"]


@pytest_twisted.ensureDeferred
async def test_tickets_come_as_they_are_written(served):
    status, answer, _ = await served.ask("GET", f"{PREFIX}/tickets?limit=4", "viewer")
    assert status == 200 and [t["seq"] for t in answer["tickets"]] == [1, 2, 3, 4] and answer["after"]
    _, rest, _ = await served.ask("GET", f"{PREFIX}/tickets?after={answer['after']}", "viewer")
    assert [t["seq"] for t in rest["tickets"]] == list(range(5, 31)) and rest["after"] == ""


@pytest_twisted.ensureDeferred
async def test_ten_megabytes_are_read_off_and_answered(served):
    head = b"POST /api/v1/recharges HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    answer = await served.raw(head % 10_000_000 + b"x" * 10_000_000)
    assert answer.startswith(b"HTTP/1.1 413 ") and b"larger than" in answer
    assert (await served.ask("GET", "/health/live"))[0] == 200


@pytest_twisted.ensureDeferred
async def test_chunks_without_a_length_are_bounded_too(served):
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    head = b"POST /api/v1/recharges HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert (await served.raw(head + chunk * 20 + b"0\r\n\r\n")).startswith(b"HTTP/1.1 413 ")


@pytest_twisted.ensureDeferred
async def test_a_sender_without_end_is_cut_off(served, monkeypatch):
    monkeypatch.setattr(shell, "READ_OFF_BYTES_MAX", 1_000_000)
    head = b"POST /api/v1/recharges HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000\r\n\r\n"
    assert b"200" not in await served.raw(head + b"x" * 2_000_000)


@pytest_twisted.ensureDeferred
async def test_what_is_not_http_is_closed(served):
    assert b"Traceback" not in await served.raw(b"\x16\x03\x01garbage\r\n\r\n")
    assert (await served.ask("GET", "/health/live"))[0] == 200


@pytest.mark.parametrize("line, status", [
    (b"GET /api/v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff", 401),
    (b"POST /handset/dial HTTP/1.1\r\nHost: localhost\r\nX-Handset-Token: \xff\r\nContent-Length: 0", 403),
    (b"GET /handset HTTP/1.1\r\nHost: \xff", 400), (b"GET / HTTP/1.1\r\nHost: " + b"x" * 64, 400), (b"GET / HTTP/1.1\r\nHost: a..b", 400)])
@pytest_twisted.ensureDeferred
async def test_a_header_that_nobody_can_read_is_their_fault(served, line, status):
    answer = await served.raw(line + b"\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 %d " % status) and b'"error"' in answer
    assert served.world.alarms.active() == []


@pytest_twisted.ensureDeferred
async def test_one_connection_too_many_is_closed(served, monkeypatch):
    monkeypatch.setattr(shell, "CONNECTIONS_MAX", 0)
    assert await served.raw(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n") == b""
    monkeypatch.setattr(shell, "CONNECTIONS_MAX", 1)
    closing = b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    for _ in range(3):
        assert b"200 OK" in await served.raw(closing)
    assert served.world.metrics.snapshot()["tectonics_shed_total"] == {"web": 1}


@pytest_twisted.ensureDeferred
async def test_a_client_that_leaves_does_not_stop_what_it_asked_for(served):
    asked, cancelled, done = Deferred(), [], Deferred(lambda _: cancelled.append(True))

    def decide(event):
        asked.callback(event)
        return done

    served.world.desk.decide = decide

    class Leaver(Protocol):
        def connectionMade(self):
            self.transport.write(b"POST /api/v1/subscribers/%s/unbar HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
                                 b"Authorization: Bearer %s\r\n\r\n" % (NUMBER.encode(), TOKENS["agent"].encode()))
            asked.addCallback(lambda _: self.transport.abortConnection())

    reactor.connectTCP("127.0.0.1", served.number, ClientFactory.forProtocol(Leaver))
    await asked
    while "tectonics_http_requests_total" not in served.world.metrics.snapshot():
        await Deferred.fromFuture(asyncio.ensure_future(asyncio.sleep(0)))
    assert not cancelled
    done.callback("it was done")
    assert served.world.metrics.snapshot()["tectonics_admin_requests_total"] == {"subscribers.unbar,ok": 1}


@pytest_twisted.ensureDeferred
async def test_the_document_tells_what_is_served(served):
    status, document, _ = await served.ask("GET", f"{PREFIX}/openapi.json")
    assert status == 200 and document["openapi"].startswith("3.")
    told = {(method.upper(), path) for path, one in document["paths"].items() for method in one}
    assert told == {(r.method, PREFIX + r.path) for r in ROUTES} | {("POST", f"{PREFIX}/recharges")}
    for method, path in told:
        operation = document["paths"][path][method.lower()]
        real = path.replace("{msisdn}", NUMBER).replace("{id}", "ADV1").replace("{op}", "TEC-9")
        status, _, _ = await served.ask(method, real, None, None if method == "GET" else {})
        assert status == 401
        places = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
        assert places == {piece[1:-1] for piece in path.split("/") if piece.startswith("{")}


@pytest_twisted.ensureDeferred
async def test_without_the_demo_there_is_no_handset():
    one = Served(handset=False)
    try:
        for path in ("/", "/handset", "/handset/handset.js", "/handset/state"):
            assert (await one.ask("GET", path))[0] == 404
    finally:
        await one.close()


@pytest_twisted.ensureDeferred
async def test_random_bodies_get_an_answer_that_is_not_ours_to_blame(served):
    draw = random.Random(20261122)
    for _ in range(150):
        route = draw.choice(ROUTES)
        path, _ = filled(route)
        noise = draw.randbytes(draw.randrange(60))
        if route.method == "GET":
            status, answer, _ = await served.ask("GET", f"{path}?{quote_from_bytes(noise)}={noise.hex()}", "admin")
        else:
            status, answer, _ = await served.ask(route.method, path, "admin", noise)
        assert status in (200, 422), answer


def _request(uri: bytes = b"/", body: bytes = b""):
    return SimpleNamespace(uri=uri, content=BytesIO(body))


@given(st.binary(max_size=300))
def test_any_body_is_an_object_or_a_clear_fault(body):
    try:
        assert isinstance(json_object(_request(body=body)), dict)
    except TheirFault as fault:
        assert "\n" not in str(fault)


@given(st.binary(max_size=300))
def test_any_query_is_text_by_name_or_a_clear_fault(raw):
    try:
        assert all(isinstance(value, str) for value in query(_request(b"/?" + raw)).values())
    except TheirFault as fault:
        assert "\n" not in str(fault)


@given(st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=20), max_size=10))
def test_a_query_is_read_as_it_was_written(fields):
    assert query(_request(b"/x?" + urlencode(fields).encode())) == fields


def test_the_document_for_people_names_every_address():
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    for route in (*ROUTES, RECHARGES):
        change = route.path.rpartition("/")[2] if route.asks.startswith("subscribers.") else ""
        assert f"{route.method} {PREFIX}{route.path}" in text or f"{PREFIX}{route.path}`" in text \
            or (change and f"`/{change}`" in text), route

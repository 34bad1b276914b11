"""The DID ring: what cannot be meant is told with its line; without numbers nothing listens."""

import pytest

from tectonics.config import check, format_error, load
from tectonics.config.settings import port_offset
from tests.config.files import write

RINGS = """channels:
  did_sip:
    trunks:
      - {name: one, sources: [192.0.2.0/28, 192.0.2.99], cli: from}
      - {name: two, sources: ["2001:db8::/32"], user: tectonics, password_file: two.secret}
    dids:
      - {number: 33800133000, service: lend}
      - {number: "133"}
    tcp: tcp:5070:interface=127.0.0.1
"""


def test_in_the_demo_this_machine_may_ring_and_otherwise_nobody(tmp_path):
    demo = load(write(tmp_path, "")).rings
    assert [(one.name, one.sources, one.cli) for one in demo.trunks] == [("demo", ("127.0.0.1/32",), "from")]
    assert [(one.number, one.service) for one in demo.dids] == [("33800133000", "lend")]
    for text in ("demo: {subscribers: false}", "channels: {did_sip: {endpoint: ''}}"):
        assert (load(write(tmp_path, text)).rings.trunks, load(write(tmp_path, text)).rings.dids) == ((), ())
    own = load(write(tmp_path, "channels: {did_sip: {trunks: [{name: one, sources: [192.0.2.1]}]}}")).rings
    assert [one.name for one in own.trunks] == ["one"] and own.dids == ()


def errors(folder, text):
    return [format_error(error).partition("tectonics.yaml:")[2] for error in check(write(folder, text))]


def test_trunks_keep_their_defaults(tmp_path):
    rings = load(write(tmp_path, RINGS)).channels.did_sip
    assert [(one.cli, one.per_second, one.sources) for one in rings.trunks] == [
        ("from", 200, ("192.0.2.0/28", "192.0.2.99/32")), ("pai", 200, ("2001:db8::/32",))]
    assert [(did.number, did.service) for did in rings.dids] == [("33800133000", "lend"), ("133", "lend")]


def test_nothing_listens_without_numbers(tmp_path):
    assert not any("did_sip" in path for path in load(write(tmp_path, "demo: {subscribers: false}")).listeners())
    rings = load(write(tmp_path, RINGS))
    assert rings.listeners()["channels", "did_sip", "endpoint"] == "udp:5070:interface=127.0.0.1"
    assert port_offset(rings, 10).channels.did_sip.tcp == "tcp:5080:interface=127.0.0.1"


@pytest.mark.parametrize("wrong, line", [
    (("name: two", "name: one"), "5: channels.did_sip.trunks[1].name: expected a name of its own"),
    (('"133"', "33800133000"), "8: channels.did_sip.dids[1].number: expected a name of its own"),
    (("[192.0.2.0/28, 192.0.2.99]", "[192.0.2.99, 192.0.2.99]"), "4: channels.did_sip.trunks[0].sources[1]: expected a name"),
    (("user: tectonics, ", ""), "channels.did_sip.trunks[1].user: expected both user and password_file"),
    (("192.0.2.99]", "192.0.2.0/8]"), "4: channels.did_sip.trunks[0].sources[1]: expected an address or a network"),
    (("192.0.2.99]", "pbx.example]"), "4: channels.did_sip.trunks[0].sources[1]: expected an address or a network"),
    (("cli: from", "cli: to"), "4: channels.did_sip.trunks[0].cli"), (("service: lend", "service: sing"), "7: channels.did_sip.dids[0].service"),
    (("    tcp: tcp:", "    tcp: udp:"), "9: channels.did_sip.tcp"),
    (("    tcp: tcp:5070:interface=127.0.0.1", "    ring_s: 2\n    min_ring_s: 3"), "10: channels.did_sip.min_ring_s: expected at most ring_s (2)"),
    (("    tcp: tcp:5070:interface=127.0.0.1", "    endpoint: ''"), "9: channels.did_sip.endpoint: expected where trunks send"),
    (("    tcp: tcp:5070:interface=127.0.0.1", "    endpoint: udp:5070:backlog=3"), "9: channels.did_sip.endpoint"),
    (("    tcp: tcp:5070:interface=127.0.0.1", "    status: 200"), "9: channels.did_sip.status"),
])
def test_what_cannot_be_meant(tmp_path, wrong, line):
    assert wrong[0] in RINGS
    found = errors(tmp_path, RINGS.replace(*wrong))
    assert len(found) == 1 and line in found[0]


def test_numbers_without_a_trunk(tmp_path):
    found = errors(tmp_path, "channels: {did_sip: {dids: [{number: 133}]}}")
    assert len(found) == 1 and "expected a trunk that may call them" in found[0]

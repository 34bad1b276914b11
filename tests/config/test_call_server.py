"""The call server: none by default; what cannot be meant is told with its line."""

import pytest

from tectonics.config import load
from tectonics.config.settings import port_offset
from tests.config.files import write
from tests.config.test_sip import errors

SIP = """call_server:
  kind: sip
  sip:
    public: 192.0.2.200
    endpoint: udp:5072
    trunks:
      - {name: one, address: "192.0.2.1:5060", user: tectonics, password_file: one.secret}
      - {name: two, address: "[2001:db8::1]:5060", sources: ["2001:db8::/32"], identity: pai, asserted: 33800133000}
"""


def test_there_is_none_by_default(tmp_path):
    settings = load(write(tmp_path, ""))
    assert settings.call_server.kind == "none" and not any(path[0] == "call_server" for path in settings.listeners())


def test_trunks_keep_their_defaults(tmp_path):
    settings = load(write(tmp_path, SIP))
    one, two = settings.call_server.sip.trunks
    assert (one.prefix, one.identity, one.redirects, two.identity, two.asserted) == ("+", "both", False, "pai", "33800133000")
    assert settings.listeners()["call_server", "sip", "endpoint"] == "udp:5072"
    assert port_offset(settings, 10).call_server.sip.endpoint == "udp:5082"


@pytest.mark.parametrize("wrong, line", [
    (("name: two", "name: one"), "8: call_server.sip.trunks[1].name: expected a name of its own"),
    (("user: tectonics, ", ""), "7: call_server.sip.trunks[0].user: expected both user and password_file"),
    (("192.0.2.1:5060", "switch.example"), "7: call_server.sip.trunks[0].address: expected an address such as"),
    (("192.0.2.1:5060", "192.0.2.1:99999"), "7: call_server.sip.trunks[0].address: expected an address such as"),
    (("    public: 192.0.2.200\n", ""), "call_server.sip.public: expected the address that trunks reach us by"),
    (("udp:5072", "tcp:5072"), "5: call_server.sip.endpoint"),
    ((SIP[SIP.index("    trunks"):], ""), "call_server.sip.trunks: expected a trunk that takes calls"),
    (("asserted: 33800133000", "flow: IV"), "8: call_server.sip.trunks[1].flow")])
def test_what_cannot_be_meant(tmp_path, wrong, line):
    assert wrong[0] in SIP
    found = errors(tmp_path, SIP.replace(*wrong))
    assert any(line in one for one in found), found


def test_an_endpoint_of_one_address_needs_no_public_one(tmp_path):
    assert errors(tmp_path, SIP.replace("    public: 192.0.2.200\n", "").replace(
        "udp:5072", "udp:5072:interface=192.0.2.200")) == []

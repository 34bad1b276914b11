"""The settings of SNMP: what is refused, and in which words."""

import pytest

from tectonics.config import load
from tectonics.config.settings import port_offset
from tectonics.config.snmp import address_of, oid_of
from tests.config.files import errors_of, write

USER = "{name: noc, authentication_file: a, privacy_file: p}"


def snmp(tmp_path, text):
    return load(write(tmp_path, f"oam: {{snmp: {{{text}}}}}")).oam.snmp


def test_everything_at_once(tmp_path):
    found = snmp(tmp_path, f"users: [{USER}], views: [{{name: v, include: [1.3.6]}}], "
                 "communities: [{community_file: c, sources: [192.0.2.0/24, '::1'], view: v}], "
                 "managers: [{name: m, address: '192.0.2.1:162', user: noc}, {name: n, address: '[::1]:162', community_file: c}]")
    assert found.users[0].write is False and found.managers[0].inform is True
    assert [address_of(one.address) for one in found.managers] == [("192.0.2.1", 162), ("::1", 162)]
    assert oid_of(found.views[0].include[0]) == (1, 3, 6) and found.communities[0].sources == ("192.0.2.0/24", "::1/128")


def test_in_the_demo_the_defaults(tmp_path):
    settings = load(write(tmp_path, "{}"))
    assert settings.oam.snmp.communities is None and settings.oam.snmp.users == () == settings.oam.snmp.managers
    assert port_offset(settings, 10).oam.snmp.endpoint == "udp:1171:interface=127.0.0.1"


@pytest.mark.parametrize("text, expected", [
    (f"users: [{USER}, {USER}]", "a name of its own"),
    ("users: [{name: noc, authentication_file: a, privacy_file: p, view: x}]", "one of oam.snmp.views"),
    ("users: [{name: noc, authentication_file: a}]", "privacy_file"),
    ("communities: [{community_file: c, sources: []}]", "sources"),
    ("communities: [{community_file: c, sources: [everywhere]}]", "an address or a network"),
    ("managers: [{name: m, address: 'noc:162', community_file: c}]", "an address and a port"),
    ("managers: [{name: m, address: '192.0.2.1', community_file: c}]", "an address and a port"),
    ("managers: [{name: m, address: '192.0.2.1:162'}]", "either user, by v3, or community_file"),
    ("managers: [{name: m, address: '192.0.2.1:162', user: noc}]", "one of oam.snmp.users"),
    ("endpoint: '', managers: [{name: m, address: '192.0.2.1:162', community_file: c}]", "where the agent listens"),
    ("endpoint: 'tcp:161'", "a UDP port"), ("engine_id: '80'", "engine_id"), ("base_oid: enterprises.1", "base_oid"),
])
def test_what_cannot_be_meant(tmp_path, text, expected):
    errors = errors_of(tmp_path, f"oam: {{snmp: {{{text}}}}}")
    assert any(expected in f"{key} {said}" for _, key, said in errors), errors

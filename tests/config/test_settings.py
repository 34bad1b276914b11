"""What follows from the sections: style, paths, listeners, moved ports."""

import pytest

from tectonics.config import load, port_offset
from tectonics.domain.policy import Policy
from tectonics.domain.screens import Style
from tests.config.files import write


def loaded(tmp_path, text=""):
    return load(write(tmp_path, text))


def test_the_style_of_the_gateway(tmp_path):
    assert loaded(tmp_path).style() == Style()
    text = "channels: {ussd_http: {mode: last, step_field: n, septets_max: 182, ucs2_max: 80, budget_s: 2.5, session_s: 1m}}"
    assert loaded(tmp_path, text).style() == Style(mode="last", counted=True, septets_max=182, ucs2_max=80,
                                                   budget_s=2.5, session_s=60)


def test_paths(tmp_path):
    plain = loaded(tmp_path)
    assert plain.file == tmp_path / "tectonics.yaml"
    assert plain.state_path == tmp_path.parent / "var"
    assert plain.token_path == plain.state_path / "demo-token"
    moved = loaded(tmp_path, "state_dir: /s\nweb: {token_file: tokens}\nfeeds: {files: [in.log, /abs/in.log]}")
    assert moved.token_path == tmp_path / "tokens"
    assert list(map(str, moved.feed_paths)) == ["/s/in.log", "/abs/in.log"]


def test_listeners_of_the_contract(tmp_path):
    assert loaded(tmp_path).listeners() == {
        ("channels", "ussd_http", "endpoint"): "tcp:8081:interface=127.0.0.1",
        ("web", "endpoint"): "tcp:8080:interface=127.0.0.1",
        ("tickets", "stream"): "tcp:7070:interface=127.0.0.1",
        ("tickets", "acknowledged"): "tcp:7071:interface=127.0.0.1",
        ("feeds", "tcp"): "tcp:7080:interface=127.0.0.1",
        ("channels", "email", "endpoint"): "tcp:2525:interface=127.0.0.1",
        ("oam", "snmp", "endpoint"): "udp:1161:interface=127.0.0.1",
        ("channels", "did_sip", "endpoint"): "udp:5070:interface=127.0.0.1"}
    assert ("web", "endpoint") not in loaded(tmp_path, "web: {endpoint: ''}").listeners()


def test_port_offset_moves_every_port_and_nothing_else(tmp_path):
    text = "channels: {email: {endpoint: ''}, did_sip: {endpoint: 'udp:5070'}}\noam: {snmp: {endpoint: 'udp:1161'}}\nweb: {endpoint: ''}\ntickets: {stream: 'unix:/run/t', acknowledged: 'tcp:0', ping_s: 5}\nfeeds: {tcp: 'tcp:port=7080'}"
    plain = loaded(tmp_path, text)
    moved = port_offset(plain, 1000)
    assert list(moved.listeners().values()) == ["tcp:9081:interface=127.0.0.1", "unix:/run/t", "tcp:0", "tcp:port=8080", "udp:6070", "udp:2161"]
    assert plain.listeners()["feeds", "tcp"] == "tcp:port=7080"
    assert (moved.tickets.ping_s, moved.web.endpoint) == (5, "")
    assert moved.catalogue is plain.catalogue and moved.file == plain.file
    assert dict(port_offset(moved, -1000)) == dict(plain)


def test_a_port_that_does_not_exist(tmp_path):
    with pytest.raises(ValueError, match=r"channels\.ussd_http\.endpoint: port 68081 does not exist"):
        port_offset(loaded(tmp_path), 60_000)


def test_settings_do_not_change(tmp_path):
    with pytest.raises(ValueError, match="frozen"):
        loaded(tmp_path).web.endpoint = ""


def test_the_policy_of_the_file(tmp_path):
    policy = loaded(tmp_path).seed_policy(3)
    assert isinstance(policy, Policy) and policy.version == 3

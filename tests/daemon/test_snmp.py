"""What becomes of the settings of SNMP: secrets from files, who may ask, which channels are shown."""

from ipaddress import ip_address

import pytest

from tectonics.config import load
from tectonics.daemon.snmp import _communities, _principals, _secret
from tectonics.domain.errors import TheirFault
from tectonics.oam.snmp.views import EVERYTHING, NOTHING, View
from tests.config.files import write

VIEWS = {"": EVERYTHING, "v": View([(1, 3)])}


def settings(tmp_path, text):
    return load(write(tmp_path, text))


def test_in_the_demo_public_reads_from_this_machine_and_otherwise_nobody(tmp_path):
    one, = _communities(settings(tmp_path, "{}"), VIEWS, None)
    assert one.secret == b"public" and one.principal.writes is NOTHING
    assert any(ip_address("127.0.0.1") in network for network in one.sources)
    assert not any(ip_address("192.0.2.1") in network for network in one.sources)
    assert _communities(settings(tmp_path, "demo: {subscribers: false}"), VIEWS, None) == []
    assert _communities(settings(tmp_path, "oam: {snmp: {communities: []}}"), VIEWS, None) == []


def test_users_write_only_where_it_says_so_and_within_their_view(tmp_path):
    text = ("oam: {snmp: {views: [{name: v, include: [1.3]}], users: [{name: a, authentication_file: x, privacy_file: y}, "
            "{name: b, authentication_file: x, privacy_file: y, view: v, write: true}]}}")
    found = _principals(settings(tmp_path, text).oam.snmp, VIEWS)
    assert (found["a"].reads, found["a"].writes) == (EVERYTHING, NOTHING)
    assert found["b"].reads is found["b"].writes is VIEWS["v"]


def test_only_channels_that_are_on_have_a_row(tmp_path):
    assert settings(tmp_path, "channels: {email: {endpoint: ''}, did_sip: {endpoint: ''}}").channels_on == ("ussd_http",)


@pytest.mark.parametrize("text, least, said", [("short\n", 8, "8 to 256"), ("", 1, "1 to 256"), ("x" * 257, 1, "1 to 256"), (None, 1, "cannot be read")])
def test_a_secret_that_is_none(tmp_path, text, least, said):
    if text is not None:
        (tmp_path / "s").write_text(text)
    with pytest.raises(TheirFault, match=said) as raised:
        _secret(tmp_path, "s", least)
    assert not text or text.strip() not in str(raised.value)


def test_a_secret_without_its_newline(tmp_path):
    (tmp_path / "s").write_text("a long phrase\n")
    assert _secret(tmp_path, "s", 8) == "a long phrase"

"""SMPP accounts: what cannot be meant is told with its line."""

import pytest

from tectonics.config import check, format_error, load
from tests.config.files import write

TWO = """channels:
  sms_smpp:
    accounts:
      - {name: one, address: "tcp:127.0.0.1:2775", system_id: a}
      - {name: two, address: "tls:smsc.example:2776:trustRoots=/etc/ssl/certs", sessions: 4, rank: 1}
"""


def errors(folder, text):
    return [format_error(error).partition("tectonics.yaml:")[2] for error in check(write(folder, text))]


def test_accounts_keep_their_defaults(tmp_path):
    first, second = load(write(tmp_path, TWO)).channels.sms_smpp.accounts
    assert (first.bind, first.sessions, first.window, first.rank) == ("transceiver", 1, 50, 0)
    assert (second.sessions, second.rank) == (4, 1)


@pytest.mark.parametrize("line, wrong", [
    ("5: channels.sms_smpp.accounts[1].name: expected a name of its own, found 'one' again", ("two", "one")),
    ("4: channels.sms_smpp.accounts[0].bind: expected an account that may submit", ("system_id: a", "bind: receiver")),
])
def test_what_cannot_be_meant(tmp_path, line, wrong):
    text = TWO.replace(*wrong)
    if "receiver" in wrong[1]:
        text = text[:text.index("      - {name: two")]
    found = errors(tmp_path, text)
    assert len(found) == 1 and found[0].startswith(line)


def test_a_gateway_is_bound_both_ways(tmp_path):
    text = TWO.replace("sms_smpp", "ussd_smpp").replace("system_id: a", "bind: transmitter")
    wanted = "4: channels.ussd_smpp.accounts[0].bind: expected transceiver"
    assert any(error.startswith(wanted) for error in errors(tmp_path, text))


def test_an_address_is_a_client_s(tmp_path):
    assert "accounts[0].address" in errors(tmp_path, TWO.replace("tcp:127.0.0.1:2775", "2775"))[0]

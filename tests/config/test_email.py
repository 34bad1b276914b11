"""The settings of e-mail: what is meant, and what cannot be."""

import pytest

from tectonics.config import load
from tectonics.config.email import server_of
from tests.config.files import errors_of, write


def test_what_is_meant(tmp_path):
    text = """
channels:
  email:
    domain: vas.example.com
    relays: [{sources: [192.0.2.0/28, '2001:db8::1'], authserv_id: mx.example.com}]
    nameservers: [192.0.2.53, '127.0.0.1:5353', '2001:db8::53', '[2001:db8::53]:5353']
    smarthost: {address: 'tcp:mail.example.com:587', starttls: true, user: tec, password_file: s.secret}
"""
    email = load(write(tmp_path, text)).channels.email
    assert email.relays[0].sources == ("192.0.2.0/28", "2001:db8::1/128")
    assert [server_of(one) for one in email.nameservers] == [
        ("192.0.2.53", 53), ("127.0.0.1", 5353), ("2001:db8::53", 53), ("2001:db8::53", 5353)]


@pytest.mark.parametrize(("key", "said"), [
    ("domain: vas", "domain"), ("domain: 'a b.example'", "domain"), ("size_max: 1", "size_max"),
    ("relays: [{sources: [x], authserv_id: y}]", "expected an address or a network"), ("relays: [{sources: [], authserv_id: y}]", "sources"),
    ("relays: [{sources: [192.0.2.1], authserv_id: 'a b'}]", "authserv_id"), ("nameservers: [dns.example]", "expected an address such as"),
    ("nameservers: ['192.0.2.1:0']", "expected an address such as"), ("nameservers: ['192.0.2.1:99999']", "expected an address such as"),
    ("nameservers: ['[::1']", "expected an address such as"), ("nameservers: ['192.0.2.1:x']", "expected an address such as"),
    ("certificate_file: x", "expected both certificate_file and key_file"),
    ("smarthost: {address: 'tcp:h:25', user: x}", "expected both user and password_file"),
    ("smarthost: {address: 'tcp:h:25', user: x, password_file: y}", "expected encryption"),
    ("smarthost: {address: 'tls:h:465', starttls: true}", "expected an address tcp:host:port"), ("smarthost: {address: h}", "address")])
def test_what_cannot_be_meant(tmp_path, key, said):
    found = errors_of(tmp_path, f"channels:\n  email:\n    {key}\n")
    assert found and any(said in f"{key}: {text}" for _, key, text in found), found

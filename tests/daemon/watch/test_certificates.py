"""Certificates: warned of in time, expired, renewed on the disk, renewed in use; and which there are."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tectonics.config import load
from tectonics.config.alarms import AlarmLimits
from tectonics.daemon.watch.certificates import Certificate, CertificateWatch, certificates_of, valid_until
from tests.config.files import write
from tests.daemon.watch.places import NOW_S, Place

KEY = ec.generate_private_key(ec.SECP256R1())
LIMITS = AlarmLimits(certificate_days=30)
DAY_MS = 86_400_000


def certificate(path, days, *more):
    """One that is valid for so many days from now; further ones are its chain."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tectonics.example")])
    pem = b""
    for valid in (days, *more):
        end = datetime.fromtimestamp(NOW_S, UTC) + timedelta(days=valid)
        made = x509.CertificateBuilder(name, name, KEY.public_key(), 1, end - timedelta(days=5000), end)
        pem += made.sign(KEY, hashes.SHA256()).public_bytes(Encoding.PEM)
    path.write_bytes(pem)
    return path


def watched(path, used_at_once=False):
    place = Place()
    watch = CertificateWatch([Certificate("web", path, used_at_once)], place.alarms, LIMITS)

    def look(days=0.0):
        watch.look(NOW_S * 1000 + round(days * DAY_MS))
        return place.raised()

    return look


def test_it_is_warned_of_and_then_expired(tmp_path):
    look = watched(certificate(tmp_path / "own.pem", 40))
    assert look() == {} and look(9.9) == {}
    assert list(look(10.1)) == ["certificate_expiring:web"] and "own.pem expires at 20" in look(39.9)["certificate_expiring:web"]
    assert list(look(40)) == ["certificate_expired:web"]


def test_one_that_was_renewed_in_the_file_helps_after_a_restart(tmp_path):
    path = certificate(tmp_path / "own.pem", 20)
    look = watched(path)
    assert "restart" not in look()["certificate_expiring:web"]
    certificate(path, 400)
    assert "used after a restart" in look()["certificate_expiring:web"] and "used after a restart" in look(30)["certificate_expired:web"]
    assert watched(path)(30) == {}


def test_one_that_is_read_at_each_connection_clears_the_alarm(tmp_path):
    path = certificate(tmp_path / "own.pem", -1)
    look = watched(path, used_at_once=True)
    assert list(look()) == ["certificate_expired:web"]
    certificate(path, 400)
    assert look() == {}


def test_the_first_of_a_chain_to_expire_counts(tmp_path):
    assert list(watched(certificate(tmp_path / "own.pem", 400, 5, 900))()) == ["certificate_expiring:web"]


@pytest.mark.parametrize("octets, said", [(None, "No such file"), (b"", "no certificate"), (b"\xff" * 40, "no certificate"),
                                          (b"-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n", "no certificate")])
def test_one_that_cannot_be_read(tmp_path, octets, said):
    path = tmp_path / "own.pem"
    if octets is not None:
        path.write_bytes(octets)
    assert said in valid_until(path) and said in watched(path)()["certificate_expired:web"]


def test_all_that_the_settings_name(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PGSSLCERT", raising=False)
    text = """
web: {endpoint: 'ssl:8443:privateKey=/k/web.key:certKey=/c/web\\:1.pem:interface=127.0.0.1'}
feeds: {tcp: 'ssl:7080:privateKey=/k/feed.pem'}
store: {kind: postgresql, url: 'postgresql://u@h/d?sslmode=verify-full&sslcert=/c/db.pem'}
channels:
  email: {certificate_file: mx.pem, key_file: mx.key, smarthost: {address: 'tls:h:465:certificate=/c/mail.pem:privateKey=/k/mail.key'}}
  sms_smpp: {accounts: [{name: a, address: 'tls:h:2775:certificate=/c/smpp.pem:privateKey=/k/s'}, {name: b, address: 'tls:h:2775'}]}
"""
    file = write(tmp_path, text)
    found = {one.name: (str(one.path), one.used_at_once) for one in certificates_of(load(file))}
    assert found == {
        "web.endpoint": ("/c/web:1.pem", False), "feeds.tcp": ("/k/feed.pem", False), "smpp a": ("/c/smpp.pem", False),
        "smarthost": ("/c/mail.pem", False), "email": (str(Path(file).parent / "mx.pem"), False), "database": ("/c/db.pem", True)}
    assert certificates_of(load(write(tmp_path, "{}"))) == []


def test_the_database_s_default_counts_where_it_exists(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("PGSSLCERT", raising=False)
    settings = load(write(tmp_path, "store: {kind: postgresql, url: 'postgresql://u@h/d'}"))
    assert certificates_of(settings) == []
    (tmp_path / ".postgresql").mkdir()
    certificate(tmp_path / ".postgresql" / "postgresql.crt", 1)
    assert [str(one.path) for one in certificates_of(settings)] == [str(tmp_path / ".postgresql" / "postgresql.crt")]

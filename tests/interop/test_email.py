"""E-mail with real peers: swaks writes, Postfix relays to the daemon and carries its answers, by STARTTLS and without."""

import subprocess
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tectonics.simulators.mailbox.process import MailboxProcess
from tectonics.simulators.smsc.process import CentreProcess
from tests.integration.clients import ANN
from tests.interop.postfix import Postfix, free_port, until

ADDRESS, PIN = "ann@people.test", "123456"


def certificate(folder):
    """A certificate of nobody's for the daemon's port."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vas.test")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1)).sign(
        key, hashes.SHA256())
    (folder / "smtp.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "smtp.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def swaks(port, to, subject, *options, sender=ADDRESS):
    """(exit code, what was said)."""
    done = subprocess.run(["swaks", "--server", f"127.0.0.1:{port}", "--from", sender, "--to", to, "--header", f"Subject: {subject}",
                           "--timeout", "20", *options], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


class Lab:
    """swaks ──▶ Postfix ──▶ daemon ──▶ Postfix ──▶ mailbox, and a message centre beside the daemon."""

    def __init__(self, make_daemon, made):
        self.centre, self.people, self.port = CentreProcess().start(), MailboxProcess().start(), free_port()
        self.postfix = Postfix(self.port, self.people.port)
        made.callback(self.centre.close)
        made.callback(self.people.close)
        made.callback(self.postfix.close)
        self.daemon = make_daemon({"channels": {
            "email": {"endpoint": f"tcp:{self.port}:interface=127.0.0.1", "domain": "vas.test", "certificate_file": "smtp.pem",
                      "key_file": "smtp.key", "smarthost": {"address": f"tcp:127.0.0.1:{self.postfix.port}", "retry_s": 0.2}},
            "sms_smpp": {"accounts": [{"name": "smsc1", "address": self.centre.address, "system_id": "tectonics"}]}}})
        certificate(self.daemon.config.parent)
        self.daemon.start()
        self.postfix.start()
        self.daemon.ask("subscribers.mail", msisdn=ANN, address=ADDRESS, pin=PIN)

    def offers(self):
        return self.centre.messages(ANN)

    def count(self, name):
        return self.daemon.ask("status")["counters"].get(f"tectonics_email_{name}", {})


@pytest.fixture
def lab(make_daemon):
    with ExitStack() as made:
        yield Lab(make_daemon, made)


@pytest.mark.parametrize("options", [(), ("--tls",), ("--pipeline",), ("--protocol", "SMTP")], ids=str)
def test_swaks_writes_to_the_daemon(lab, options):
    assert swaks(lab.port, "sos@vas.test", f"SOS PIN {PIN}", *options)[0] == 0
    text, = until(lab.offers)
    assert "1" in text
    code, said = swaks(lab.port, "sos@vas.test", "SOS PIN 999999", *options)
    assert code != 0 and "550 5.7.1" in said
    assert swaks(lab.port, "eve@vas.test", "SOS", *options)[0] != 0
    assert len(lab.offers()) == 1


def test_the_same_mail_again_is_the_same_request(lab):
    for _ in range(3):
        assert swaks(lab.port, "sos@vas.test", f"SOS PIN {PIN}", "--header", "Message-Id: <one@people.test>")[0] == 0
    until(lab.offers)
    assert swaks(lab.port, "balance@vas.test", f"PIN {PIN}")[0] == 0
    until(lab.people.kept)
    assert len(lab.offers()) == 1


def test_postfix_brings_a_mail_and_the_answer_to_another(lab):
    assert swaks(lab.postfix.port, "sos@vas.test", f"SOS PIN {PIN}")[0] == 0
    until(lab.offers, lab.postfix.said)
    assert swaks(lab.postfix.port, "balance@vas.test", f"PIN {PIN}")[0] == 0
    answer, = until(lab.people.kept, lab.postfix.said)
    assert answer["envelope"] == ["", ADDRESS] and answer["text"].startswith("You owe nothing")
    fields = answer["fields"]
    assert (fields["From"], fields["To"], fields["Auto-Submitted"]) == ("balance@vas.test", ADDRESS, "auto-replied")
    assert PIN not in str(answer)


def test_what_the_daemon_refuses_postfix_tells_the_sender(lab):
    assert swaks(lab.postfix.port, "sos@vas.test", "SOS PIN 999999")[0] == 0
    bounce, = until(lab.people.kept, lab.postfix.said)
    assert "not from a registered address" in " ".join(bounce["text"].split()) and bounce["envelope"] == ["", ADDRESS]
    assert lab.offers() == []


def test_auto_replies_and_bounces_end_here(lab):
    for option in (("--header", "Auto-Submitted: auto-replied"), ("--header", "Precedence: bulk")):
        assert swaks(lab.postfix.port, "balance@vas.test", f"PIN {PIN}", *option)[0] == 0
    assert swaks(lab.postfix.port, "balance@vas.test", f"PIN {PIN}", "--h-From", ADDRESS, sender="<>")[0] == 0
    until(lambda: sum(lab.count("received_total").values()) == 3, lab.postfix.said)
    assert set(lab.count("received_total")) == {"balance,auto_submitted", "balance,list", "balance,null_sender"}
    assert lab.people.kept() == []


def test_postfix_waits_for_a_daemon_that_is_killed(lab):
    lab.daemon.kill()
    assert swaks(lab.postfix.port, "sos@vas.test", f"SOS PIN {PIN}")[0] == 0
    until(lambda: "status=deferred" in lab.postfix.said(), lab.postfix.said)
    lab.daemon.start()
    until(lab.offers, lab.postfix.said)
    until(lambda: lab.postfix.waiting() == 0, lab.postfix.said)
    assert len(lab.offers()) == 1


def test_answers_wait_for_a_postfix_that_is_away(lab):
    lab.postfix.stop()
    assert swaks(lab.port, "balance@vas.test", f"PIN {PIN}")[0] == 0
    until(lambda: any(one["id"] == "smarthost_down" for one in lab.daemon.ask("status")["alarms"]))
    lab.postfix.start()
    answer, = until(lab.people.kept, lab.postfix.said)
    assert answer["text"].startswith("You owe nothing")


def test_fifty_megabytes(lab, tmp_path):
    (tmp_path / "large").write_bytes(b"x" * 50_000_000)
    code, said = swaks(lab.port, "sos@vas.test", f"SOS PIN {PIN}", "--attach", f"@{tmp_path}/large")
    assert code != 0 and "552 5.3.4" in said
    assert swaks(lab.port, "sos@vas.test", f"SOS PIN {PIN}")[0] == 0
    until(lab.offers)
    assert lab.count("refused_total") == {"size": 1}


def test_a_head_that_is_slipped_in(lab):
    for data in ("Subject: SOS PIN 123456\\nFrom: eve@people.test\\nFrom: ann@people.test\\nMessage-Id: <x@y>\\n\\nx\\n",
                 "From: ann@people.test\\nSubject: SOS PIN 123456\\nMessage-Id: <x@y>\\nno field\\n\\nx\\n",
                 "From: eve@people.test\\nSubject: x\\n SOS PIN 123456\\nX: \x01\\nMessage-Id: <x@y>\\n\\nx\\n"):
        code, said = swaks(lab.port, "sos@vas.test", "x", "--data", data)
        assert code != 0 and "550 5.6.0" in said, said
    assert lab.offers() == [] and lab.count("received_total") == {"sos,unreadable": 3}

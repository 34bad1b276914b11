"""A mail to the e-mail channel: whatever it holds, its sender's server is told something, and nobody is believed without proof."""

from tectonics.domain.keywords import Call, Debt, Sos
from tests.channels.email.house import RELAY, STRANGER, House, mail, signed
from tests.fuzz.contract import NoFaults

GOOD = signed(mail())
TOKENS = (mail(), GOOD, b"From: Ann <ann@example.com>\r\n", b"Message-ID: <m@example.com>\r\n", b"Subject: SOS PIN 123456\r\n", b"\r\n\r\n",
          b"Authentication-Results: mx.vas.example; dkim=pass header.d=example.com\r\n", b"Auto-Submitted: no\r\n", b"DKIM-Signature: v=1; a=rsa-sha256; ",
          b"Content-Type: multipart/mixed; boundary=x\r\n", b"--x\r\n", b"Content-Type: text/plain; charset=", b"=?utf-8?q?a?=", b"Date: ", b"\r\n ")
CODES = (250, 451, 550)


def check(data: bytes) -> None:
    with NoFaults():
        for host, vouched in ((STRANGER, False), (RELAY, b"dkim=pass" in data.lower() or b"dmarc=pass" in data.lower())):
            house = House(pin="")
            codes = [house.take(data, service, host) for service in ("sos", "call", "balance")]
            assert set(codes) <= set(CODES) and house.counted.raised == {}
            for asked in house.asked():
                assert isinstance(asked, Sos | Call | Debt) and (vouched or b"dkim-signature" in data.lower())

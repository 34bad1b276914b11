"""One mail as it goes over the wire: rightly, as people write, and in every way that must come to nothing.

What should become of it is its fate: a mail that its owner wrote and somebody vouches for is heard; what no person wrote is
ignored, so that no loop begins; everything else is not heard.
"""

from email.utils import formatdate

from tectonics.simulation.mailbook import HEARD, IGNORED, UNHEARD
from tectonics.simulation.mailing import ANYBODYS, AUTHSERV_ID, DOMAIN, RELAY, SIGNED, Owner
from tectonics.wire.smtp.client import Envelope

PLAIN, BY_ANYBODY = "", "by anybody's server"
FATES = {PLAIN: HEARD, BY_ANYBODY: HEARD, "automatic": IGNORED, "list": IGNORED, "bounce": IGNORED, "loop": IGNORED,
         "stranger": UNHEARD, "forged": UNHEARD, "unsigned": UNHEARD, "wrong PIN": UNHEARD, "two senders": UNHEARD}
STRANGER, WRONG_PIN = f"nobody@{SIGNED}", "424242"
SECRET = "plugh"  # stands in every text; no answer repeats it
_FIELDS = {"automatic": ("Auto-Submitted", "auto-replied"), "list": ("Precedence", "bulk"), "two senders": ("From", STRANGER)}
_PASSED, _FAILED = "dkim=pass header.d={}", "dkim=fail header.d={}"


def sender_of(owner: Owner, manner: str) -> str:
    """Who stands in From."""
    return {"stranger": STRANGER, "loop": f"balance@{DOMAIN}"}.get(manner, owner.address)


def envelope(owner: Owner, manner: str, service: str, subject: str, line: str, id: str, now_s: float) -> tuple[str, Envelope]:
    """(who delivers it, the mail). `line` is the first of its text, `now_s` what its Date says."""
    sender, recipient = sender_of(owner, manner), f"{service}@{DOMAIN}"
    pin = {"wrong PIN": WRONG_PIN, "unsigned": "", "forged": ""}.get(manner, owner.pin)
    fields = [("From", sender), ("To", recipient), ("Subject", f"{subject} PIN {pin}" if pin else subject), ("Date", formatdate(now_s)),
              ("Message-ID", id)]
    if said := _said(owner, manner):
        fields.insert(0, ("Authentication-Results", f"{AUTHSERV_ID}; {said}"))
    if manner in _FIELDS:
        fields.append(_FIELDS[manner])
    content = "".join(f"{name}: {value}\r\n" for name, value in fields) + f"\r\n{line}\r\n\r\n{SECRET}\r\n"
    host = ANYBODYS if manner in (BY_ANYBODY, "forged") else RELAY
    return host, Envelope("" if manner == "bounce" else sender, recipient, content.encode("ascii"))


def _said(owner: Owner, manner: str) -> str:
    """What the relay has checked; a forger says the same in its name."""
    domain = owner.address.partition("@")[2]
    if manner == "unsigned":
        return _FAILED.format(domain)
    if manner == "forged":
        return _PASSED.format(domain)
    if manner == "wrong PIN" or owner.pin and manner != "stranger":
        return ""
    return _PASSED.format(SIGNED)

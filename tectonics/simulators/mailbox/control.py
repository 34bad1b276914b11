"""Orders to a running mail server, one a line, each answered by one line of JSON:

    send FROM TO SUBJECT             a mail to the peer (--peer); with `text=LINE`, `id=MESSAGE-ID`, `field=Name:value` and
                                     `envelope=ADDRESS` before the subject, where _ stands for a space
    fault KIND TIMES                 see faults.py; `fault KIND 0` ends it
    kept [N]                         the newest N mails
    cut                              breaks every connection
    stats                            what has happened so far

Bound: SHOWN_MAX mails shown.
"""

from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from itertools import islice

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IStreamClientEndpoint

from tectonics.domain.errors import TheirFault
from tectonics.simulators.mailbox.sender import send
from tectonics.simulators.mailbox.server import Kept, Mailbox
from tectonics.wire.smtp.client import Envelope

SHOWN_MAX = 1000
_OPTIONS = ("text", "id", "field", "envelope")


class Post:
    """A mail server and the peer that it sends to."""

    def __init__(self, mailbox: Mailbox, peer: IStreamClientEndpoint | None = None) -> None:
        self.mailbox, self.peer = mailbox, peer


def order(post: Post, words: list[str]) -> Deferred | dict:
    """Carries out one order. TheirFault where it cannot be understood."""
    kind, *rest = words
    done = ORDERS.get(kind)
    if done is None:
        raise TheirFault(f"no order is called {kind}; there are {', '.join(ORDERS)}")
    try:
        return done(post, *rest)
    except (TypeError, ValueError) as error:
        raise TheirFault(f"{kind}: {error}") from error


def compose(sender: str, recipient: str, subject: str, now_s: float, text: str = "", id: str = "",
            fields: tuple[tuple[str, str], ...] = ()) -> bytes:
    """The octets of a mail."""
    mail = EmailMessage(policy=policy.SMTP)
    for name, value in (*fields, ("From", sender), ("To", recipient), ("Subject", subject), ("Date", formatdate(now_s)),
                        ("Message-ID", id or make_msgid(domain="mailbox.example"))):
        mail[name] = value
    mail.set_content(text)
    return mail.as_bytes()


def _send(post: Post, sender: str, recipient: str, *words: str) -> Deferred:
    if post.peer is None:
        raise TheirFault("send: there is no peer (--peer)")
    options: dict[str, str] = {}
    while words and words[0].partition("=")[0] in _OPTIONS:
        name, _, value = words[0].partition("=")
        options[name] = value.replace("_", " ")
        words = words[1:]
    name, _, value = options.get("field", "").partition(":")
    clock, mailbox = post.mailbox.clock, post.mailbox
    content = compose(sender, recipient, " ".join(words), clock.seconds(), options.get("text", ""), options.get("id", ""),
                      ((name, value),) if name else ())
    envelope = Envelope(options.get("envelope", sender), recipient, content)
    return send(post.peer, envelope, clock, mailbox.faults).addCallback(
        lambda reply: {"code": reply.code, "text": reply.text})


def _fault(post: Post, kind: str, times: str) -> dict:
    post.mailbox.faults.order(kind, int(times))
    return {"fault": kind, "times": int(times)}


def _kept(post: Post, count: str = "10") -> dict:
    newest = islice(reversed(post.mailbox.kept), min(int(count), SHOWN_MAX))
    return {"kept": [shown(one) for one in newest]}


def _cut(post: Post) -> dict:
    return {"cut": post.mailbox.cut_all()}


def _stats(post: Post) -> dict:
    return {"connections": len(post.mailbox.connections), "counts": dict(post.mailbox.counts),
            "faults": dict(post.mailbox.faults.struck)}


def shown(kept: Kept) -> dict:
    """A mail for people."""
    mail = message_from_bytes(kept.content, policy=policy.default)
    text = mail.get_body(("plain",))
    return {"number": kept.number, "envelope": [kept.sender, kept.recipient], "encrypted": kept.encrypted,
            "fields": {name: str(value) for name, value in mail.items()}, "text": text.get_content() if text else ""}


ORDERS: dict[str, Callable] = {"send": _send, "fault": _fault, "kept": _kept, "cut": _cut, "stats": _stats}

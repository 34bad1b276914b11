"""What no person wrote is ignored: bounces, auto-replies, lists, and what comes back to us. To answer it is how loops begin.

RFC 3834 says what a responder must leave alone; the other fields are what lists, Exchange and vacation programs write.
It is taken (250) and forgotten: refused, it would make its sender's server write yet another mail.
"""

from collections.abc import Collection

from tectonics.channels.email.reading import Written
from tectonics.domain.mailbox import domain_of

HOPS_MAX = 50  # Received fields; RFC 5321, section 6.3, counts a loop from about 100
_PRECEDENCE = ("bulk", "junk", "list", "auto_reply", "auto-reply")
_ROBOTS = ("mailer-daemon", "postmaster", "listserv", "majordomo", "noreply", "no-reply", "donotreply", "do-not-reply")
_SIGNS = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-loop", "x-mailman-version", "feedback-type",
          "x-failed-recipients")


def ignored(mail: Written, envelope_sender: str, domains: Collection[str]) -> str:
    """Why nobody wrote it: a word for the counter; empty where a person did. `domains` are ours."""
    if not envelope_sender:
        return "null_sender"
    if domain_of(mail.sender) in domains:
        return "loop"
    if len(mail.all("received")) > HOPS_MAX:
        return "hops"
    if any(_local(one) in _ROBOTS or _local(one).startswith("owner-") or _local(one).endswith("-request")
           for one in (envelope_sender, mail.sender)):
        return "robot"
    return _by_fields(mail)


def _by_fields(mail: Written) -> str:
    submitted = mail.first("auto-submitted")
    if submitted and _word(submitted) != "no":
        return "auto_submitted"
    if _word(mail.first("precedence")) in _PRECEDENCE or any(name.startswith("list-") for name, _ in mail.fields):
        return "list"
    suppress = mail.first("x-auto-response-suppress")
    if suppress and suppress.lower() != "none":
        return "suppressed"
    if any(name in _SIGNS for name, _ in mail.fields) or _word(mail.first("content-type")) == "multipart/report":
        return "auto_reply"
    return ""


def _word(value: str) -> str:
    return value.partition(";")[0].partition("(")[0].strip().lower()


def _local(address: str) -> str:
    return address.rpartition("@")[0].lower()

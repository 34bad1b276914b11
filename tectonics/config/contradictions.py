"""What is well-formed and still cannot be meant: rules of a configuration that contradict each other.

Each check gives (path, sentence) pairs; the loader adds file and line, the policy decoder puts them
into the text of BadPolicy.  Sections are looked at by their attributes, so this file needs no import
of them; those of call-backs stand with their section (callback.py).
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator

from tectonics.config import callback, snmp
from tectonics.config.values import duration_s, endpoint_port, money_minor
from tectonics.domain.commands import OP_MARK
from tectonics.domain.screens import Keys

Fault = tuple[tuple, str]
GSUP_LATE_S = 1.0  # what an answer may be late by, and its way to the HLR
_Minor = Callable[[str], int]
_NAMED = re.compile(r"interface=(?!0\.0\.0\.0|[\\:]+$)")  # an endpoint of one address


def of_policy(policy) -> list[Fault]:
    """The contradictions within a PolicySection; paths begin below it."""
    def minor(text: str) -> int:
        return money_minor(text, policy.currency)

    faults = list(_repeated((("segments", i, "name"), s.name) for i, s in enumerate(policy.segments)))
    for index, segment in enumerate(policy.segments):
        faults += _segment(segment, ("segments", index), minor)
    faults += _advertising(policy)
    faults += ((("call_back", *path), text) for path, text in callback.contradictions(policy.call_back))
    if OP_MARK not in policy.recovery.own_marks:
        faults.append((("recovery", "own_marks"), (f"expected {OP_MARK!r} among them, or our own credits on "
                       "the feed would be taken for recharges")))
    if all(segment.assigned_only for segment in policy.segments):
        faults.append((("segments",), ("expected at least one segment that needs no assignment "
                       "(assigned_only: false)")))
    return faults


def _advertising(policy) -> Iterator[Fault]:
    campaigns, known = policy.advertising.campaigns, {segment.name for segment in policy.segments}
    yield from _repeated((("advertising", "campaigns", i, "name"), c.name) for i, c in enumerate(campaigns))
    for index, campaign in enumerate(campaigns):
        for strange in sorted(set(campaign.segments) - known):
            yield ("advertising", "campaigns", index, "segments"), \
                f"expected segments of the policy ({', '.join(sorted(known))}), found {strange!r}"


def _segment(segment, path: tuple, minor: _Minor) -> Iterator[Fault]:
    yield from _repeated(((*path, "tiers", i, "id"), t.id) for i, t in enumerate(segment.tiers))
    for index, tier in enumerate(segment.tiers):
        here = (*path, "tiers", index)
        yield from _amount(tier.amount, (*here, "amount"), minor)
        yield from _fee(tier.fee, (*here, "fee"), minor)
        if not duration_s(tier.due):
            yield (*here, "due"), "expected a due date after the grant, found 0s"
        if not duration_s(tier.credit_valid):
            yield (*here, "credit_valid"), "expected credit that may be used for some time, found 0s"
        if isinstance(tier.amount, str) and segment.ceiling is not None \
                and minor(tier.amount) > minor(segment.ceiling):
            yield (*here, "amount"), (f"expected at most the segment's ceiling {segment.ceiling}, " \
                                     f"found {tier.amount}: it could never be lent")


def _amount(amount, path: tuple, minor: _Minor) -> Iterator[Fault]:
    if isinstance(amount, str):
        if minor(amount) == 0:
            yield path, "expected an amount above zero, found 0"
        return
    if minor(amount.step) == 0:
        yield (*path, "step"), "expected a step above zero, found 0"
    if minor(amount.min) == 0:
        yield (*path, "min"), "expected an amount above zero, found 0"
    if minor(amount.min) > minor(amount.max):
        yield (*path, "min"), f"expected at most max ({amount.max}), found {amount.min}"


def _fee(fee, path: tuple, minor: _Minor) -> Iterator[Fault]:
    steps = getattr(fee, "steps", ())
    for index, (low, high) in enumerate(itertools.pairwise(steps), 1):
        if minor(low.up_to) >= minor(high.up_to):
            yield (*path, "steps", index, "up_to"), \
                f"expected more than the step before ({low.up_to}), found {high.up_to}"
        if minor(low.fee) > minor(high.fee):
            yield (*path, "steps", index, "fee"), \
                f"expected at least the fee of the step before ({low.fee}), found {high.fee}"


def _repeated(named: Iterable[tuple[tuple, str]]) -> Iterator[Fault]:
    seen = set()
    for path, name in named:
        if name in seen:
            yield path, f"expected a name of its own, found {name!r} again"
        seen.add(name)


def of_keys(policy, keys: Keys) -> Iterator[Fault]:
    """Typed amounts that are also the key that confirms, on a gateway whose repetitions look like inputs."""
    confirming = money_minor(keys.yes, policy.currency)
    for i, segment in enumerate(policy.segments):
        for j, tier in enumerate(segment.tiers):
            amount = tier.amount
            if not hasattr(amount, "step") or hasattr(amount, "percent"):
                continue
            low, high, step = (money_minor(t, policy.currency) for t in (amount.min, amount.max, amount.step))
            if low <= confirming <= high and (confirming - low) % (step or 1) == 0:
                yield ("segments", i, "tiers", j, "amount"), (
                    f"expected no typed amount {keys.yes}: with mode last a repeated input of it would confirm; "
                    "set another range")


def of_ports(endpoints: Iterable[tuple[tuple, str]]) -> Iterator[Fault]:
    """Listeners that want the same port of the same address."""
    taken: dict[str, str] = {}
    for path, endpoint in endpoints:
        if not endpoint or endpoint_port(endpoint) == 0:
            continue
        name = ".".join(map(str, path))
        if endpoint in taken:
            yield path, f"expected a listener of its own, found {endpoint!r} again (also {taken[endpoint]})"
        taken.setdefault(endpoint, name)


def _has_password(url: str) -> bool:
    """RFC 3986 section 3.2.1: user information before the host; or a parameter of libpq."""
    authority = url.partition("://")[2].partition("/")[0]
    user, at, _ = authority.rpartition("@")
    return bool(at) and ":" in user or "password=" in url.partition("?")[2]


def of_accounts(channels) -> Iterator[Fault]:
    """SMPP accounts that share a name, or cannot do what their channel needs."""
    sections = (("ussd_smpp", channels.ussd_smpp.accounts), ("sms_smpp", channels.sms_smpp.accounts))
    named = [((name, "accounts", i, "name"), one.name) for name, accounts in sections for i, one in enumerate(accounts)]
    yield from ((("channels", *path), text) for path, text in _repeated(named))
    for i, account in enumerate(channels.ussd_smpp.accounts):
        if account.bind != "transceiver":
            yield ("channels", "ussd_smpp", "accounts", i, "bind"), \
                "expected transceiver: an answer goes where the request came from"
    accounts = channels.sms_smpp.accounts
    if accounts and all(account.bind == "receiver" for account in accounts):
        yield ("channels", "sms_smpp", "accounts", 0, "bind"), "expected an account that may submit: messages are sent too"


def of_gsup(ussd) -> Iterator[Fault]:
    """USSD through an HLR that could not be told whose number dials, or that would forget a session before its answer."""
    if ussd.address and not ussd.control:
        yield ("channels", "ussd_gsup", "control"), "expected the HLR's CTRL port: over GSUP it tells no MSISDN"
    if ussd.budget_s > ussd.session_s - GSUP_LATE_S:
        yield ("channels", "ussd_gsup", "budget_s"), \
            f"expected at most {ussd.session_s - GSUP_LATE_S:g}: the HLR forgets a session after session_s"


def of_rings(did) -> Iterator[Fault]:
    """A DID ring that nobody could reach, or in which two things share what must be one's own."""
    here = "channels", "did_sip"
    yield from _repeated(((*here, "trunks", i, "name"), one.name) for i, one in enumerate(did.trunks))
    yield from _repeated(((*here, "dids", i, "number"), one.number) for i, one in enumerate(did.dids))
    yield from _repeated(((*here, "trunks", i, "sources", j), source) for i, one in enumerate(did.trunks)
                         for j, source in enumerate(one.sources))
    for i, one in enumerate(did.dids):
        if (one.service == "call_to") != bool(one.to):
            yield (*here, "dids", i, "to"), "expected the number to be connected with where service is call_to, else none"
    for i, trunk in enumerate(did.trunks):
        if bool(trunk.user) != bool(trunk.password_file):
            yield (*here, "trunks", i, "user"), "expected both user and password_file, or neither"
    if did.dids and not did.trunks:
        yield (*here, "dids"), "expected a trunk that may call them (channels.did_sip.trunks)"
    if did.dids and not (did.endpoint or did.tcp):
        yield (*here, "endpoint"), "expected where trunks send their calls, because there are dids"
    if did.min_ring_s > did.ring_s:
        yield (*here, "min_ring_s"), f"expected at most ring_s ({did.ring_s:g}), or no ring would count"


def of_calls(server) -> Iterator[Fault]:
    """A call server that could ring nobody, or whose peers could not reach it."""
    here, sip = ("call_server", "sip"), server.sip
    yield from _repeated(((*here, "trunks", i, "name"), one.name) for i, one in enumerate(sip.trunks))
    for i, trunk in enumerate(sip.trunks):
        if bool(trunk.user) != bool(trunk.password_file):
            yield (*here, "trunks", i, "user"), "expected both user and password_file, or neither"
    if server.kind == "sip" and not sip.trunks:
        yield (*here, "trunks"), "expected a trunk that takes calls, because kind is sip"
    if server.kind == "sip" and not sip.public and not _NAMED.search(sip.endpoint):
        yield (*here, "public"), "expected the address that trunks reach us by, because the endpoint names none"


def of_email(email) -> Iterator[Fault]:
    """A certificate without its key, or a password that would be of no use, or go out in the open."""
    here, smarthost = ("channels", "email"), email.smarthost
    if bool(email.certificate_file) != bool(email.key_file):
        yield (*here, "key_file"), "expected both certificate_file and key_file, or neither"
    if bool(smarthost.user) != bool(smarthost.password_file):
        yield (*here, "smarthost", "user"), "expected both user and password_file, or neither"
    if smarthost.user and not (smarthost.starttls or smarthost.address.startswith("tls:")):
        yield (*here, "smarthost", "starttls"), "expected encryption, or the password would go out in the open"
    if smarthost.starttls and not smarthost.address.startswith("tcp:"):
        yield (*here, "smarthost", "starttls"), "expected an address tcp:host:port, which STARTTLS encrypts"


def of_sections(settings) -> Iterator[Fault]:
    """Keys of the other sections that contradict each other."""
    yield from of_accounts(settings.channels)
    yield from of_gsup(settings.channels.ussd_gsup)
    yield from of_rings(settings.channels.did_sip)
    yield from of_email(settings.channels.email)
    yield from of_calls(settings.call_server)
    yield from ((("oam", "snmp", *path), text) for path, text in snmp.contradictions(settings.oam.snmp))
    services = settings.services
    if services.call_back.code == services.advance.code:
        yield ("services", "call_back", "code"), f"expected a code of its own, found {services.advance.code} again"
    messages, billing = settings.messages, settings.billing
    limits, outbox, columns = settings.limits, settings.outbox, settings.feeds.columns
    if messages.default not in messages.languages:
        yield ("messages", "default"), f"expected one of messages.languages, found {messages.default!r}"
    yield from _repeated((("messages", "languages", i), name) for i, name in enumerate(messages.languages))
    if billing.kind == "ledger" and not billing.address:
        yield ("billing", "address"), "expected the address of the ledger, because kind is ledger"
    if settings.store.kind == "postgresql" and not settings.store.url:
        yield ("store", "url"), "expected where the server is, because kind is postgresql"
    if _has_password(settings.store.url):
        yield ("store", "url"), ("expected no password, because the url is shown and logged: put it into a file of"
                                 " its own and name that in store.password_file")
    if limits.dialogues_max > limits.dispatch_max:
        yield ("limits", "dialogues_max"), \
            f"expected at most limits.dispatch_max ({limits.dispatch_max}), found {limits.dialogues_max}"
    if outbox.first_s > outbox.longest_s:
        yield ("outbox", "first_s"), f"expected at most outbox.longest_s ({outbox.longest_s:g})"
    if columns is not None and not {"id", "type", "msisdn"} <= columns.keys():
        yield ("feeds", "columns"), "expected columns for id, type and msisdn at least"

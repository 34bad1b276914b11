"""The sections of the configuration: each key with its meaning, default and limits.

This file is the single source: etc/tectonics.yaml and docs/configuration.md are written from it
(config/describe.py) and tests hold them equal.  A new setting is one line here.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from tectonics.config.areas import known_area
from tectonics.config.call_server import CallServer
from tectonics.config.email import Email
from tectonics.config.gsup import UssdGsup
from tectonics.config.policy import PolicySection
from tectonics.config.self_care import SelfCare
from tectonics.config.sip import DidSip
from tectonics.config.smpp import SmsSmpp, UssdSmpp
from tectonics.config.snmp import Oam
from tectonics.config.values import Count, Endpoint, Flag, Seconds, Section

Text = Annotated[str, Field(max_length=1024)]
FeedField = Literal["id", "type", "msisdn", "amount", "currency", "time", "class", "balance", "node", "ref",
                    "change", "value"]
Positive = Annotated[Count, Field(ge=1)]
LogLevel = Literal["debug", "info", "warn", "error"]
LogArea = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*){0,5}$", max_length=64), AfterValidator(known_area)]
_CODE = r"^\*[0-9]{1,6}(\*[0-9]{1,6}){0,9}#$"


class Node(Section):
    """This process among others over the same database."""

    name: str = Field("n1", pattern=r"^[a-z0-9-]{1,16}$",
                      description="unique per process and never changed: the origin of its tickets")


class Store(Section):
    """Where accounts, commands and tickets are kept."""

    kind: Literal["sqlite", "postgresql"] = Field(
        "sqlite", description="sqlite: a file in the state directory; postgresql: the server at the url")
    url: str = Field("", max_length=1024, pattern=r"^$|^postgres(ql)?://\S+$", description=(
        "postgresql://user@host1,host2/name?sslmode=verify-full, any parameter of libpq; the password is not here"))
    password_file: Text = Field("", description="holds the password, nothing else; empty: none is needed")


class Embedded(Section):
    """What the embedded ledger promises: switchable, to prove what a real system would do to us."""

    deduplicates: Flag = Field(True, description="the same operation sent again is answered, not done again")
    window_s: Annotated[Seconds, Field(ge=0, le=31_536_000)] = Field(
        86_400, description="how long it remembers an operation")
    readable_back: Flag = Field(True, description="it can tell what became of an operation")
    tells_balance: Flag = Field(True, description="else only whether an amount is covered")
    read_deadline_s: Annotated[Seconds, Field(gt=0, le=8)] = Field(2.0, description="for a balance enquiry")
    send_deadline_s: Annotated[Seconds, Field(gt=0, le=300)] = Field(
        10.0, description="for a credit or debit; then its outcome is unknown")


class Billing(Section):
    """The prepaid billing system."""

    kind: Literal["embedded", "ledger"] = Field(
        "embedded", description="embedded: in this process; ledger: `tectonics ledger` at the address")
    address: str = Field("", pattern=r"^$|^tcp:[^:\s]+:[0-9]{1,5}$|^unix:[^:\s]+$", description=(
        "of the ledger process, as a Twisted client endpoint: tcp:host:port or unix:path"))
    embedded: Embedded = Field({}, description="of kind embedded; both deadlines bind kind ledger too")


class Messages(Section):
    """What subscribers read."""

    directory: Text = Field("messages", description="one file per language, relative to this file's folder")
    languages: tuple[Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$")], ...] = Field(
        ("en", "fr", "ar", "es"), min_length=1, max_length=50,
        description="each needs its file, whole and without unknown variables")
    default: str = Field("en", description="for subscribers whose language is not known or not among these")


class Service(Section):
    """A service that subscribers dial."""

    code: str = Field("*133#", pattern=_CODE,
                      description="its code; a longer one goes straight to a choice (*133*1#)")


class CallBackService(Section):
    """A service that takes a number."""

    code: str = Field("*144#", pattern=_CODE,
                      description="its code; with a number it is asked for at once (*144*0612345678#)")


class Services(Section):
    """What subscribers dial."""

    advance: Service = Field({}, description="airtime advance")
    call_back: CallBackService = Field({}, description="call-back: rings the caller and connects him")


class UssdHttp(Section):
    """USSD by HTTP from an aggregator or gateway; only gateways should reach it."""

    endpoint: Endpoint = Field("tcp:8081:interface=127.0.0.1", description="where gateways post to /ussd")
    mode: Literal["cumulative", "last"] = Field(
        "cumulative", description="cumulative: `text` has all inputs joined by *; last: only the newest")
    step_field: str = Field("", pattern=r"^[A-Za-z0-9_.-]{0,64}$", description=(
        "form field of the gateway's step counter, if it has one; then a repetition is told from the next input"))
    septets_max: Annotated[Count, Field(ge=80, le=182)] = Field(
        160, description="longest screen in GSM 7-bit (3GPP TS 23.038: at most 182)")
    ucs2_max: Annotated[Count, Field(ge=60, le=80)] = Field(
        70, description="longest screen in UCS-2, such as Arabic (at most 80)")
    transliterate: Flag = Field(True, description="letters outside GSM 7-bit lose their accent, or force UCS-2")
    budget_s: Annotated[Seconds, Field(gt=0, lt=10)] = Field(
        8.0, description="a later answer is worth nothing; then: you will get an SMS")
    session_s: Annotated[Seconds, Field(ge=10, le=3600)] = Field(180, description="how long a menu waits")
    head_bytes_max: Annotated[Count, Field(ge=512, le=65_536)] = Field(8192, description="of a request; then 431")
    body_bytes_max: Annotated[Count, Field(ge=1024, le=1_048_576)] = Field(
        16_384, description="of a request; then 413")
    connections_max: Annotated[Positive, Field(le=60_000)] = Field(1000, description="a further one gets 503")
    exchanges_max: Annotated[Positive, Field(le=10_000)] = Field(
        64, description="requests served at once on one connection; further ones wait")
    idle_s: Annotated[Seconds, Field(ge=1, le=3600)] = Field(120, description="then a connection is closed")


class Channels(Section):
    """How subscribers reach us."""

    ussd_http: UssdHttp = Field({}, description="USSD over HTTP")
    ussd_smpp: UssdSmpp = Field({}, description="USSD over SMPP")
    ussd_gsup: UssdGsup = Field({}, description="USSD through OsmoHLR")
    sms_smpp: SmsSmpp = Field({}, description="SMS over SMPP")
    did_sip: DidSip = Field({}, description="DID ring: missed calls over SIP")
    email: Email = Field({}, description="e-mail")


class Web(Section):
    """HTTP for people and programs: API, self-care, handset page, metrics, health."""

    endpoint: Endpoint = Field("tcp:8080:interface=127.0.0.1", description="where it listens")
    handset: Flag = Field(True, description="the demo's page with a telephone; switch it off in production")
    token_file: Text = Field("", description=(
        "tokens of the API, one `name role token` a line; empty: demo-token in the state directory, made if missing"))
    self_care: SelfCare = Field({}, description="pages of subscribers at /me")


class Tickets(Section):
    """One record of everything that happened to money or was refused."""

    stream: Endpoint = Field("tcp:7070:interface=127.0.0.1", description="live: connect and read")
    acknowledged: Endpoint = Field("tcp:7071:interface=127.0.0.1", description="with cursors and repetition")
    window: Annotated[Positive, Field(le=100_000)] = Field(1000, description="tickets sent and not acknowledged")
    ping_s: Annotated[Seconds, Field(ge=1, le=3600)] = Field(
        30, description="silence before a PING, and the wait for its answer")
    consumers_max: Annotated[Positive, Field(le=1000)] = Field(64, description="names with a cursor")
    rotate: Literal["hour", "day"] = Field("hour", description="a new file every hour or day")
    formats: tuple[Literal["jsonl", "csv"], ...] = Field(("jsonl",), description="of the files; [] for none")
    keep_days: Annotated[Count, Field(ge=1, le=3650)] = Field(
        30, description="in the database; never less than a consumer has acknowledged")


class Feeds(Section):
    """What the prepaid network tells us: recharges, reversals, balances, life of a number."""

    tcp: Endpoint = Field("tcp:7080:interface=127.0.0.1", description="one record a line, each answered")
    connections_max: Annotated[Positive, Field(le=1000)] = Field(32, description="a further one is closed")
    columns: dict[FeedField, Annotated[Positive, Field(le=200)]] | None = Field(
        None, description="of CSV records: field -> column from 1, such as {id: 1, type: 2}; null: JSON only")
    files: tuple[Text, ...] = Field((), max_length=64, description="files to follow, relative to the state directory")


class Limits(Section):
    """Under overload new advances are shed first, then call-backs, recoveries last."""

    dialogues_max: Positive = Field(600, description="decisions under way above which a dial is told busy")
    decide_ms_target: Positive = Field(10, description="while a decision takes longer on average, fewer dials are served")
    dispatch_max: Positive = Field(4000, description="above which further steps are told busy too")
    feed_max: Positive = Field(2000, description="feed records at work above which feeds are not read")
    calls_max: Positive = Field(2000, description="call-backs under way above which a further one is told busy")
    adverts_max: Positive = Field(200, description="low balances being decided above which nothing is advertised")
    sessions_max: Positive = Field(200_000, description="menus in memory; beyond it the oldest is forgotten")


class Outbox(Section):
    """How committed commands are sent and retried: after first_s, then twice as long up to longest_s."""

    lease_s: Annotated[Seconds, Field(ge=5, le=3600)] = Field(
        30, description="for which this process alone may send a command")
    first_s: Annotated[Seconds, Field(gt=0, le=3600)] = Field(1, description="until the first retry or look-up")
    longest_s: Annotated[Seconds, Field(gt=0, le=86_400)] = Field(300, description="between retries at most")
    poll_s: Annotated[Seconds, Field(gt=0, le=60)] = Field(1, description="how often it is looked through")
    poll_max: Annotated[Positive, Field(le=10_000)] = Field(500, description="commands taken up at a time")
    settle_tries_max: Annotated[Positive, Field(le=1000)] = Field(
        20, description="attempts to commit an outcome before it is left to the next look-up")
    unknown_alarm_s: Annotated[Seconds, Field(ge=1, le=86_400)] = Field(
        300, description="an outcome unknown for longer raises an alarm")


class Retention(Section):
    """How long what is not money is kept."""

    triggers_days: Annotated[Count, Field(ge=1, le=3650)] = Field(
        7, description="within which a repeated request is recognised")


class Log(Section):
    """Standard error, one sentence a line; `tectonics log` changes levels while it runs."""

    level: LogLevel = Field("info", description="the least important level shown")
    areas: dict[LogArea, LogLevel] = Field({}, max_length=100, description=(
        "of parts of the daemon: {billing: debug, channels.ussd_http: warn}"))
    format: Literal["text", "json"] = Field("text", description="for people or for programs")
    repeats_max: Count = Field(20, description="lines that say the same within repeats_s; more are counted; 0: all are written")
    repeats_s: Annotated[Seconds, Field(ge=1, le=3600)] = Field(10, description="after which it is told how many more there were")


class Demo(Section):
    """What makes a first try possible."""

    subscribers: Flag = Field(True, description="ten demo subscribers, 33600000001 to 33600000010, in an empty store")


def _country_code(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class Sections(Section):
    """All of it."""

    node: Node = Field({}, description="")
    state_dir: str = Field("../var", min_length=1, max_length=1024, description=(
        "databases, ticket files, sockets; relative to this file's folder"))
    country_code: Annotated[str, BeforeValidator(_country_code)] = Field("", pattern=r"^([1-9][0-9]{0,2})?$", description=(
        "E.164 country code put before national numbers (0612345678); empty: only international ones"))
    services: Services = Field({}, description="")
    channels: Channels = Field({}, description="")
    policy: PolicySection = Field({}, description="")
    messages: Messages = Field({}, description="")
    billing: Billing = Field({}, description="")
    call_server: CallServer = Field({}, description="")
    feeds: Feeds = Field({}, description="")
    store: Store = Field({}, description="")
    outbox: Outbox = Field({}, description="")
    tickets: Tickets = Field({}, description="")
    web: Web = Field({}, description="")
    oam: Oam = Field({}, description="")
    limits: Limits = Field({}, description="")
    retention: Retention = Field({}, description="")
    log: Log = Field({}, description="")
    demo: Demo = Field({}, description="")

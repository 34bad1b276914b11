"""pysnmp's message processing and user-based security, without its transports and timers.

Requests that are in order never come here (requests.py).  The rest of SNMP does: managers that have to learn the engineID
or the time, users without the right keys or level, contexts that we have not, which are told so by reports that are
counted (RFC 3414, section 3.2); and the notifications that go out, with the acknowledgements that come back.

The sockets and the clock are the caller's.  pysnmp's dispatcher is fed directly: its asyncio transports, its MIB
instrumentation and its access control are not used.  Users are authPriv with HMAC-SHA-256 (RFC 7860) and AES-128 in
CFB (RFC 3826); a message of a lower level is answered by a report.  v1 is not spoken.

pysnmp does not clear away what is never answered but by its ticks: `tick` must be called every TICK_S.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyasn1.error import PyAsn1Error
from pysnmp.carrier.asyncio.dgram.udp import SNMP_UDP_DOMAIN, UdpTransportAddress
from pysnmp.carrier.base import AbstractTransportDispatcher
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.error import PySnmpError
from pysnmp.proto import errind, rfc1902, rfc1905
from pysnmp.proto.api import v2c

from tectonics.oam.snmp import values
from tectonics.oam.snmp.requests import OCTETS_MAX
from tectonics.oam.snmp.values import Name, Value

TICK_S = 0.5
_V2C, _V3, _AUTH_PRIV = 1, 3, 3
_MODEL_V2C, _MODEL_USM = 2, 3
_PDUS = (rfc1905.GetRequestPDU, rfc1905.GetNextRequestPDU, rfc1905.GetBulkRequestPDU, rfc1905.SetRequestPDU)
_TYPES = {values.INTEGER: rfc1902.Integer32, values.OCTETS: rfc1902.OctetString, values.OID: rfc1902.ObjectIdentifier,
          values.TICKS: rfc1902.TimeTicks, values.GAUGE: rfc1902.Gauge32, values.COUNTER: rfc1902.Counter64,
          values.UNSIGNED: rfc1902.Unsigned32, values.COUNTER32: rfc1902.Counter32}
Unanswerable = (PySnmpError, PyAsn1Error)  # what `notify` may fail with
# What `receive` may fail with: pysnmp does not look before it takes what a peer has sent.
Undecodable = (*Unanswerable, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError)
_WHY = {type(one): word for one, word in (
    (errind.authenticationFailure, "digest"), (errind.unknownSecurityName, "user"), (errind.notInTimeWindow, "time"),
    (errind.decryptionError, "decryption"), (errind.unsupportedSecurityLevel, "level"), (errind.unknownEngineID, "discovery"),
    (errind.unknownCommunityName, "community"))}


@dataclass(frozen=True, slots=True)
class User:
    """A user of v3; both are pass phrases of at least eight characters (RFC 3414, section 11.2)."""

    name: str
    authentication: str
    privacy: str


class _Sockets(AbstractTransportDispatcher):
    """What pysnmp gives its messages to."""

    def __init__(self, send: Callable[[bytes, tuple], None]) -> None:
        super().__init__()
        self._send = send
        self.set_timer_resolution(TICK_S)

    def send_message(self, outgoingMessage, transportDomain, transportAddress) -> None:
        self._send(bytes(outgoingMessage), tuple(transportAddress)[:2])


class _EngineTime:
    """What pysnmp clones to know the time; its own follows the machine's clock, and fails where that goes back."""

    def __init__(self, time_s: Callable[[], int]) -> None:
        self.clone = lambda: rfc1902.Integer32(time_s())


class Engine:
    """`failed(why)` hears of what was turned away, `send(octets, address)` gets what goes out.

    `seconds()` is a clock that only goes forward, whatever becomes of the machine's time.
    """

    def __init__(self, engine_id: bytes, boots: int, communities: Sequence[bytes], users: Sequence[User], *,
                 failed: Callable[[str], None], send: Callable[[bytes, tuple], None], seconds: Callable[[], float]) -> None:
        self._failed, self._seconds, self._began_s = failed, seconds, seconds()
        self._snmp = SnmpEngine(maxMessageSize=OCTETS_MAX)
        self._identify(engine_id, boots)
        del self._snmp.message_processing_subsystems[0]  # SNMPv1
        self._sockets = _Sockets(send)
        self._snmp.register_transport_dispatcher(self._sockets)
        for number, community in enumerate(dict.fromkeys(communities)):
            config.add_v1_system(self._snmp, f"c{number}", community, securityName=f"c{number}")
        self._names = {community: rfc1902.OctetString(f"c{number}") for number, community in enumerate(dict.fromkeys(communities))}
        for user in users:
            self._add(user)
        self._snmp.message_dispatcher.register_context_engine_id(
            rfc1902.OctetString(engine_id), [pdu.tagSet for pdu in _PDUS], self._process)
        self._snmp.observer.register_observer(
            self._refused, "rfc3412.prepareDataElements:sm-failure", "rfc2576.prepareDataElements:sm-failure")

    def _identify(self, engine_id: bytes, boots: int) -> None:
        """As the constructor would, which keeps the boots in a public directory of the machine."""
        own, counted, clock = self._snmp.get_mib_builder().import_symbols(
            "__SNMP-FRAMEWORK-MIB", "snmpEngineID", "snmpEngineBoots", "snmpEngineTime")
        own.syntax = own.syntax.clone(engine_id)
        clock.syntax = _EngineTime(self.time_s)
        counted.syntax = counted.syntax.clone(boots)
        self._snmp.snmpEngineID = own.syntax

    def _add(self, user: User) -> None:
        config.add_v3_user(self._snmp, user.name, config.USM_AUTH_HMAC192_SHA256, user.authentication,
                           config.USM_PRIV_CFB128_AES, user.privacy)

    # --- in

    def receive(self, octets: bytes, address: tuple[str, int]) -> None:
        """One datagram that `tectonics.wire.snmp.peek` found well formed. Fails with one of Undecodable."""
        self._snmp.message_dispatcher.receive_message(self._snmp, SNMP_UDP_DOMAIN, UdpTransportAddress(address), octets)

    def time_s(self) -> int:
        """snmpEngineTime: seconds of this life."""
        return int(self._seconds() - self._began_s)

    def unknown_engine(self) -> tuple[Name, int]:
        """usmStatsUnknownEngineIDs and its count, with one more."""
        unknown, = self._snmp.get_mib_builder().import_symbols("__SNMP-USER-BASED-SM-MIB", "usmStatsUnknownEngineIDs")
        unknown.syntax += 1
        return tuple(unknown.name), int(unknown.syntax)

    def tick(self, now_s: float) -> None:
        """Forgets what was never answered; tells notifications that their time is over."""
        self._sockets.handle_timer_tick(now_s)

    def _refused(self, _engine, _point, told, _context) -> None:
        self._failed(_WHY.get(type(told["statusInformation"].get("errorIndication")), "security"))

    def _process(self, _engine, processing, model, name, level, context_engine, context, version, _pdu, size, reference) -> None:
        """A request that security let through: it is for another context, or it is none that we read."""
        if not context:
            self._failed("undecodable")
            return
        self._failed("context")
        unknown, = self._snmp.get_mib_builder().import_symbols("__SNMP-TARGET-MIB", "snmpUnknownContexts")
        unknown.syntax += 1
        self._snmp.message_dispatcher.return_response_pdu(
            self._snmp, processing, model, name, level, context_engine, context, version, None, size, reference,
            {"errorIndication": errind.noSuchContext, "oid": unknown.name, "val": unknown.syntax})  # RFC 3413, section 3.2

    # --- out

    def notify(self, address: tuple[str, int], who: bytes | str, variables: Sequence[tuple[Name, Value]],
               told: Callable[[str], None] | None = None, timeout_s: float = 0) -> None:
        """Sends a trap, or with `told` an inform: it is called once, with "" or with what went wrong.

        `who` is a community (octets) or a user's name. Fails with one of Unanswerable when it cannot be sent.
        """
        pdu = (rfc1905.InformRequestPDU if told else rfc1905.SNMPv2TrapPDU)()
        v2c.apiPDU.set_defaults(pdu)
        v2c.apiPDU.set_varbinds(pdu, _bindings(variables))
        by_community = isinstance(who, bytes)
        security = (_V2C, _MODEL_V2C, self._names[who], 1) if by_community \
            else (_V3, _MODEL_USM, rfc1902.OctetString(who), _AUTH_PRIV)
        self._snmp.message_dispatcher.send_pdu(
            self._snmp, SNMP_UDP_DOMAIN, UdpTransportAddress(address), *security, None, b"", 1, pdu, bool(told),
            timeout_s / TICK_S, _answered, told)


def _answered(_engine, _processing, _model, _name, _level, _context_engine, _context, _version, pdu, status, _handle, told) -> None:
    wrong = status.get("errorIndication") if status else None
    if wrong is not None:
        told(str(wrong))
    elif pdu is None:
        told("no answer")
    else:
        found = int(v2c.apiPDU.get_error_status(pdu))
        told(f"error status {found}" if found else "")


def _bindings(variables: Sequence[tuple[Name, Value]]) -> list:
    return [(rfc1902.ObjectName(name), _TYPES[value.type](value.held)) for name, value in variables]

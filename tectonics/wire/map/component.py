"""Components of the supplementary services (3GPP TS 24.080 section 3.6): invoke, result, error, reject.

They travel in GSUP's element for supplementary service information as they stand in a Facility element of
the air interface.  What an operation's argument means is not told here; see wire/map/ussd.py.

OsmoHLR 1.5 reads short lengths only, so a component for it keeps within SHORT_BYTES_MAX octets altogether.
"""

from dataclasses import dataclass

from tectonics.domain.errors import BadMessage
from tectonics.wire.map import ber

COMPONENT_BYTES_MAX = 255
SHORT_BYTES_MAX = 2 + 127

# Operations of TS 24.080 section 4.5, and of MAP (TS 29.002) with the same numbers.
PROCESS_USS_REQUEST, USS_REQUEST, USS_NOTIFY = 59, 60, 61
# Errors of TS 24.080 section 4.5.
FACILITY_NOT_SUPPORTED, SYSTEM_FAILURE, UNKNOWN_ALPHABET, USSD_BUSY = 21, 34, 71, 72

_INVOKE, _RETURN_RESULT, _RETURN_ERROR, _REJECT = 0xA1, 0xA2, 0xA3, 0xA4
_LINKED = 0x80
_PROBLEMS = (0x80, 0x81, 0x82, 0x83)  # general, invoke, return result, return error


@dataclass(frozen=True, slots=True)
class Invoke:
    """Asks for an operation. `argument`: its BER, empty for none; `linked`: the invoke that it belongs to."""

    id: int
    operation: int
    argument: bytes = b""
    linked: int | None = None


@dataclass(frozen=True, slots=True)
class ReturnResult:
    """The operation was done; without a result it has no operation either (None)."""

    id: int
    operation: int | None = None
    result: bytes = b""


@dataclass(frozen=True, slots=True)
class ReturnError:
    """The operation failed; `parameter`: BER that says more, or empty."""

    id: int
    code: int
    parameter: bytes = b""


@dataclass(frozen=True, slots=True)
class Reject:
    """The component `id` (None: whichever) could not be understood; `problem` is 0x80 general to 0x83."""

    id: int | None
    problem: int
    code: int


Component = Invoke | ReturnResult | ReturnError | Reject


def encode(component: Component) -> bytes:
    """The octets of a component.

    >>> encode(ReturnError(1, SYSTEM_FAILURE)).hex()
    'a306020101020122'
    """
    match component:
        case Invoke(id, operation, argument, None):
            return ber.encode(_INVOKE, _integer(id), _integer(operation), argument)
        case Invoke(id, operation, argument, linked):
            return ber.encode(_INVOKE, _integer(id), _integer(linked, _LINKED), _integer(operation), argument)
        case ReturnResult(id, None):
            return ber.encode(_RETURN_RESULT, _integer(id))
        case ReturnResult(id, operation, result):
            return ber.encode(_RETURN_RESULT, _integer(id), ber.encode(ber.SEQUENCE, _integer(operation), result))
        case ReturnError(id, code, parameter):
            return ber.encode(_RETURN_ERROR, _integer(id), _integer(code), parameter)
        case Reject(id, problem, code):
            which = ber.encode(ber.NULL) if id is None else _integer(id)
            return ber.encode(_REJECT, which, _integer(code, problem))


def _integer(value: int, tag: int = ber.INTEGER) -> bytes:
    return ber.encode(tag, value.to_bytes(1, signed=True))


def decode(data: bytes) -> Component:
    """The one component that `data` holds; BadMessage when it holds none, or more."""
    if len(data) > COMPONENT_BYTES_MAX:
        raise BadMessage("a component is too long")
    elements = ber.read_all(data)
    if len(elements) != 1:
        raise BadMessage(f"{len(elements)} components where one should stand")
    reader = _READERS.get(elements[0].tag)
    if reader is None:
        raise BadMessage(f"component {elements[0].tag:#04x} is not known")
    return reader(_Parts(elements[0].elements))


class _Parts:
    """The elements of a component, taken one after the other."""

    def __init__(self, elements: list[ber.Element]) -> None:
        self._elements = elements[::-1]

    @property
    def next_tag(self) -> int | None:
        return self._elements[-1].tag if self._elements else None

    def take(self, *tags: int) -> ber.Element:
        if self.next_tag not in tags:
            raise BadMessage("a component lacks what its kind demands")
        return self._elements.pop()

    def number(self, *tags: int) -> int:
        contents = self.take(*tags or (ber.INTEGER,)).contents
        if len(contents) != 1:
            raise BadMessage("a number in a component has one octet")
        return int.from_bytes(contents, signed=True)

    def rest(self) -> bytes:
        """What is left, at most one element; written anew, so that its length is definite."""
        left = [ber.encode(element.tag, element.contents) for element in self._elements]
        if len(left) > 1:
            raise BadMessage("a component has too many elements")
        return left[0] if left else b""


def _invoke(parts: _Parts) -> Invoke:
    id = parts.number()
    linked = parts.number(_LINKED) if parts.next_tag == _LINKED else None
    return Invoke(id, parts.number(), parts.rest(), linked)


def _return_result(parts: _Parts) -> ReturnResult:
    id = parts.number()
    if parts.next_tag is None:
        return ReturnResult(id)
    within = _Parts(parts.take(ber.SEQUENCE).elements)
    operation = within.number()
    if parts.rest():
        raise BadMessage("a component has too many elements")
    return ReturnResult(id, operation, within.rest())


def _return_error(parts: _Parts) -> ReturnError:
    return ReturnError(parts.number(), parts.number(), parts.rest())


def _reject(parts: _Parts) -> Reject:
    if parts.next_tag == ber.NULL:
        parts.take(ber.NULL)
        id = None
    else:
        id = parts.number()
    problem = parts.next_tag or 0
    code = parts.number(*_PROBLEMS)
    if parts.rest():
        raise BadMessage("a component has too many elements")
    return Reject(id, problem, code)


_READERS = {_INVOKE: _invoke, _RETURN_RESULT: _return_result, _RETURN_ERROR: _return_error, _REJECT: _reject}

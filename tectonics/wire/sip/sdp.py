"""Session descriptions as who controls a call needs them (RFC 8866, RFC 3264; RFC 3725, section 4).

Two people's descriptions are passed to each other and not understood.  What is touched: the origin, because each of the two
talks to us and must see one session of ours whose version rises; and the number and order of media lines, which may never
shrink or change within a session (RFC 3264, section 8).

    nothing      no media at all: the first offer of flow IV
    black_hole   accepts an offer and sends its media nowhere: 0.0.0.0, inactive
    declined     refuses every medium of an offer
    fitted       an offer put upon the media lines that a session has already; `unfitted` takes its answer back

Bounds: OCTETS_MAX, MEDIA_MAX.
"""

from itertools import pairwise

from msgspec import Struct

from tectonics.wire.sip.text import BadText

TYPE = "application/sdp"
OCTETS_MAX, MEDIA_MAX = 16_384, 32
_PLAIN = ("RTP/AVP", "RTP/AVPF")  # of others an answer would need keys
_KEPT = ("a=rtpmap:", "a=fmtp:", "a=ptime:", "a=mid:")


class Description(Struct, frozen=True):
    """Lines without their ends: those of the session, then those of each medium, which begin with `m=`."""

    session: tuple[str, ...]
    media: tuple[tuple[str, ...], ...] = ()

    def encode(self) -> bytes:
        """The octets."""
        lines = [*self.session, *(line for medium in self.media for line in medium), ""]
        return "\r\n".join(lines).encode("utf-8", "surrogateescape")

    @property
    def kinds(self) -> tuple[str, ...]:
        """audio, video, ... of each medium."""
        return tuple(medium[0][2:].split(" ", 1)[0] for medium in self.media)


class Origin(Struct, frozen=True):
    """Who speaks, in every description of one session of ours."""

    id: int
    host: str

    def line(self, version: int) -> str:
        """The `o=` of a version."""
        kind = "IP6" if ":" in self.host else "IP4"
        return f"o=tectonics {self.id} {version} IN {kind} {self.host}"


def parse_sdp(octets: bytes) -> Description:
    """The description; BadText where it is none."""
    if len(octets) > OCTETS_MAX:
        raise BadText("a session description is too long")
    lines = [line.rstrip("\r") for line in octets.decode("utf-8", "surrogateescape").split("\n")]
    lines = [line for line in lines if line]
    if not lines or lines[0] != "v=0" or any(line[1:2] != "=" for line in lines):
        raise BadText("a session description is not well formed")
    starts = [at for at, line in enumerate(lines) if line.startswith("m=")]
    if len(starts) > MEDIA_MAX or any(len(lines[at].split(" ")) < 4 for at in starts):
        raise BadText("a session description has too many media, or one that is not well formed")
    session = tuple(lines[:starts[0]] if starts else lines)
    if sum(line.startswith("o=") for line in session) != 1:
        raise BadText("a session description has no origin")
    return Description(session, tuple(tuple(lines[begin:end]) for begin, end in pairwise([*starts, len(lines)])))


def nothing(origin: Origin) -> Description:
    """No media; they come later."""
    return Description(("v=0", origin.line(1), "s=-", _nowhere(origin), "t=0 0"))


def black_hole(offer: Description, origin: Origin) -> Description:
    """Accepts what is offered; nothing is sent or heard."""
    head = ("v=0", origin.line(1), "s=-", _nowhere(origin), *_timing(offer))
    return Description(head, tuple(_silent(medium) for medium in offer.media))


def declined(offer: Description, origin: Origin) -> Description:
    """Refuses every medium."""
    head = ("v=0", origin.line(1), "s=-", _nowhere(origin), *_timing(offer))
    return Description(head, tuple((_off(medium),) for medium in offer.media))


def spoken_by(description: Description, origin: Origin, version: int) -> Description:
    """The same as a version of a session of ours."""
    return Description(tuple(origin.line(version) if line.startswith("o=") else line for line in description.session),
                       description.media)


def fitted(offer: Description, kinds: tuple[str, ...]) -> tuple[Description, tuple[int | None, ...]]:
    """The offer upon media lines of those kinds; for each of its lines the one of the offer that stands there."""
    left, places = dict(enumerate(offer.kinds)), []
    for kind in kinds:
        found = next((at for at, one in left.items() if one == kind), None)
        left.pop(found, None)
        places.append(found)
    places += left
    media = tuple(offer.media[at] if at is not None else (f"m={kinds[line]} 0 RTP/AVP 0",) for line, at in enumerate(places))
    return Description(offer.session, media), tuple(places)


def unfitted(answer: Description, places: tuple[int | None, ...], offer: Description) -> Description:
    """The answer to a fitted offer, for who made the offer: a line for each of his."""
    found = {at: answer.media[line] for line, at in enumerate(places) if at is not None and line < len(answer.media)}
    return Description(answer.session, tuple(found.get(at, (_off(medium),)) for at, medium in enumerate(offer.media)))


def _nowhere(origin: Origin) -> str:
    return "c=IN IP6 ::" if ":" in origin.host else "c=IN IP4 0.0.0.0"


def _timing(offer: Description) -> list[str]:
    return [line for line in offer.session if line.startswith("t=")] or ["t=0 0"]


def _silent(medium: tuple[str, ...]) -> tuple[str, ...]:
    what, port, protocol, *formats = medium[0].split(" ")
    if protocol not in _PLAIN or port == "0":
        return (_off(medium),)
    return (" ".join((what, "9", protocol, *formats)), *(line for line in medium if line.startswith(_KEPT)), "a=inactive")


def _off(medium: tuple[str, ...]) -> str:
    what, _, *rest = medium[0].split(" ")
    return " ".join((what, "0", *rest))

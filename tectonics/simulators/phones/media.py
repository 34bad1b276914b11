"""The descriptions that phones give: one audio stream each, to a port of its own; nothing is ever sent there."""

CODECS = "0 8 101"


def offer(host: str, port: int, version: int, direction: str = "sendrecv") -> bytes:
    """An audio stream."""
    return _written(host, version, [f"m=audio {port} RTP/AVP {CODECS}", "a=rtpmap:101 telephone-event/8000", f"a={direction}"])


def answer(offered: bytes, host: str, port: int, version: int) -> bytes:
    """Accepts the first audio stream, in the direction that is left, and no other medium (RFC 3264, section 6)."""
    lines = offered.decode("utf-8", "replace").splitlines()
    media = [line for line in lines if line.startswith("m=")]
    said, taken = [], False
    for one in media:
        kind, old, *rest = one[2:].split(" ")
        if kind == "audio" and old != "0" and not taken:
            taken = True
            said += [f"m=audio {port} RTP/AVP {CODECS}", f"a={_back(lines)}"]
        else:
            said.append(" ".join((f"m={kind} 0", *rest)))
    return _written(host, version, said)


def _back(lines: list[str]) -> str:
    if "a=inactive" in lines or "c=IN IP4 0.0.0.0" in lines:
        return "inactive"
    return "recvonly" if "a=sendonly" in lines else "sendonly" if "a=recvonly" in lines else "sendrecv"


def _written(host: str, version: int, media: list[str]) -> bytes:
    head = ["v=0", f"o=phone 1 {version} IN IP4 {host}", "s=-", f"c=IN IP4 {host}", "t=0 0"]
    return "".join(f"{line}\r\n" for line in (*head, *media)).encode()


def port_of(description: bytes) -> int:
    """Of its audio; 0: none, or it is off."""
    for line in description.decode("utf-8", "replace").splitlines():
        if line.startswith("m=audio "):
            return int(line.split(" ")[1])
    return 0


def direction_of(description: bytes) -> str:
    """Of its audio."""
    lines = description.decode("utf-8", "replace").splitlines()
    return next((line[2:] for line in lines if line in ("a=inactive", "a=sendonly", "a=recvonly")), "sendrecv")


def version_of(description: bytes) -> tuple[str, int]:
    """(session, version) of its origin."""
    origin = next(line for line in description.decode("utf-8", "replace").splitlines() if line.startswith("o="))
    name, session, version, *place = origin[2:].split(" ")
    return " ".join((name, session, *place)), int(version)

"""The octets of a network and its handsets, put together by hand: nothing here shares our codec."""

IDENTITY_REQUEST = bytes.fromhex("0011 fe 0401080107010201030104010501010100")
PING, PONG = bytes.fromhex("0001 fe 00"), bytes.fromhex("0001 fe 01")
# What goes behind our name: a ping, and a message from us to ourselves. Both come back: then we are routed to.
NOTE = bytes.fromhex("0037 ee 05 20 0108 00000000000000f0 3004 00000000 3101 02"
                     "600f 455553452d746563746f6e69637300 610f 455553452d746563746f6e69637300")
GREETED = IDENTITY_REQUEST + PONG + NOTE
IMSI = "001010000000001"

BEGIN, CONTINUE, END = 1, 2, 3
REQUEST, ERROR, RESULT = 0x20, 0x21, 0x22

DIALLED_133 = "a112 020101 02013b 300a 04010f 0405 aad86c3602"  # *133# as invoke 1


def packed(text: str) -> str:
    """ASCII letters and digits as one number of 7 bits each, in hexadecimal; where 7 bits are left, a carriage return."""
    text += "\r" if len(text) % 8 == 7 else ""
    number = sum(ord(letter) << 7 * at for at, letter in enumerate(text))
    return number.to_bytes((7 * len(text) + 7) // 8, "little").hex()


def unpacked(said: bytes) -> str:
    """What was packed so."""
    number = int.from_bytes(said, "little")
    return "".join(chr(number >> 7 * at & 127) for at in range(8 * len(said) // 7)).rstrip("\r")


def dialling(code: str, invoke: int = 1) -> str:
    """The handset's request."""
    said = packed(code)
    size = len(said) // 2
    return f"a1{size + 13:02x} 0201{invoke:02x} 02013b 30{size + 5:02x} 04010f 04{size:02x} {said}"


def asking(text: str, invoke: int = 1) -> str:
    """Our question, as it must arrive at the handset."""
    said = packed(text)
    size = len(said) // 2
    return f"a1{size + 13:02x} 0201{invoke:02x} 02013c 30{size + 5:02x} 04010f 04{size:02x} {said}"


def last_word(text: str, invoke: int = 1) -> str:
    """Our last screen, the result of the handset's `invoke`."""
    said = packed(text)
    size = len(said) // 2
    return f"a2{size + 15:02x} 0201{invoke:02x} 30{size + 10:02x} 02013b 30{size + 5:02x} 04010f 04{size:02x} {said}"


def answered(digit: str, invoke: int = 1) -> str:
    """The handset's answer of one digit to our question `invoke`."""
    return f"a210 0201{invoke:02x} 300b 02013c 3006 04010f 0401 {ord(digit):02x}"


def frame(protocol: int, payload: bytes) -> bytes:
    """A frame of the IPA multiplex."""
    return bytes([len(payload) >> 8, len(payload) & 255, protocol]) + payload


def ss(type: int, state: int, component: str = "", session: int = 7, imsi: str = IMSI, more: str = "") -> bytes:
    """The frame of a PROC_SS message about a session; `component` and `more` elements in hexadecimal."""
    info = bytes.fromhex(component)
    payload = bytes.fromhex(f"05 {type:02x} 0108 {bcd(imsi)} 3004 {session:08x} 3101 {state:02x}")
    if info:
        payload += bytes([0x35, len(info)]) + info
    return frame(0xEE, payload + bytes.fromhex(more))


def bcd(imsi: str) -> str:
    """An IMSI of 15 digits, in hexadecimal."""
    return "".join(f"{high}{low}" for low, high in zip(imsi[::2], imsi[1::2] + "f", strict=True))


def identity(name: str) -> bytes:
    """The answer of a switch or an entity called `name`: unit id, which OsmoHLR insists on, unit name, serial number."""
    told = [(8, b"0/0/0"), (1, name.encode()), (0, name.encode())]
    return frame(0xFE, b"\x05" + b"".join(bytes([0, len(text) + 2, tag]) + text + b"\0" for tag, text in told))


def frames(data: bytes) -> list[tuple[int, str]]:
    """What a stream of whole frames holds: protocol and payload in hexadecimal."""
    found, at = [], 0
    while at < len(data):
        end = at + 3 + data[at] * 256 + data[at + 1]
        found.append((data[at + 2], data[at + 3:end].hex()))
        at = end
    return found

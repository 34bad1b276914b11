"""Septets in octets: the packing of 3GPP TS 23.038 section 6.1.2, for short messages and for USSD.

Eight septets take seven octets, the first septet in the lowest bits of the first octet.  What the septets
mean as letters stands in domain/alphabet.py; here a septet is an octet of its own whose top bit is 0.

USSD (section 6.1.2.3.1) sends no count of septets.  Seven spare bits at the end would read as one more `@`,
so they hold a carriage return; and where a carriage return that is meant ends on an octet's boundary, another
one goes after it.  The reader drops a carriage return that ends on an octet's boundary.
"""

_CR = 0x0D


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """The septets packed; `fill_bits` (0 to 6) zero bits go before the first, as after a user data header.

    >>> pack(b"hello").hex()
    'e8329bfd06'
    """
    packed, bits, held = bytearray(), 0, fill_bits
    for septet in septets:
        bits |= (septet & 0x7F) << held
        held += 7
        if held >= 8:
            packed.append(bits & 0xFF)
            bits >>= 8
            held -= 8
    if held and septets:
        packed.append(bits)
    return bytes(packed)


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """The first `count` septets, or as many as there are.

    >>> unpack(bytes.fromhex("e8329bfd06"), 5)
    b'hello'
    """
    septets, bits, held = bytearray(), 0, -fill_bits
    for octet in octets:
        bits |= octet << held if held >= 0 else octet >> -held
        held += 8
        while held >= 7:
            septets.append(bits & 0x7F)
            bits >>= 7
            held -= 7
    return bytes(septets[:count])


def pack_ussd(septets: bytes) -> bytes:
    """A USSD string: packed, its end padded so that it is read as it was meant."""
    length = len(septets)
    if length % 8 == 7 or (length and length % 8 == 0 and septets[-1] == _CR):
        septets += bytes([_CR])
    return pack(septets)


def unpack_ussd(octets: bytes) -> bytes:
    """The septets of a USSD string, without the padding."""
    septets = unpack(octets, len(octets) * 8 // 7)
    if septets and len(septets) % 8 == 0 and septets[-1] == _CR:
        return septets[:-1]
    return septets

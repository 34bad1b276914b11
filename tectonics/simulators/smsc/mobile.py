"""What a subscriber writes, as a centre delivers it: short or long, in one of the ways of parts, by deliver_sm or data_sm."""

from tectonics.domain.alphabet import choose, encode
from tectonics.wire.data_coding import code
from tectonics.wire.smpp.parts import UDH8, split
from tectonics.wire.smpp.pdus import DataSm, DeliverSm
from tectonics.wire.smpp.tlvs import Tag, Tlv

INTERNATIONAL, E164 = 1, 1


def mobile(text: str, source: str, destination: str, *, way: str = UDH8, alphabet: str = "", data_sm: bool = False,
           reference: int = 1) -> list[DeliverSm | DataSm]:
    """The PDUs of a message, one for each part; `alphabet` empty: the cheapest. ValueError when it lacks a letter."""
    chosen, octets = (alphabet, encode(text, alphabet)) if alphabet else choose(text)
    if octets is None:
        raise ValueError(f"{chosen} has not all of these letters")
    return [_pdu(part.short_message, part.esm_class, part.tlvs, data_sm, source_addr=source, source_addr_npi=E164,
                 source_addr_ton=INTERNATIONAL, destination_addr=destination, data_coding=code(chosen))
            for part in split(octets, chosen, way, reference)]


def _pdu(octets: bytes, esm_class: int, tlvs: tuple[Tlv, ...], data_sm: bool, **fields) -> DeliverSm | DataSm:
    if not data_sm:
        return DeliverSm(short_message=octets, esm_class=esm_class, tlvs=tlvs, **fields)
    payload = (Tlv(Tag.MESSAGE_PAYLOAD, octets),) if octets else ()
    return DataSm(esm_class=esm_class, tlvs=tlvs + payload, **fields)

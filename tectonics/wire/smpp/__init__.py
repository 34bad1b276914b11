"""SMPP 3.4 with the optional parameters of 5.0: bytes in, events out, both ends. No socket, clock or chance here.

    pdus       what an ESME and an SMSC say to each other; fields and tlvs: of what it is made; status: the answers
    codec      one PDU <-> its octets; stream: PDUs out of a stream, with a bound
    session    one connection's order: bind, window, answers, time; esme and smsc: its two ends
    parts      a long text in several messages; reassembly: and back; receipts: what became of a message
"""

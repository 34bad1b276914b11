"""USSD over SMPP: menu sessions with gateways that each speak a dialect. docs/ussd-smpp.md is its manual.

    heard    what a PDU of the gateway means; said: the PDU of a screen. Both pure, both by the dialect
    turns    what a PDU means to the session that it belongs to: new, next, a repetition, too late. Pure
    table    the sessions, with a bound and an age
    pushes   notices and menus that nobody dialled for
    channel  joins them to the binds and to the dialogue
"""

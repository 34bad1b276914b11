"""SIP over UDP and TCP: the transactions of wire/sip on sockets and a clock.

    exchange   who may speak, what is answered here, what the channel is asked
    datagrams  the UDP socket
    lines      TCP connections
"""

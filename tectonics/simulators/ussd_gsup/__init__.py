"""OsmoHLR as its peers meet it, with the switch and the handsets behind it.

    register  whom a code is routed to, sessions and their guard timer, and what goes wrong
    lines     the connections to its GSUP port and to its control port
    handset   one subscriber's session
"""

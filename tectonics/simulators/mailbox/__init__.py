"""A mail server to play with: it keeps what it gets, sends what it is told to, and does both badly when that is ordered.

    faults   what goes wrong
    server   takes mails, as a smarthost or as anybody's server
    sender   sends one, slowly or in part
    control  orders
"""

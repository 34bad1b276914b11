"""SMTP (RFC 5321) without sockets: bytes in, events and bytes out; the e-mail channel and the mailbox simulator share it.

    syntax   commands with their paths and parameters, replies of several lines
    server   one connection that mail comes in by
    client   one connection that one mail goes out by
"""

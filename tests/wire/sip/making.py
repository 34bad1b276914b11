"""Requests as a peer writes them."""

import hashlib
import re

from tectonics.wire.sip.message import Request, parse


def request(method="INVITE", branch="z9hG4bK1", to_tag="", call_id="c1", number=1, more="", body=b"", uri="sip:133@127.0.0.1") -> Request:
    """A request in its usual form."""
    return parse((
        f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5081;branch={branch}\r\nMax-Forwards: 70\r\n"
        f"From: <sip:33600000001@127.0.0.1>;tag=a\r\nTo: <sip:133@127.0.0.1>{';tag=' + to_tag if to_tag else ''}\r\n"
        f"Call-ID: {call_id}\r\nCSeq: {number} {method}\r\nContact: <sip:33600000001@127.0.0.1:5081>\r\n{more}"
        f"Content-Length: {len(body)}\r\n\r\n").encode() + body)


def authorization(challenge, user, password, uri, method="INVITE", count=1, qop="auth", **changes):
    """What a client answers to a challenge, by hashlib alone."""
    told = dict(re.findall(r'(\w+)="?([^",]*)', challenge))
    nonce, realm = told["nonce"], told["realm"]
    algorithm = changes.get("algorithm", told["algorithm"])
    hashed = hashlib.md5 if algorithm == "MD5" else hashlib.sha256

    def digest(*parts):
        return hashed(":".join(parts).encode()).hexdigest()

    told_count = f"{count:08x}"
    response = changes.get("response") or digest(
        digest(user, realm, password), nonce, told_count, "c0ffee", qop, digest(method, uri))
    return (f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{response}", '
            f'algorithm={algorithm}, cnonce="c0ffee", qop={qop}, nc={told_count}')

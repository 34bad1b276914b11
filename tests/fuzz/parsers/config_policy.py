"""A policy as JSON from the API or the CLI: one canonical document that means itself, or BadPolicy."""

import msgspec

from tectonics.config.policy import canonical_document, decode_policy
from tectonics.domain.errors import BadPolicy
from tests.fuzz.contract import sentence

TOKENS = (b'{"currency":"EUR"}', b'"segments":[{"name":"a","tiers":[{"id":"b","amount":"1","fee":"0"}]}]', b'"lending":{',
          b'"recovery":{"own_marks":["TEC-"]}', b'"amount":{"min":"1","max":"5","step":"1"}', b'"fee":{"percent":"10"}',
          b'"fee":{"steps":[{"up_to":"5","fee":"1"}]}', b'"amount":{"percent":10,"step":1,"min":1,"max":9}', b'"JPY"', b"1e300",
          b'"recharges":null', b'"rollout":{"ranges":["33600000000-33600999999"]}', b'"<a>":1', b'"\\u0000"', b'"assigned_only":true',
          b'"skew":"5m"', b'"notices":["granted"]', b"0.1", b"NaN", b'"utc_offset_minutes":60', b"[[[[[[[[[[")


def check(data: bytes) -> None:
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return
    if not isinstance(document, dict):
        return
    try:
        canonical = canonical_document(document)
    except BadPolicy as error:
        sentence(error, 20_000)
        return
    assert canonical_document(canonical) == canonical == msgspec.json.decode(msgspec.json.encode(canonical))
    assert decode_policy(document, 7) == decode_policy(canonical, 7)

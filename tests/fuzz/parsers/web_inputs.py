"""What a request brings: query and JSON object, or TheirFault; written again they are the same.

The bytes are the query and the body.
"""

from io import BytesIO
from types import SimpleNamespace
from urllib.parse import urlencode

import msgspec

from tectonics.domain.errors import TheirFault
from tectonics.oam.web.inputs import QUERY_FIELDS_MAX, json_object, query
from tests.fuzz.contract import sentence

TOKENS = (b"limit=5&", b"after=", b"%C3%A9", b"%ff", b"%zz", b"+", b"&&", b"=", b";", b'{"a":1}', b"1e999", b"[" * 30, b'"\\ud800"',
          b"99999999999999999999", b"null", b"-0.0", b"\xef\xbb\xbf")


def check(data: bytes) -> None:
    request = SimpleNamespace(uri=b"/x?" + data, content=BytesIO(data))
    try:
        params = query(request)
    except TheirFault as error:
        sentence(error)
    else:
        assert len(params) <= QUERY_FIELDS_MAX
        assert query(SimpleNamespace(uri=b"/x?" + urlencode(params).encode())) == params
    try:
        given = json_object(request)
    except TheirFault as error:
        sentence(error)
    else:
        again = SimpleNamespace(content=BytesIO(msgspec.json.encode(given)))
        assert json_object(again) == given

"""What a request brings: the fields of its query, the JSON object of its body; else TheirFault says why."""

from urllib.parse import parse_qsl

from tectonics.domain.errors import BadMessage, TheirFault
from tectonics.oam.web.request import WebRequest
from tectonics.wire import strict_json

QUERY_FIELDS_MAX = 20


def query(request: WebRequest) -> dict[str, str]:
    """The parameters of the query; each may stand there once."""
    raw = request.uri.partition(b"?")[2]
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, strict_parsing=bool(raw),
                          errors="strict", max_num_fields=QUERY_FIELDS_MAX)
    except ValueError:
        raise TheirFault("the query is not of the form name=value&name=value in UTF-8") from None
    params = dict(pairs)
    if len(params) < len(pairs):
        raise TheirFault("a parameter stands in the query twice")
    return params


def json_object(request: WebRequest) -> dict:
    """The JSON object of the body; an empty body is an empty object."""
    body = request.content.read().strip() or b"{}"
    try:
        given = strict_json.decode(body)
    except BadMessage as error:
        raise TheirFault(f"the body is {error}") from None
    if not isinstance(given, dict):
        raise TheirFault("the body must be a JSON object")
    return given

"""The OpenAPI 3.1 document of /api/v1, made from the routes and from the methods' own parameters."""

from collections.abc import Mapping

from tectonics.oam.admin.method import Method
from tectonics.oam.admin.parameters import Parameter
from tectonics.oam.web.api import PREFIX, RECHARGES, ROUTES, Route

_ERRORS = {
    "401": "no valid token", "403": "the role is too small", "404": "there is no such thing",
    "413": "the body is too large", "422": "something in the request is wrong; the sentence says what",
    "500": "an internal error", "503": "too busy, try again",
}
_RECORD = {
    "type": "object", "required": ["id", "type", "msisdn", "time"],
    "properties": {
        "id": {"type": "string", "maxLength": 128, "description": "your own; a repetition is answered DUP"},
        "type": {"type": "string", "enum": ["recharge", "reversal", "balance", "lifecycle"]},
        "msisdn": {"type": "string"}, "amount": {"type": ["string", "number"]},
        "currency": {"type": "string"}, "time": {"type": "string", "format": "date-time"},
        "class": {"type": "string"}, "balance": {"type": ["string", "number"]},
        "node": {"type": "string"}, "ref": {"type": "string"},
    },
}


def document(methods: Mapping[str, Method], version: str) -> dict:
    """The whole document."""
    paths: dict[str, dict] = {}
    for route in ROUTES:
        operation = _operation(route, methods[route.asks])
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = operation
    paths[PREFIX + RECHARGES.path] = {"post": _recharges()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "tectonics", "version": version,
                 "description": "Airtime advance. Money is text with decimals, times are RFC 3339."},
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": {"type": "object", "required": ["error"],
                                  "properties": {"error": {"type": "string"}}}},
        },
        "security": [{"token": []}],
    }


def _operation(route: Route, method: Method) -> dict:
    operation = {"operationId": f"{route.asks}", "summary": method.meaning,
                 "description": f"Needs the role {route.role}.", "responses": _responses()}
    fields = {name: one for name, one in method.takes.items() if name not in route.parts}
    places = [(name, method.takes[name], "path") for name in route.parts]
    if route.method == "GET":
        places += [(name, one, "query") for name, one in fields.items()]
    else:
        operation["requestBody"] = _body(_object(fields), any(one.required for one in fields.values()))
    operation["parameters"] = [_parameter(*place) for place in places]
    return operation


def _recharges() -> dict:
    answer = {"type": "object", "properties": {"result": {"type": "string", "enum": ["OK", "DUP"]},
                                               "id": {"type": "string"}}}
    return {"operationId": "feed", "summary": "a record of the prepaid feed; answered once it is durable",
            "description": f"Needs the role {RECHARGES.role}.", "requestBody": _body(_RECORD, True),
            "responses": _responses(answer)}


def _parameter(name: str, one: Parameter, place: str) -> dict:
    return {"name": name, "in": place, "required": one.required, "description": one.meaning,
            "schema": dict(one.schema)}


def _object(fields: Mapping[str, Parameter]) -> dict:
    return {"type": "object", "additionalProperties": False,
            "required": [name for name, one in fields.items() if one.required],
            "properties": {name: {**one.schema, "description": one.meaning} for name, one in fields.items()}}


def _body(schema: dict, required: bool) -> dict:
    return {"required": required, "content": {"application/json": {"schema": schema}}}


def _responses(schema: dict | None = None) -> dict:
    content = {"application/json": {"schema": schema or {"type": "object"}}}
    good = {"description": "it is done", "content": content}
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"200": good, **{code: {"description": text, "content": error} for code, text in _ERRORS.items()}}

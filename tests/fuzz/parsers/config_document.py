"""YAML: data with its places, or sentences with theirs; the data written as YAML is the same data."""

import yaml

from tectonics.config.document import DEPTH_MAX, Document, parse_document
from tectonics.config.errors import format_error
from tests.fuzz.contract import sentence

TOKENS = (b"a: 1\n", b"- ", b"? ", b": ", b"{a: ", b"[", b"]", b"}", b"&x ", b"*x", b"!!python/name:os.system", b"!<", b"---\n",
          b"...\n", b"%YAML 1.1\n", b"%TAG ! x\n", b"|\n", b">-\n", b"\\ud800", b"\\UFFFFFFFF", b"\xef\xbb\xbf", b"<<: ",
          b"0x1F", b"1_000", b"~", b"null", b"\t", b"#", b"\r", b"'", b'"')


def check(data: bytes) -> None:
    document = parse_document(data, "f.yaml")
    for error in document.errors:
        assert error.line >= 0 and error.column >= 0
        sentence(format_error(error))
    assert all(line >= 1 and column >= 1 for line, column in document.places.values())
    _plain(document.data)
    if not document.errors:
        assert _again(document).data == document.data


def _again(document: Document) -> Document:
    style = '"' if isinstance(document.data, str) else None
    again = parse_document(yaml.safe_dump(document.data, default_style=style).encode(), "f.yaml")
    assert again.errors == []
    return again


def _plain(value: object, depth: int = 0) -> None:
    assert depth <= DEPTH_MAX
    if isinstance(value, dict):
        assert all(isinstance(key, str) for key in value)
    else:
        assert value is None or isinstance(value, bool | int | str | list)
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _plain(inner, depth + 1)

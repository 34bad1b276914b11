"""YAML as plain data that remembers where each key stands.

The events of the YAML parser are put together here without recursion, so that no nesting can
exhaust the stack.  What invites surprises is an error instead: aliases, tags, duplicate keys, more
than one document.  Scalars mean what YAML 1.2's core schema says, with one difference: a number
with a point stays text, because it may be money, and money never becomes a float.

Bounds: 1 MiB a file, 16 levels, both an error.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tectonics.config.errors import ConfigError, dotted

FILE_BYTES_MAX = 1024 * 1024
DEPTH_MAX = 16

_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,17})", re.ASCII)
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None,
          "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NOWHERE = object()  # stands for a key that was wrong
_Path = tuple[str | int, ...]


@dataclass(slots=True)
class Document:
    """What one file says; `places` gives (line, column) of each path, both from 1."""

    file: str
    data: object = None
    places: dict[_Path, tuple[int, int]] = field(default_factory=dict)
    errors: list[ConfigError] = field(default_factory=list)

    def complain(self, path: _Path, text: str) -> None:
        """Adds an error about `path`, at its line or that of the nearest thing around it."""
        known = next((path[:n] for n in range(len(path), -1, -1) if path[:n] in self.places), None)
        line, column = self.places.get(known, (0, 0))
        self.errors.append(ConfigError(self.file, line, column, dotted(path), text))


def read_document(path: Path, file: str = "") -> Document:
    """The file's data; an unreadable file is an error of the document. `file` is its name for people."""
    document = Document(file or str(path))
    try:
        with path.open("rb") as stream:
            raw = stream.read(FILE_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        document.complain((), f"cannot be read: {getattr(error, 'strerror', None) or error}")
        return document
    return parse_document(raw, document.file)


def parse_document(raw: bytes, file: str) -> Document:
    """The data in `raw` and what is wrong with it; no data when it is not YAML."""
    document = Document(file)
    if len(raw) > FILE_BYTES_MAX:
        document.complain((), f"larger than {FILE_BYTES_MAX} bytes")
        return document
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[:error.start].count(b"\n") + 1
        document.errors.append(ConfigError(file, line, 1, "", "not UTF-8 text"))
        return document
    try:
        _Builder(document).build(text)
        return document
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        document.errors.append(ConfigError(file, mark.line + 1 if mark else 0, mark.column + 1 if mark else 0,
                                           "", f"not YAML: {error.problem or error.context}"))
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        document.errors.append(ConfigError(file, 0, 0, "", f"not YAML: {(str(error).splitlines() or ['unreadable'])[0]}"))
    document.data = None  # half a file says nothing about what is missing in it
    return document


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not been seen; `key` is the mapping's pending key."""

    path: _Path
    value: dict | list
    key: object = None
    ignored: bool = False  # its value goes nowhere, because its key was wrong


class _Builder:
    """Puts the parser's events together."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._open: list[_Open] = []
        self._documents = 0

    def build(self, text: str) -> None:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            match event:
                case yaml.DocumentStartEvent():
                    self._documents += 1
                    if self._documents > 1:
                        self._refuse(event, "only one YAML document may stand in the file")
                        return
                case yaml.MappingStartEvent():
                    self._begin(event, {})
                case yaml.SequenceStartEvent():
                    self._begin(event, [])
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self._open.pop()
                case yaml.ScalarEvent():
                    self._scalar(event)
                case yaml.AliasEvent():
                    self._refuse(event, "aliases are not supported; write the value out")
                    self._put(event, None)

    def _refuse(self, event, text: str) -> None:
        path = self._open[-1].path if self._open else ()
        mark = event.start_mark
        self._document.errors.append(ConfigError(
            self._document.file, mark.line + 1, mark.column + 1, dotted(path), text))

    def _begin(self, event, value: dict | list) -> None:
        if len(self._open) >= DEPTH_MAX:
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {DEPTH_MAX} levels",
                                       problem_mark=event.start_mark)
        if event.tag is not None:
            self._refuse(event, "tags are not supported")
        path, ignored = self._put(event, value)
        self._open.append(_Open(path, value, ignored=ignored))

    def _scalar(self, event) -> None:
        if event.tag is not None:
            self._refuse(event, "tags are not supported")
        text = event.value
        if not text.isprintable() and any("\ud800" <= c <= "\udfff" for c in text):
            self._refuse(event, "half a character (a lone surrogate)")
            text = ""
        around = self._open[-1] if self._open else None
        if around is not None and isinstance(around.value, dict) and around.key is None:
            self._key(event, around, text)
        else:
            self._put(event, _plain(text) if event.implicit[0] else text)

    def _key(self, event, around: _Open, text: str) -> None:
        around.key = text
        if text in around.value and not around.ignored:
            line = self._document.places[*around.path, text][0]
            self._refuse(event, f"the key {text[:40]!r} stands here for the second time (first in line {line})")
            around.key = _NOWHERE
        elif not around.ignored:
            mark = event.start_mark
            self._document.places[*around.path, text] = (mark.line + 1, mark.column + 1)

    def _put(self, event, value: object) -> tuple[_Path, bool]:
        """Stores a value where it belongs; its path, and whether it goes nowhere."""
        place = (event.start_mark.line + 1, event.start_mark.column + 1)
        if not self._open:
            self._document.data = value
            self._document.places[()] = place
            return (), False
        around = self._open[-1]
        if isinstance(around.value, list):
            around.value.append(value)
            path = (*around.path, len(around.value) - 1)
            if not around.ignored:
                self._document.places[path] = place
            return path, around.ignored
        if around.key is None:  # a mapping or list used as a key, or an alias
            self._refuse(event, "a key must be text")
            around.key = _NOWHERE
            return around.path, True
        key, around.key = around.key, None
        if key is _NOWHERE:
            return around.path, True
        around.value[key] = value
        return (*around.path, key), around.ignored


def _plain(text: str) -> object:
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INTEGER.fullmatch(text) else text

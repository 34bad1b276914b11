"""How the text of a header is taken apart: what quotes and angle brackets hold together (RFC 3261, section 25.1).

Text is UTF-8; octets that are none survive as they came, because a proxy behind us compares them.
"""

from collections.abc import Iterator

from tectonics.domain.errors import BadMessage

SAFE = "surrogateescape"


class BadText(BadMessage):
    """A header that its grammar does not allow."""


def bare(text: str) -> Iterator[tuple[int, str]]:
    """(place, character) of what stands outside quoted strings. BadText where the last is not closed."""
    inside = escaped = False
    for place, character in enumerate(text):
        if escaped:
            escaped = False
        elif inside:
            escaped, inside = character == "\\", character != '"'
        elif character == '"':
            inside = True
        else:
            yield place, character
    if inside:
        raise BadText("a quote is not closed")


def split(text: str, at: str) -> Iterator[str]:
    """The parts between the separators that stand outside quotes and angle brackets, without blanks around."""
    if '"' not in text and "<" not in text:  # as most are
        yield from map(str.strip, text.split(at))
        return
    begin = depth = 0
    for place, character in bare(text):
        if character == "<":
            depth += 1
        elif character == ">":
            depth = max(0, depth - 1)
        elif character == at and not depth:
            yield text[begin:place].strip()
            begin = place + 1
    if depth:
        raise BadText("an angle bracket is not closed")
    yield text[begin:].strip()


def parameters(texts: Iterator[str] | list[str]) -> dict[str, str]:
    """`name=value` parts; names in small letters, a name alone has the value ""; the first of a name counts."""
    found: dict[str, str] = {}
    for text in texts:
        name, _, value = text.partition("=")
        name = name.strip().lower()
        if name:
            found.setdefault(name, unquoted(value.strip()))
    return found


def unquoted(text: str) -> str:
    """What a quoted string says; other text as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    said, escaped = [], False
    for character in text[1:-1]:
        if character == "\\" and not escaped:
            escaped = True
            continue
        said.append(character)
        escaped = False
    return "".join(said)


def quoted(text: str) -> str:
    """`text` as a quoted string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def shown(values: dict[str, str]) -> str:
    """Parameters as they are written behind a value."""
    return "".join(f";{name}={value}" if value else f";{name}" for name, value in values.items())

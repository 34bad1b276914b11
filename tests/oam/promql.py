"""Which metrics an expression of PromQL asks for, and with which labels; enough of its grammar for what we write."""

import re

TEXT = r'"(?:[^"\\]|\\.)*"'
TOKEN = re.compile(rf'(?P<text>{TEXT})|(?P<range>\[[^\]]*\])|(?P<number>\d[\d.]*(?:ms|[smhdwy])?\b)|(?P<word>[A-Za-z_:][\w:]*)'
                   r'|(?P<sign>=~|!~|!=|==|>=|<=|[-+*/%^<>=(){},])|(?P<space>\s+)')
GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS = {"and", "or", "unless", "offset", "bool"}


def tokens(expression):
    """(kind, text) of each; ValueError where there is something else."""
    at, found = 0, []
    while at < len(expression):
        match = TOKEN.match(expression, at)
        if match is None:
            raise ValueError(f"unreadable at {expression[at:at + 20]!r}")
        if match.lastgroup != "space":
            found.append((match.lastgroup, match.group()))
        at = match.end()
    return found


def asked(expression):
    """(metrics: {name: labels in its braces}, labels named by groupings, functions)."""
    metrics, grouped, functions = {}, set(), set()
    read = [*tokens(expression), ("sign", "")]
    place, at = "", 0
    while at < len(read) - 1:
        (kind, text), (_, following) = read[at], read[at + 1]
        if place == "grouping":
            grouped |= {text} if kind == "word" else set()
            place = "" if text == ")" else place
        elif kind == "word" and text in GROUPING:
            place = "grouping" if following == "(" else ""
        elif kind == "word" and following == "(" or kind == "word" and following in ("by", "without"):
            functions.add(text)
        elif kind == "word" and text not in WORDS:
            labels = set()
            if following == "{":
                end = next(index for index in range(at, len(read)) if read[index][1] == "}")
                labels = {read[index][1] for index in range(at + 2, end) if read[index][0] == "word"}
                at = end
            metrics.setdefault(text, set()).update(labels)
        at += 1
    return metrics, grouped, functions

"""A browser without scripts: one connection for each page, cookies kept, forms sent back as the page made them.

Hidden fields of a form go back unseen, the visitor fills in the rest; a redirect is followed.
Bounds: ANSWER_S for a page, PAGE_MAX octets of it, REDIRECTS_MAX in a row (urllib's own, 10).
"""

from html.parser import HTMLParser
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

from tectonics.domain.errors import TheirFault

ANSWER_S = 15.0
PAGE_MAX = 1 << 20


class PageVisitor:
    """Of the web server at `address`; `status` and `page` are of what he sees now."""

    def __init__(self, address: tuple[str, int]) -> None:
        host, port = address
        self._site = f"http://{host}:{port}"
        self._opener = build_opener(ProxyHandler({}), HTTPCookieProcessor())
        self.status, self.page = 0, ""

    def open(self, path: str) -> str:
        """Goes to a page; its text for people."""
        return self._ask(path, None)

    def submit(self, action: str, **filled: str) -> str:
        """Sends the form of this page that leads to `action`. TheirFault where the page has none."""
        hidden = forms(self.page).get(action)
        if hidden is None:
            raise TheirFault(f"the page has no form that leads to {action}")
        return self._ask(action, urlencode(hidden | filled).encode())

    def _ask(self, path: str, body: bytes | None) -> str:
        try:
            with self._opener.open(self._site + path, body, ANSWER_S) as answer:
                self.status, self.page = answer.status, answer.read(PAGE_MAX).decode()
        except HTTPError as answer:
            with answer:
                self.status, self.page = answer.code, answer.read(PAGE_MAX).decode()
        return words(self.page)


def forms(page: str) -> dict[str, dict[str, str]]:
    """Where each form of the page leads -> its hidden fields."""
    read = _Reader()
    read.feed(page)
    return read.forms


def words(page: str) -> str:
    """What stands in the page's main part, a line for each piece of text."""
    read = _Reader()
    read.feed(page)
    return "\n".join(read.words)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self.words: list[str] = []
        self._form: dict[str, str] | None = None
        self._in_main = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._in_main |= tag == "main"
        if tag == "form":
            self._form = self.forms.setdefault(given.get("action") or "", {})
        elif tag == "input" and given.get("type") == "hidden" and self._form is not None:
            self._form[given.get("name") or ""] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        self._in_main &= tag != "main"
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        if self._in_main and (text := " ".join(data.split())):
            self.words.append(text)

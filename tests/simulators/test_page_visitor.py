"""A browser without scripts, against a server that sets cookies, redirects and refuses."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tectonics.domain.errors import TheirFault
from tectonics.simulators.page_visitor import PageVisitor, forms, words

PAGE = """<header>Bank</header><main><p>Who  are
you?</p><form method=post action="/in"><input type=hidden name=token value="a&amp;b"><input name=who>
</form></main><form action="/out"><input type="hidden" name="x"></form>"""


class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        self._answer(200, PAGE if self.path == "/" else f"<main>{self.headers['Cookie']}</main>", "mark=7; Path=/")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if "who=ann" not in body:
            self._answer(403, "<main>no</main>")
        else:
            self._answer(303, "", f"seen={body.count('token=a%26b')}; Path=/")

    def _answer(self, status, text, cookie=""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        if cookie:
            self.send_header("Set-Cookie", cookie)
        if status == 303:
            self.send_header("Location", "/home")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def visitor():
    server = HTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield PageVisitor(server.server_address)
    server.shutdown()
    server.server_close()
    thread.join()


def test_forms_and_words_of_a_page():
    assert forms(PAGE) == {"/in": {"token": "a&b"}, "/out": {"x": ""}}
    assert words(PAGE) == "Who are you?"


def test_hidden_fields_and_cookies_go_back_and_a_redirect_is_followed(visitor):
    assert visitor.open("/") == "Who are you?"
    assert visitor.submit("/in", who="ann") == "mark=7; seen=1"
    assert visitor.status == 200


def test_what_is_refused_is_a_page_as_well(visitor):
    visitor.open("/")
    assert (visitor.submit("/in", who="bob"), visitor.status) == ("no", 403)


def test_a_form_that_is_not_there_is_not_sent(visitor):
    visitor.open("/")
    with pytest.raises(TheirFault, match="no form that leads to /me/enter"):
        visitor.submit("/me/enter")

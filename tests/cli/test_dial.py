"""The terminal handset against a real HTTP gateway port."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import click
import pytest

from tectonics.cli.dial import host_and_port

N = "33600000001"


@pytest.fixture
def gateway(daemon):
    """A gateway port whose screens follow what was typed; `posts` are (path, text)."""
    posts = []

    screens = {"": "CON Borrow\n1 2.00 EUR", "1": "CON Sure?\n1 yes", "1*1": "END Done."}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True)
            text = form.get("text", [""])[0]
            posts.append((self.path, text))
            status, body = (200, screens[text]) if text in screens else (400, "no such screen")
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    daemon.answers["status"] = {"listeners": [
        {"name": "web", "address": "127.0.0.1:1"},
        {"name": "ussd_http", "address": f"tcp:{server.server_port}:interface=127.0.0.1"}]}
    yield posts
    server.shutdown()
    server.server_close()
    thread.join()


def test_scripted(gateway, type_in):
    result = type_in("dial", N, "*133#", "--inputs", "1,1")
    assert (result.exit_code, result.stderr) == (0, "")
    assert gateway == [("/ussd", ""), ("/ussd", "1"), ("/ussd", "1*1")]
    assert "Borrow" in result.stdout and "Done." in result.stdout and "session ended" in result.stdout


def test_interactive_and_hanging_up(gateway, type_in):
    result = type_in("dial", N, "*133#", input="1\n\n")
    assert result.exit_code == 0 and "Sure?" in result.stdout and "Done." not in result.stdout
    assert gateway[-1][0] == "/ussd/end"


def test_end_of_input_hangs_up(gateway, type_in):
    assert type_in("dial", N, "*133#", input="").exit_code == 0
    assert gateway[-1][0] == "/ussd/end"


def test_inputs_that_nobody_asked_for(gateway, type_in):
    result = type_in("dial", N, "*133#", "--inputs", "1,1,1")
    assert result.exit_code == 1 and "before all inputs" in result.stderr


def test_a_gateway_that_refuses(gateway, type_in):
    result = type_in("dial", N, "*133#", "--inputs", "7")
    assert result.exit_code == 1 and result.stderr == "Error: no such screen\n"


def test_json(gateway, type_in):
    assert '"more": false' in type_in("dial", N, "*133#", "--inputs", "1,1", "--json").stdout


def test_nobody_listens(daemon, type_in):
    daemon.answers["status"] = {"listeners": []}
    assert "no listener ussd_http" in type_in("dial", N, "*133#").stderr
    daemon.answers["status"] = {"listeners": [{"name": "ussd_http", "address": "127.0.0.1:1"}]}
    result = type_in("dial", N, "*133#")
    assert result.exit_code == 1 and "does not answer" in result.stderr


@pytest.mark.parametrize(("address", "expected"), [
    ("127.0.0.1:8081", ("127.0.0.1", 8081)), ("[::1]:8081", ("::1", 8081)), ("0.0.0.0:8081", ("127.0.0.1", 8081)),
    ("tcp:8081", ("127.0.0.1", 8081)), ("tcp:8081:interface=10.0.0.1", ("10.0.0.1", 8081)),
    (r"tcp:8081:interface=\:\:1", ("::1", 8081))])
def test_addresses(address, expected):
    assert host_and_port(address) == expected


def test_an_address_without_a_port():
    with pytest.raises(click.ClickException):
        host_and_port("unix:/x")

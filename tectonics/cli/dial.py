"""A handset in the terminal: dials through the running daemon's own gateway port, as a network would.

It is a real client of `POST /ussd`; the daemon only tells where that listens.  Interactive, an empty input or
the end of standard input hangs up; scripted, `--inputs` are typed one after another and what remains is an error.
"""

import re
import sys
from collections.abc import Iterator

import click

from tectonics.cli import show
from tectonics.cli.session import Session, with_session

GATEWAY = "ussd_http"
STEPS_MAX = 100  # no menu is deeper; guards a script against a screen that never ends


@click.command()
@click.argument("msisdn")
@click.argument("code")
@click.option("--inputs", metavar="A,B,...", help="What to type, screen by screen; else you are asked.")
@with_session
def dial(session: Session, msisdn: str, code: str, inputs: str | None) -> None:
    """Dial CODE as MSISDN, and answer the screens.

    Example: tectonics dial 33600000001 '*133#' --inputs 1,1
    """
    from tectonics.daemon.handset import BlockingGateway

    host, port = gateway_address(session.call("status"))
    typed = iter(inputs.split(",")) if inputs is not None else None
    gateway = BlockingGateway(host, port)
    try:
        _converse(gateway, session.as_json, msisdn, code, typed)
    except OSError as error:
        raise click.ClickException(f"the gateway port {host}:{port} does not answer: {error}.") from error


def gateway_address(status: dict) -> tuple[str, int]:
    """Host and port of the gateway listener that `status` names."""
    for listener in status.get("listeners", ()):
        if listener.get("name") == GATEWAY:
            address = str(listener.get("address", ""))
            plain = re.fullmatch(r"(?:tcp:)?(?:\[?([^\[\]=]+?)\]?:)?(\d+)", address)
            endpoint = re.fullmatch(r"tcp:(\d+)(?::interface=(.+))?", address)
            if endpoint:
                return (endpoint[2] or "127.0.0.1").replace("\\", ""), int(endpoint[1])
            if plain:
                return plain[1] or "127.0.0.1", int(plain[2])
    raise click.ClickException(f"the daemon has no listener {GATEWAY}; see channels.{GATEWAY} in its settings.")


def _converse(gateway, as_json: bool, msisdn: str, code: str, typed: Iterator[str] | None) -> None:
    more, text = gateway.dial(msisdn, code)
    _show_screen(as_json, more, text)
    for _ in range(STEPS_MAX):
        if not more:
            break
        answer = _next_input(typed)
        if not answer:
            return
        more, text = gateway.send(answer)
        _show_screen(as_json, more, text)
    if typed is not None and next(typed, None) is not None:
        raise click.ClickException("the session ended before all inputs were typed.")


def _next_input(typed: Iterator[str] | None) -> str:
    if typed is not None:
        return next(typed, "")
    try:
        return click.prompt("answer (empty hangs up)", default="", show_default=False, err=not sys.stdout.isatty())
    except click.Abort:
        return ""


def _show_screen(as_json: bool, more: bool, text: str) -> None:
    if as_json:
        show.json_text({"more": more, "text": text})
        return
    from rich.panel import Panel
    from rich.text import Text

    shown = "\n".join(show.plain(line) for line in text.split("\n"))
    show.console().print(Panel.fit(Text(shown), subtitle=None if more else "session ended", padding=(0, 2)))

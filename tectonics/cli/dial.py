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
SCREEN_COLUMNS = 32  # longer lines are wrapped, as a telephone does
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
    from tectonics.daemon.handset import BlockingGateway, GatewayFault

    listener = gateway_listener(session.call("status"))
    host, port = host_and_port(listener["address"])
    gateway = BlockingGateway(host, port, listener.get("mode", "cumulative"), listener.get("step_field", ""))
    typed = iter(inputs.split(",")) if inputs is not None else None
    try:
        _converse(gateway, session.as_json, msisdn, code, typed)
    except GatewayFault as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"the gateway port {host}:{port} does not answer: {error}.") from error
    finally:
        gateway.close()


def gateway_listener(status: dict) -> dict:
    """The gateway listener that `status` names."""
    found = next((one for one in status["listeners"] if one["name"] == GATEWAY), None)
    if found is None:
        raise click.ClickException(f"the daemon has no listener {GATEWAY}; see channels.{GATEWAY} in its settings.")
    return found


def host_and_port(address: str) -> tuple[str, int]:
    """Where to connect to for `127.0.0.1:8081`, `[::1]:8081`, or an endpoint `tcp:8081:interface=127.0.0.1`.

    >>> host_and_port("tcp:8081:interface=127.0.0.1")
    ('127.0.0.1', 8081)
    """
    if endpoint := re.fullmatch(r"tcp:(?:port=)?(\d+)(?::interface=(.+))?", address):
        host, port = (endpoint[2] or "").replace("\\", ""), endpoint[1]
    elif plain := re.fullmatch(r"\[?([^\[\]]*)\]?:(\d+)", address):
        host, port = plain[1], plain[2]
    else:
        raise click.ClickException(f"the daemon names no address to dial at ({address}).")
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), int(port)


def _converse(gateway, as_json: bool, msisdn: str, code: str, typed: Iterator[str] | None) -> None:
    more, text = gateway.dial(msisdn, code)
    _show_screen(as_json, more, text)
    for _ in range(STEPS_MAX):
        if not more:
            break
        answer = _next_input(typed)
        if not answer:
            gateway.end()
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
    subtitle = None if more else "session ended"
    show.console().print(Panel(Text(shown), subtitle=subtitle, subtitle_align="left", padding=(0, 2),
                               width=SCREEN_COLUMNS + 6))

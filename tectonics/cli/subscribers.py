"""Subscribers: what is known of one, and what an operator may change (the import: cli/importing.py)."""

import click

from tectonics.cli.importing import import_subscribers
from tectonics.cli.session import Session, with_session


@click.group()
def subscribers() -> None:
    """Look at subscribers, bar them, put them on lists, import them."""


subscribers.add_command(import_subscribers)


@subscribers.command("show")
@click.argument("msisdn")
@with_session
def show_subscriber(session: Session, msisdn: str) -> None:
    """Show profile, rules' figures, advances and recoveries of MSISDN.

    Example: tectonics subscribers show 33600000001
    """
    session.show("subscribers.show", msisdn=msisdn)


@subscribers.command()
@click.argument("msisdn")
@click.option("--text", required=True, help="Why; it stands in the ticket.")
@with_session
def bar(session: Session, msisdn: str, text: str) -> None:
    """Bar MSISDN from borrowing, until unbarred.

    Example: tectonics subscribers bar 33600000001 --text "suspected fraud"
    """
    session.do("subscribers.bar", msisdn=msisdn, text=text)


@subscribers.command()
@click.argument("msisdn")
@with_session
def unbar(session: Session, msisdn: str) -> None:
    """Let MSISDN borrow again.

    Example: tectonics subscribers unbar 33600000001
    """
    session.do("subscribers.unbar", msisdn=msisdn)


@subscribers.command()
@click.argument("msisdn")
@with_session
def allow(session: Session, msisdn: str) -> None:
    """Put MSISDN on the white list.

    Example: tectonics subscribers allow 33600000001
    """
    session.do("subscribers.allow", msisdn=msisdn)


@subscribers.command()
@click.argument("msisdn")
@with_session
def deny(session: Session, msisdn: str) -> None:
    """Put MSISDN on the black list.

    Example: tectonics subscribers deny 33600000001
    """
    session.do("subscribers.deny", msisdn=msisdn)


@subscribers.command()
@click.argument("msisdn")
@with_session
def unlist(session: Session, msisdn: str) -> None:
    """Take MSISDN off both lists.

    Example: tectonics subscribers unlist 33600000001
    """
    session.do("subscribers.unlist", msisdn=msisdn)


@subscribers.command()
@click.argument("msisdn")
@click.argument("segment")
@with_session
def segment(session: Session, msisdn: str, segment: str) -> None:
    """Assign MSISDN to SEGMENT; "" leaves it to tenure and recharges again.

    Example: tectonics subscribers segment 33600000001 gold
    """
    session.do("subscribers.segment", msisdn=msisdn, segment=segment)


@subscribers.command()
@click.argument("msisdn")
@click.argument("language")
@with_session
def language(session: Session, msisdn: str, language: str) -> None:
    """Speak LANGUAGE with MSISDN; "" is the default language.

    Example: tectonics subscribers language 33600000001 fr
    """
    session.do("subscribers.language", msisdn=msisdn, language=language)


@subscribers.command()
@click.argument("msisdn")
@click.argument("address")
@click.option("--pin", prompt=True, prompt_required=False, hide_input=True, default="",
              help="A PIN of 6 to 12 digits that proves a mail; without a value it is asked for.")
@click.option("--remove", is_flag=True, help="Remove the address.")
@with_session
def mail(session: Session, msisdn: str, address: str, pin: str, remove: bool) -> None:
    """Let the e-mail ADDRESS speak for MSISDN, or change its PIN.

    Example: tectonics subscribers mail 33600000001 ann@example.com --pin
    """
    if remove:
        session.do("subscribers.unmail", msisdn=msisdn, address=address)
    else:
        session.do("subscribers.mail", msisdn=msisdn, address=address, **({"pin": pin} if pin else {}))


@subscribers.command()
@click.argument("msisdn")
@click.argument("value", metavar="on|off", type=click.Choice(("on", "off")))
@with_session
def callback(session: Session, msisdn: str, value: str) -> None:
    """Subscribe MSISDN to call-backs, or end that.

    Example: tectonics subscribers callback 33600000001 on
    """
    session.do("subscribers.callback", msisdn=msisdn, value=value)


@subscribers.command()
@click.argument("msisdn")
@click.argument("value", metavar="refuse|allow", type=click.Choice(("refuse", "allow")))
@with_session
def collect(session: Session, msisdn: str, value: str) -> None:
    """Refuse collect calls for MSISDN, or allow them again, as he wishes.

    Example: tectonics subscribers collect 33600000001 refuse
    """
    session.do("subscribers.collect", msisdn=msisdn, value=value)


@subscribers.command()
@click.argument("msisdn")
@click.argument("value", metavar="stop|start", type=click.Choice(("stop", "start")))
@with_session
def adverts(session: Session, msisdn: str, value: str) -> None:
    """Stop advertising to MSISDN, or start it again, as he wishes.

    Example: tectonics subscribers adverts 33600000001 stop
    """
    session.do("subscribers.adverts", msisdn=msisdn, value=value)


@subscribers.command()
@click.argument("msisdn")
@click.confirmation_option(prompt="The number will count as given to somebody else. Go on?")
@with_session
def forget(session: Session, msisdn: str) -> None:
    """Begin anew with MSISDN: whoever has the number now inherits nothing.

    Example: tectonics subscribers forget 33600000001 --yes
    """
    session.do("subscribers.forget", msisdn=msisdn)

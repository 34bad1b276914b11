"""Money on the embedded billing (recharge, spend, billing balance, billing faults) and unknown outcomes (reconcile)."""

import click

from tectonics.cli import show
from tectonics.cli.session import Session, with_session

COUNT_MAX = 1_000_000


@click.command()
@click.argument("msisdn")
@click.argument("amount")
@click.option("--id", "recharge_id", help="The recharge's own id; the same id again moves nothing.")
@with_session
def recharge(session: Session, msisdn: str, amount: str, recharge_id: str | None) -> None:
    """Recharge MSISDN by AMOUNT on the embedded billing.

    Example: tectonics recharge 33600000001 5.00
    """
    session.do("recharge", msisdn=msisdn, amount=amount, id=recharge_id)


@click.command()
@click.argument("msisdn")
@click.argument("amount")
@with_session
def spend(session: Session, msisdn: str, amount: str) -> None:
    """Let MSISDN use up AMOUNT on the embedded billing, as calls would.

    Example: tectonics spend 33600000001 0.80
    """
    session.do("billing.spend", msisdn=msisdn, amount=amount)


@click.group()
def billing() -> None:
    """Look at the billing; make the embedded one misbehave."""


@billing.command()
@click.argument("msisdn")
@with_session
def balance(session: Session, msisdn: str) -> None:
    """Show what is available to MSISDN, and what calls hold.

    Example: tectonics billing balance 33600000001
    """
    session.show("billing.balance", msisdn=msisdn)


@billing.command()
@click.option("--delay", "delay_s", type=click.FloatRange(0, 3600), metavar="S", help="Answer after S seconds.")
@click.option("--refuse", type=click.IntRange(0, COUNT_MAX), metavar="N", help="Refuse the next N writes.")
@click.option("--lose-answers", type=click.IntRange(0, COUNT_MAX), metavar="N",
              help="Do the next N writes, and lose the answers.")
@click.option("--lose-requests", type=click.IntRange(0, COUNT_MAX), metavar="N",
              help="Lose the next N writes before they are done.")
@with_session
def faults(session: Session, **faults: float | None) -> None:
    """Show the faults of the embedded billing, or set those that are named (0 ends one).

    Example: tectonics billing faults --lose-answers 1
    """
    session.show("billing.faults", **faults)


@click.command()
@click.argument("op", required=False)
@click.option("--list", "only_list", is_flag=True, help="List what is unknown; ask nobody.")
@click.option("--done/--not-done", "done", default=None, help="What became of OP, as somebody found out.")
@click.option("--text", help="How you know; it stands in the ticket.")
@with_session
def reconcile(session: Session, op: str | None, only_list: bool, done: bool | None, text: str | None) -> None:
    """Clear up money operations whose outcome is unknown.

    Without OP, ask the billing system about each of them now. With OP, say what became of that one.

    Example: tectonics reconcile TEC-01KAMZ5Y3K --done --text "seen in the billing's own log"
    """
    if op is None:
        if done is not None or text is not None:
            raise click.UsageError("--done, --not-done and --text need OP, the operation they speak of.")
        session.show("reconcile.list" if only_list else "reconcile.run", view=_view_operations)
    elif done is None or not text or only_list:
        raise click.UsageError("with OP say --done or --not-done, and --text that tells how you know.")
    else:
        session.do("reconcile.resolve", op=op, outcome="done" if done else "not_done", text=text)


def _view_operations(answer: dict) -> None:
    for records in answer.values():
        if records:
            show.table(records)
        else:
            click.echo("no operation is unknown")

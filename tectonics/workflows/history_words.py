"""The newest movements of an account, a line each, in his language: for a menu that turns pages, or one message.

A message holds its title and as many whole lines as fit, the newest first; what is older he sees on his pages.
"""

from collections.abc import Sequence

from tectonics.domain.screens import Style
from tectonics.domain.self_care import Movement
from tectonics.domain.text import fits
from tectonics.workflows.decision import Context


def title(language: str, context: Context) -> str:
    """What stands above the lines."""
    return context.catalogue.text("history.title", language, currency=context.policy.currency)


def lines(movements: Sequence[Movement], language: str, context: Context) -> list[str]:
    """A line of each; one sentence where there is none."""
    if not movements:
        return [context.catalogue.text("history.none", language)]
    return [_line(one, language, context) for one in movements]


def message(movements: Sequence[Movement], language: str, context: Context, style: Style) -> str:
    """What one message holds of them; the first line stands there in any case."""
    first, *rest = lines(movements, language, context)
    text = f"{title(language, context)}\n{first}" if movements else first
    for line in rest:
        if not fits(f"{text}\n{line}", style):
            break
        text = f"{text}\n{line}"
    return text


def _line(one: Movement, language: str, context: Context) -> str:
    fee = {"fee": context.money(one.fee_minor)} if one.kind == "advance" else {}
    return context.catalogue.text(f"history.{one.kind}", language, date=context.date(one.at),
                                  amount=context.money(one.amount_minor), **fee)

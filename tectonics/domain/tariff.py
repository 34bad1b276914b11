"""What a call costs: a destination by the longest prefix, time counted in increments, money to the minor unit.

The first `first_s` of a conversation are charged whole, then each begun `then_s`; a minute's price is spread over the
seconds charged and rounded half up once, over the whole conversation.  So the price never falls when somebody talks on,
and what was held for so many seconds always covers them.  Who was never connected pays nothing, not even the set-up.
"""

from tectonics.domain.call import Rate
from tectonics.domain.value import value


@value
class Destination:
    """Numbers that cost the same, by how their E.164 digits begin."""

    name: str
    prefixes: tuple[str, ...]
    rate: Rate
    high_cost: bool = False


def destination_of(digits: str, destinations: tuple[Destination, ...]) -> Destination | None:
    """The destination with the longest prefix of `digits`; None: nobody may call there."""
    found, longest = None, -1
    for destination in destinations:
        for prefix in destination.prefixes:
            if len(prefix) > longest and digits.startswith(prefix):
                found, longest = destination, len(prefix)
    return found


def seconds(duration_ms: int) -> int:
    """Begun seconds; none of a duration that is not one."""
    return max(0, -(-duration_ms // 1000))


def charged_s(rate: Rate, talked_s: int) -> int:
    """The seconds that are charged for `talked_s`."""
    if talked_s <= 0:
        return 0
    more_s = max(0, talked_s - rate.first_s)
    return rate.first_s + -(-more_s // rate.then_s) * rate.then_s


def price_minor(rate: Rate, talked_s: int) -> int:
    """What `talked_s` seconds cost."""
    if talked_s <= 0:
        return 0
    return rate.setup_minor + (rate.minute_minor * charged_s(rate, talked_s) + 30) // 60


def is_free(rate: Rate) -> bool:
    """Whether it costs nothing however long."""
    return not (rate.setup_minor or rate.minute_minor)


def affordable_s(rate: Rate, amount_minor: int, most_s: int) -> int:
    """How long one can talk for `amount_minor`, at most `most_s`; found by halving, because the price never falls."""
    enough, short = 0, most_s + 1
    while short - enough > 1:
        middle = (enough + short) // 2
        enough, short = (middle, short) if price_minor(rate, middle) <= amount_minor else (enough, middle)
    return enough

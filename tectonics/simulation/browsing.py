"""What of self-care there is in a world: people with browsers, how their network behaves, and limits that are near in some.

Drawn from a generator of its own, so that a seed that has none of it is the day that it always was.  Who signs in reads a code
in a message, so only seeds have it in which messages reach people.
"""

import random
from dataclasses import dataclass

SHARE = 0.4  # of the seeds in which people read messages
WEB_PORT = 8080


@dataclass(frozen=True)
class Browsing:
    """Of one plan. Without `visitors` there is none."""

    visitors: float = 0.0  # share of people who have a browser
    doubled: float = 0.0  # share of the forms that are sent twice at once
    answer_lost: float = 0.0  # the connection is dropped behind a form: nobody sees the answer
    late: float = 0.0  # a form is sent again, minutes later
    idle_s: int = 900
    codes_per_hour: int = 60
    guesses_per_hour: int = 120
    per_minute: int = 300

    def __bool__(self) -> bool:
        return self.visitors > 0

    def settings(self) -> dict[str, object]:
        """Of every node."""
        if not self:
            return {}
        section = {"idle_s": self.idle_s, "codes_per_hour": self.codes_per_hour, "guesses_per_hour": self.guesses_per_hour,
                   "per_minute": self.per_minute}
        return {"web.endpoint": f"tcp:{WEB_PORT}"} | {f"web.self_care.{key}": value for key, value in section.items()}


NO_PAGES = Browsing()


def draw_browsing(chance: random.Random, told: bool, faulty: bool) -> Browsing:
    """Of a seed; most have none, and none has it in which no message reaches anybody."""
    has = chance.random() < SHARE
    shares = [chance.choice((0.0, 0.05, 0.2)) * faulty for _ in range(3)]
    visitors, idle_s = chance.choice((0.3, 0.6)), chance.choice((60, 900))
    limits = chance.choice(((60, 120, 300), (1000, 1000, 300), (1000, 1000, 3)))
    return Browsing(visitors, *shares, idle_s, *limits) if has and told else NO_PAGES

"""`tectonics` with a clock that is an hour ahead: `an_hour_later.py ARGUMENTS OF tectonics`.

The life that starts so finds that the hour is over: it closes the ticket files of the hour before.
"""

import sys
import time

HOUR_S = 3600.0


def main() -> None:
    """See above."""
    now = time.time
    time.time = lambda: now() + HOUR_S
    from tectonics.cli import main as command_line

    sys.argv[0] = "tectonics"
    command_line()


if __name__ == "__main__":
    main()

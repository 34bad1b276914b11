"""Tells low balances over the feed, of one subscriber after the other, so many under way at a time, until all are told.

Its argument is a JSON object: the feed's address, how many subscribers there are, how many may be under way.
"""

import json
import socket
import sys
import time

from people import FIRST_MSISDN

from tectonics.domain.ticket import rfc3339

RECORD = '{"id":"L%d","type":"balance","msisdn":"%d","balance":"0.10","currency":"EUR","time":"%s"}\n'


def main(plan: dict) -> None:
    """One connection; those with odd numbers, whom nobody else uses."""
    now, number, waiting = rfc3339(int(time.time() * 1000)), 0, 0
    with socket.create_connection(tuple(plan["feed"])) as connection:
        while number < plan["subscribers"] // 2:
            batch = plan["under_way"] - waiting
            lines = "".join(RECORD % (n, FIRST_MSISDN + 2 * n + 1, now) for n in range(number, number + batch))
            connection.sendall(lines.encode())
            number, waiting = number + batch, waiting + batch
            waiting -= connection.recv(1 << 16).count(b"\n")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))

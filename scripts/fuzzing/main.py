"""scripts/fuzz: hunts for each parser in turn, keeps what is new, and says what it found.

The exit code is 1 when an input broke a contract; it then stands in the corpus, where the tests find it too.
"""

import argparse
import sys
import traceback

from hunting import guided, is_guided, unguided
from keeping import keep, keep_breaking

from tests.fuzz.entries import entries
from tests.fuzz.parsers import load, names


def main() -> int:
    """Hunts; 0 when every contract held."""
    asked = _asked()
    if not is_guided():
        print("atheris is not installed (.venv/bin/pip install 'atheris>=3,<4'): hypothesis hunts without a guide")
    broken = [parser for parser in asked.parser or names() if not _hunt(parser, asked.seconds, asked.seed)]
    print(f"broken: {', '.join(broken)}" if broken else "every contract held")
    return 1 if broken else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description="Fuzzes the parsers (docs/testing.md).")
    parser.add_argument("--parser", action="append", choices=names(), metavar="P",
                        help=f"only this one, as often as needed: {', '.join(names())}")
    parser.add_argument("--seconds", type=int, default=60, metavar="S", help="for each parser (60)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the first inputs (1)")
    return parser.parse_args()


def _hunt(parser: str, seconds: int, seed: int) -> bool:
    found = (guided if is_guided() else unguided)(parser, seconds, seed)
    if found.breaking is not None:
        name, small = keep_breaking(parser, found.breaking)
        print(f"{parser}: BROKEN by {small!r}" + (f", kept as {name}" if name else ""))
        _show(parser, small)
        return False
    new = keep(parser, found.inputs)
    print(f"{parser}: {found.runs} runs, {len(new)} new of {len(entries(parser))} entries", flush=True)
    return True


def _show(parser: str, data: bytes) -> None:
    try:
        load(parser).check(data)
    except Exception:  # noqa: BLE001 whatever it raises is shown
        traceback.print_exc(file=sys.stdout)


if __name__ == "__main__":
    sys.exit(main())

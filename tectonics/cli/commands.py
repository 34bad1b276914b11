"""The tree of commands."""

from pathlib import Path

import click

from tectonics import __version__
from tectonics.cli.advances import advances
from tectonics.cli.alarms import alarms
from tectonics.cli.billing import billing, recharge, reconcile, spend
from tectonics.cli.callbacks import callback, callbacks
from tectonics.cli.daemon import check_config, ledger, run
from tectonics.cli.database import db
from tectonics.cli.dial import dial
from tectonics.cli.log import log
from tectonics.cli.messages import messages
from tectonics.cli.policy import policy
from tectonics.cli.session import STATE_HELP
from tectonics.cli.simulate import simulate
from tectonics.cli.status import status
from tectonics.cli.subscribers import subscribers
from tectonics.cli.tickets import tickets
from tectonics.cli.top import top


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              envvar="TECTONICS_STATE", help=STATE_HELP)
def tectonics(state: Path | None) -> None:
    """Airtime advance for prepaid subscribers: the daemon, and what one does with the running one.

    Exit codes: 0 fine, 1 the thing asked for failed, 2 wrong usage or configuration.
    """


for command in (run, check_config, ledger, status, top, db, subscribers, advances, callback, callbacks, recharge, spend,
                billing, reconcile,
                policy, alarms, tickets, dial, messages, log, simulate):
    tectonics.add_command(command)

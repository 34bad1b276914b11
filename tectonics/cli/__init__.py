"""The command line: `tectonics run` becomes the daemon, every other command talks to the running one.

One file a topic, each a few click commands: ask the daemon over the control socket (connection.py), show what
it answers (show.py).  Nothing is decided here; rules, checks and audit are the daemon's.  What a command needs
beyond that (configuration, export, a handset) it imports when it runs, so that the others start fast.

Exit codes: 0 fine, 1 the thing asked for failed, 2 wrong usage or configuration.
"""


def main() -> None:
    """The console script."""
    from tectonics.cli.commands import tectonics

    tectonics(prog_name="tectonics")

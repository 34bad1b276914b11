"""A real Postfix (Debian package postfix) with a configuration, a queue and ports of its own, without a system around it.

It runs in the foreground under its master's id, on loopback: mail to `vas.test` goes to the daemon, mail to `people.test` to a
mailbox of ours; it signs nothing and checks nothing.
"""

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from functools import partial
from pathlib import Path

from tests.integration import clients

WAIT_S = 30  # a queue manager has pauses of its own
until = partial(clients.until, within_s=WAIT_S)
CONFIGURATION = """\
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
config_directory = {root}/etc
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
maillog_file = /dev/stdout
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.test
mydestination =
local_recipient_maps =
alias_maps =
mynetworks = 127.0.0.0/8
relay_domains = vas.test people.test
transport_maps = inline:{{ vas.test=smtp:[127.0.0.1]:{daemon} people.test=smtp:[127.0.0.1]:{people} }}
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_host_lookup = native
message_size_limit = 62914560
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
smtp_connect_timeout = 2s
default_destination_concurrency_failed_cohort_limit = 100
smtp_tls_security_level = may
"""
SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def free_port():
    """Below the ports that connections are given, so that none of theirs takes it before Postfix does."""
    while True:
        with socket.socket() as there:
            port = random.randrange(20_000, 30_000)
            if there.connect_ex(("127.0.0.1", port)):
                return port


class Postfix:
    """Relays once it is started; `people` is the port of the mailbox, `daemon` the daemon's."""

    def __init__(self, daemon, people):
        self.root = Path(tempfile.mkdtemp(prefix="postfix-"))
        self.port, self.process = free_port(), None
        self.root.chmod(0o755)
        for name in ("etc", "queue", "data"):
            (self.root / name).mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.root / "data", "postfix")
        self.configure(daemon, people)

    def configure(self, daemon, people):
        (self.root / "etc/main.cf").write_text(CONFIGURATION.format(root=self.root, daemon=daemon, people=people))
        (self.root / "etc/master.cf").write_text(SERVICES.format(port=self.port))

    def start(self):
        self.log = (self.root / "log").open("ab")
        self.process = subprocess.Popen(["/usr/sbin/postfix", "-c", str(self.root / "etc"), "start-fg"], stdout=self.log,
                                        stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        until(self.is_up, lambda: f"Postfix does not come up: {self.said()}")
        return self

    def is_up(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as there:
                return there.recv(100).startswith(b"220")
        except OSError:
            return False

    def said(self):
        return (self.root / "log").read_text(errors="replace")

    def waiting(self):
        """How many mails are in its queue."""
        return sum(len(list((self.root / "queue" / name).rglob("[0-9A-F]*[0-9A-F]"))) for name in ("incoming", "active", "deferred"))

    def stop(self):
        """Its master has a process group of its own, and tells its id in a file."""
        if self.process is None:
            return
        told = self.root / "queue/pid/master.pid"
        if self.process.poll() is None and told.exists():
            os.kill(int(told.read_text()), signal.SIGTERM)
        try:
            self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        self.log.close()

    def close(self):
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)

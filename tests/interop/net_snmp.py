"""net-snmp's tools (Debian packages snmp, snmptrapd, smitools), with the base modules of the npm package net-snmp."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.integration.clients import until

ROOT = Path(__file__).parents[2]
MODULES = f"{ROOT / 'mibs'}:{ROOT / 'var/interop/node_modules/net-snmp/lib/mibs'}"
ENGINE_ID = "80001f88050102030405060708"
AUTHENTICATION, PRIVACY = "authentication phrase", "privacy phrase"
WAIT_S = 20
RECEIVER = """\
snmpTrapdAddr udp:127.0.0.1:{port}
createUser -e 0x{engine} noc SHA-256 "{authentication}" AES "{privacy}"
createUser noc SHA-256 "{authentication}" AES "{privacy}"
authUser log noc priv
authCommunity log traps
format2 %V|%v\\n
outputOption n
"""


def v3(user="noc", authentication=AUTHENTICATION, privacy=PRIVACY, level="authPriv"):
    """The arguments of a user."""
    return ("-v3", "-l", level, "-u", user, "-a", "SHA-256", "-A", authentication, "-x", "AES", "-X", privacy)


V2C = ("-v2c", "-c", "public")


class Manager:
    """Asks the agent at `port` with net-snmp's commands; what they keep is thrown away with it."""

    def __init__(self, port):
        self.port, self.kept = port, Path(tempfile.mkdtemp(prefix="snmp-"))

    def run(self, tool, who, *arguments, options=()):
        """(exit code, standard output, standard error)."""
        done = subprocess.run([tool, *options, "-M", MODULES, "-m", "TECTONICS-MIB", *who, "-t", "5", "-r", "1", f"127.0.0.1:{self.port}",
                               *arguments], capture_output=True, text=True, env={**os.environ, "SNMP_PERSISTENT_DIR": str(self.kept)},
                              check=False)
        return done.returncode, done.stdout, done.stderr

    def ask(self, tool, who, *arguments, options=()):
        """The lines of its answer."""
        code, said, wrong = self.run(tool, who, *arguments, options=options)
        assert code == 0, (said, wrong)
        return said.splitlines()

    def get(self, name, who=V2C):
        """The value of one object, as a person reads it without its type."""
        line, = self.ask("snmpget", who, name, options=("-Oqv",))
        return line

    def close(self):
        shutil.rmtree(self.kept, ignore_errors=True)


class Receiver:
    """snmptrapd, and the notifications that it wrote down: those of its users and communities."""

    def __init__(self, port):
        self.kept, self.port = Path(tempfile.mkdtemp(prefix="trapd-")), port
        settings = self.kept / "snmptrapd.conf"
        settings.write_text(RECEIVER.format(port=port, engine=ENGINE_ID, authentication=AUTHENTICATION, privacy=PRIVACY))
        self.log = self.kept / "log"
        self.settings, self.process = settings, None

    def start(self):
        self.process = subprocess.Popen(["snmptrapd", "-f", "-Lf", str(self.log), "-C", "-c", str(self.settings), "-On", "-m", ""],
                                        env={**os.environ, "SNMP_PERSISTENT_DIR": str(self.kept / "state")},
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: self.log.exists() and "NET-SNMP version" in self.log.read_text())
        return self

    def heard(self, which):
        """The variables, as one text each, of the notifications whose snmpTrapOID ends with `which`."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line for line in lines if f".1.3.6.1.6.3.1.1.4.1.0 = OID: {which}" in line.replace("OID: .", "OID: ")]

    def close(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(WAIT_S)
        shutil.rmtree(self.kept, ignore_errors=True)

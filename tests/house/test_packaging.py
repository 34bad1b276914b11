"""What is installed is what is used: dependencies declared, data files packaged, scripts and unit well formed."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import PurePath

import pytest

from tests.house.source import ROOT, imports_of, modules

SETUP = (ROOT / "setup.py").read_text()


def declared(block: str) -> set[str]:
    """Names of the distributions in a list of setup.py, as they are compared (PEP 503)."""
    names = re.findall(r'^ +"([A-Za-z0-9.-]+)(?:\[[a-z0-9,]+\])?>=[\d.]+,<\d+",$', block, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


INSTALLED = declared(SETUP.partition("install_requires=[\n")[2].partition("    ],\n")[0])


def test_every_import_is_declared():
    distributions = packages_distributions()
    used = {name.split(".")[0] for module in modules() for _, name in imports_of(module)}
    foreign = sorted(used - set(sys.stdlib_module_names) - {"tectonics"})
    missing = [name for name in foreign
               if not {re.sub(r"[-_.]+", "-", d).lower() for d in distributions.get(name, [name])} & INSTALLED]
    assert "click" in INSTALLED and missing == []


def test_every_data_file_is_packaged():
    globs = re.findall(r'"(\*\*/[^"]+)"', SETUP)
    data = [path.relative_to(ROOT / "tectonics") for path in (ROOT / "tectonics").rglob("*")
            if path.is_file() and path.suffix not in (".py", ".pyc")]
    assert [str(path) for path in data
            if not any(PurePath("x", path).match(pattern.replace("**/", "")) for pattern in globs)] == []


def test_every_module_of_the_mib_is_installed_where_managers_look():
    installed = set(re.findall(r'"(mibs/[^"]+)"', SETUP))
    assert installed == {f"mibs/{path.name}" for path in (ROOT / "mibs").iterdir()} and '"share/snmp/mibs"' in SETUP


@pytest.mark.parametrize("script", sorted(
    path for path in [*(ROOT / "scripts").iterdir(), ROOT / ".ci/run"]
    if path.is_file() and b"bash" in path.read_bytes()[:40]
    or path.name == "set-up"), ids=lambda path: path.name)
def test_scripts_parse(script):
    done = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert script.name == "set-up" or script.stat().st_mode & 0o111


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze (Debian: apt install systemd)")
def test_the_unit_is_well_formed(tmp_path):
    unit = (ROOT / "systemd/tectonics.service").read_text()
    assert "ExecStart=/usr/bin/tectonics run " in unit
    (tmp_path / "tectonics.service").write_text(unit.replace("/usr/bin/tectonics", shutil.which("true")))
    done = subprocess.run(["systemd-analyze", "verify", tmp_path / "tectonics.service"],
                          capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")

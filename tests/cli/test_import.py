"""tectonics subscribers import: the whole command over real files and a real database."""

import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys

import pytest

from tests.house.source import ROOT

CONFIG = str(ROOT / "etc/tectonics.yaml")
HEADER = "msisdn,kind,activated,recharges_voucher_count,recharges_voucher_sum\n"
BASE = 33_700_000_000
LINES_MANY = 200_000
RSS_KIB_MAX = 150_000
# VmHWM is of the program alone; ru_maxrss would be that of the tests that started it, where that is more
MEASURED = """
import sys
from tectonics.cli import main
sys.argv[0] = "tectonics"
try:
    main()
finally:
    with open("/proc/self/status") as status:
        print(next(line for line in status if line.startswith("VmHWM")).split()[1], file=sys.stderr)
"""


def row(number):
    return f"{BASE + number},prepaid,2020-01-02,6,35.00\n"


@pytest.fixture
def load(type_in, tmp_path):
    """Imports a text; the result, with the summary as `summary`."""
    def load(data, *arguments, name="f.csv", **options):
        if data is not None:
            (tmp_path / name).write_bytes(data.encode() if isinstance(data, str) else data)
        result = type_in("subscribers", "import", str(tmp_path / name), "--config", CONFIG, "--json", *arguments,
                         **options)
        result.summary = json.loads(result.stdout) if result.stdout else None
        return result

    return load


def stored(tmp_path, query="SELECT count(*) FROM account"):
    connection = sqlite3.connect(tmp_path / "tectonics.db")
    try:
        return connection.execute(query).fetchone()[0]
    finally:
        connection.close()


def test_a_file_goes_in(load, tmp_path):
    result = load(HEADER + row(1) + row(2))
    assert result.exit_code == 0
    assert {name: result.summary[name] for name in ("read", "inserted", "updated", "unchanged", "rejected")} == {
        "read": 2, "inserted": 2, "updated": 0, "unchanged": 0, "rejected": 0}
    assert stored(tmp_path) == 2
    assert load(None).summary["unchanged"] == 2


def test_a_file_goes_into_postgresql(type_in, tmp_path, postgres_address):
    address = postgres_address()
    config = tmp_path / "tectonics.yaml"
    config.write_text(f"store: {{kind: postgresql, url: \"{address.url}\"}}\n"
                      f"messages: {{directory: \"{ROOT}/etc/messages\"}}\n")
    (tmp_path / "f.csv").write_text(HEADER + row(1) + "bad,,,,\n" + row(2))

    def again(*arguments):
        result = type_in("subscribers", "import", str(tmp_path / "f.csv"), "--config", str(config), "--json", *arguments)
        return result.exit_code, json.loads(result.stdout)

    assert again("--dry-run")[1]["inserted"] == 2
    code, summary = again()
    assert (code, summary["inserted"], summary["rejected"]) == (1, 2, 1)
    code, summary = again("--delta")
    assert (code, summary["inserted"], summary["unchanged"]) == (1, 0, 2)
    config.write_text(config.read_text().replace("host=", "host=/nowhere"))
    result = type_in("subscribers", "import", str(tmp_path / "f.csv"), "--config", str(config))
    assert result.exit_code == 1 and "cannot be used" in result.stderr and "Traceback" not in result.stderr


def test_people_read_a_summary(type_in, tmp_path):
    (tmp_path / "f.csv").write_text(HEADER + row(1))
    result = type_in("subscribers", "import", str(tmp_path / "f.csv"), "--config", CONFIG)
    assert result.exit_code == 0 and "inserted" in result.stdout and "rows per second" in result.stdout


def test_bad_rows_go_to_a_file_that_can_be_corrected_and_imported(load, tmp_path):
    result = load(HEADER + row(1) + "12,prepaid,2020-01-02,6,35.00\n" + row(3))
    assert result.exit_code == 1 and result.summary["rejected"] == 1 and stored(tmp_path) == 2
    rejects = tmp_path / "f.rejects.csv"
    lines = rejects.read_text().splitlines()
    assert lines[0] == f"line,reason,{HEADER.strip()}"
    assert lines[1].startswith('3,"msisdn: not a telephone number') and lines[1].endswith(",12,prepaid,2020-01-02,6,35.00")
    assert rejects.stat().st_mode & 0o777 == 0o600
    corrected = rejects.read_text().replace(",12,", f",{BASE + 2},")
    assert load(corrected, name="corrected.csv").summary["inserted"] == 1
    assert load(HEADER + row(1)).exit_code == 0 and not rejects.exists()
    load("\ufeff" + HEADER + "bad,,,,\r\n")
    assert rejects.read_text().splitlines()[0] == lines[0]


def test_gzip_and_standard_input(load, type_in, tmp_path):
    assert load(gzip.compress((HEADER + row(1)).encode()), name="f.csv.gz").summary["inserted"] == 1
    result = type_in("subscribers", "import", "-", "--config", CONFIG, "--json", input=HEADER + row(2))
    assert json.loads(result.stdout)["inserted"] == 1 and stored(tmp_path) == 2
    cut = load(gzip.compress((HEADER + row(3)).encode())[:-12], name="cut.csv.gz")
    assert cut.exit_code == 1 and "cut.csv.gz" in cut.stderr and "Traceback" not in cut.stderr


def test_a_dry_run_changes_nothing(load, tmp_path):
    assert load(HEADER + row(1), "--dry-run").summary["inserted"] == 1
    assert not (tmp_path / "tectonics.db").exists()


@pytest.mark.parametrize(("data", "arguments", "reason"), [
    ("msisdn,colour\n", (), "unknown column 'colour'"), ("", (), "'msisdn' is missing"),
    ((HEADER + row(1)).encode("utf-16"), (), "UTF-16"),
    (HEADER, ("--as-of", "yesterday"), "--as-of"), (HEADER, ("--as-of", "2999-01-01"), "is in the future"),
    (HEADER, ("--mapping", "x"), "THEIRS=OURS"), (HEADER, ("--mapping", "x=msisdn"), "names 'x'")])
def test_what_cannot_be_imported_at_all_is_wrong_usage(data, arguments, reason, load, tmp_path):
    result = load(data, *arguments)
    assert result.exit_code == 2 and reason in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_no_file_no_overwriting_and_no_database(load, tmp_path):
    assert load(None, name="missing.csv").exit_code == 2
    precious = tmp_path / "precious.csv"
    precious.write_text("msisdn\n1\n")
    assert load(HEADER + "bad,,,,\n", "--rejects", str(precious)).exit_code == 2
    assert load(HEADER, "--rejects", str(tmp_path / "f.csv")).exit_code == 2
    assert precious.read_text() == "msisdn\n1\n"
    (tmp_path / "tectonics.db").write_bytes(b"something else" * 1000)
    result = load(HEADER + row(1))
    assert result.exit_code == 1 and "cannot be opened" in result.stderr and "Traceback" not in result.stderr


def test_columns_of_another_name(load, tmp_path):
    result = load("NUMBER;TYPE;NOTE\n" + f"{BASE};prepaid;x\n", "--mapping", "NUMBER=msisdn", "--mapping", "TYPE=kind",
                  "--mapping", "NOTE=")
    assert result.summary["inserted"] == 1


def test_two_hundred_thousand_rows_in_bounded_memory_killed_and_resumed(tmp_path):
    file = tmp_path / "many.csv"
    with open(file, "w") as out:
        out.write(HEADER)
        out.writelines(row(number) if number % 50_000 else "bad,,,,\n" for number in range(LINES_MANY))
    command = [sys.executable, "-c", MEASURED, "subscribers", "import", str(file), "--config", CONFIG, "--state", str(tmp_path), "--json"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT) as first:
        while first.poll() is None and not has_bookmark(tmp_path):
            os.sched_yield()
        first.send_signal(signal.SIGKILL)
    second = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    summary = json.loads(second.stdout)
    assert second.returncode == 1 and summary["rejected"] == 4 and 0 < summary["resumed_after_rows"] < LINES_MANY
    assert summary["read"] == LINES_MANY and summary["inserted"] + summary["unchanged"] == LINES_MANY - 4
    assert stored(tmp_path) == LINES_MANY - 4
    assert len((tmp_path / "many.rejects.csv").read_text().splitlines()) == 5
    assert int(second.stderr.split()[-1]) < RSS_KIB_MAX


def has_bookmark(folder):
    if not (folder / "tectonics.db").exists():
        return False
    try:
        return bool(stored(folder, "SELECT count(*) FROM bookmark"))
    except sqlite3.Error:
        return False

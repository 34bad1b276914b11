"""Whole processes: side by side, twice on one state directory, asked by the command line, told nonsense."""

import json
import os
import random
import signal
import socket
import subprocess

import pytest

from tectonics.simulators.daemon_process import CHECKOUT, CLI, NotRunning
from tests.integration.clients import ANN, as_json, balance, dial, feed, recharge

PORTS = (8081, 8080, 7070, 7071, 7080, 2525)


def free_offsets(count):
    """Offsets at which none of the default ports is taken."""
    def is_free(offset):
        for port in PORTS:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port + offset))
                except OSError:
                    return False
        return True

    candidates = random.sample(range(2000, 22000, 20), 200)  # below the ephemeral ports
    return [offset for offset in candidates if is_free(offset)][:count]


def test_two_daemons_side_by_side(tmp_path):
    offsets, running = free_offsets(2), []
    try:
        for offset in offsets:
            running.append(subprocess.Popen(
                [*CLI, "run", "--config", "etc/tectonics.yaml", "--state", str(tmp_path / str(offset)),
                 "--port-offset", str(offset)], cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        for offset, process in zip(offsets, running, strict=True):
            banner = b"".join(process.stdout.readline() for _ in range(8))
            assert f"127.0.0.1:{8081 + offset}".encode() in banner
            dialled = subprocess.run([*CLI, "--state", str(tmp_path / str(offset)), "dial", ANN, "*133#",
                                      "--inputs", "2,1"], capture_output=True, text=True, cwd=CHECKOUT, check=False)
            assert "You have received 2.00" in dialled.stdout, dialled.stderr
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        ends = [(process.communicate(timeout=20)[1], process.returncode) for process in running]
    assert [code for _, code in ends] == [0, 0]
    assert all(b"Traceback" not in log for log, _ in ends)


def test_a_second_start_on_the_same_state_is_refused_and_harms_nobody(make_daemon):
    first, second = make_daemon().start(), make_daemon()
    second.state = first.state
    with pytest.raises(NotRunning):
        _start_refused(second)
    assert second.process.returncode == 1
    sentence, = [line for line in second.stderr().splitlines() if " error " in line]
    assert f"another daemon is running in {first.state}" in sentence
    assert first.running and dial(first, ANN, "2", "1")[1].startswith("You have received 2.00")


def _start_refused(daemon):
    daemon._serving = lambda: False  # the other one answers in the shared state directory
    daemon.start()


def test_a_port_that_is_taken_is_one_sentence(make_daemon):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        daemon = make_daemon({"feeds": {"tcp": f"tcp:{port}:interface=127.0.0.1"}})
        with pytest.raises(NotRunning, match="feed: cannot listen on"):
            daemon.start()
    assert daemon.process.returncode == 1


def test_settings_with_ten_errors_are_told_all_at_once(tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text(f"""\
messages: {{directory: {CHECKOUT / 'etc' / 'messages'}}}
node: {{name: "N 1"}}
country_code: "+33"
services: {{advance: {{code: "133"}}}}
channels: {{ussd_http: {{mode: both, budget_s: 12}}}}
policy: {{recovery: {{share_percent: 101}}, barring: {{late_max: -1}}}}
billing: {{kind: oracle}}
store: {{kind: mysql}}
tickets: {{windows: 3}}
""")
    for command in (("check-config", str(file)), ("run", "--config", str(file), "--state", str(tmp_path / "s"))):
        done = subprocess.run([*CLI, *command], capture_output=True, text=True, cwd=CHECKOUT, check=False)
        told = [line for line in done.stderr.splitlines() if line.startswith(f"{file}:")]
        assert (done.returncode, len(told)) == (2, 10), done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "s").exists()


def test_the_command_line_against_it(daemon):
    assert "Credit advance" in daemon.command("dial", ANN, "*133#", "--inputs", "2,1").stdout
    shown = as_json(daemon.command("subscribers", "show", ANN, "--json"))
    assert (shown["outstanding"], shown["balance"]) == ("2.20", "2.00")
    advance, = as_json(daemon.command("advances", "list", "--msisdn", ANN, "--json"))["advances"]
    assert advance["state"] == "open"
    assert daemon.command("spend", ANN, "1.50").returncode == 0
    assert "recharged" in daemon.command("recharge", ANN, "5.00", "--id", "c1").stdout
    assert daemon.command("recharge", ANN, "5.00", "--id", "c1").returncode == 0
    assert balance(daemon) == "3.30"
    export = daemon.command("tickets", "export", "--format", "jsonl", "--from", "2020-01-01", "--to", "2099-01-01")
    assert [json.loads(line)["type"] for line in export.stdout.splitlines()] == ["advance.granted", "recovery.full"]
    assert as_json(daemon.command("status", "--json"))["state"] == "serving"
    refused = daemon.command("advances", "write-off", advance["id"], "--text", "x")
    assert refused.returncode == 1 and refused.stderr.count("\n") == 1
    assert daemon.command("subscribers", "show", "12").returncode == 1


def test_no_daemon_is_one_sentence(make_daemon):
    done = make_daemon().command("status")
    assert done.returncode == 1 and "no daemon is running" in done.stderr


def test_a_stop_while_it_is_busy_loses_nothing(daemon):
    answers = feed(daemon, *(recharge(f"r{n}", "0.10") for n in range(20)))
    assert answers == [f"OK r{n}" for n in range(20)]
    assert daemon.stop() == 0
    assert not (daemon.state / "control.sock").exists()
    daemon.start()
    assert balance(daemon) == "2.00"
    assert feed(daemon, *(recharge(f"r{n}", "0.10") for n in range(20))) == [f"DUP r{n}" for n in range(20)]


def test_sigint_is_a_graceful_stop_too(daemon):
    os.kill(daemon.process.pid, signal.SIGINT)
    assert daemon.process.wait(20) == 0


def test_state_is_for_its_owner_only(daemon):
    modes = {path.name: path.stat().st_mode & 0o077 for path in daemon.state.iterdir() if path.name != "tickets"}
    assert daemon.state.stat().st_mode & 0o077 == 0
    assert set(modes.values()) == {0}, modes

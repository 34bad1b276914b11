"""`tectonics top` against daemons that answer by script, over real control sockets; no terminal."""

import json
import socket

import pytest
from click.testing import CliRunner

from tectonics.cli.commands import tectonics
from tectonics.cli.top import pressed
from tectonics.cli.top.asking import PATIENCE_S, Line, wait
from tectonics.cli.top.pages import Chosen
from tectonics.wire.control import Failure
from tectonics.wire.sample import encode
from tests.cli.fake_daemon import FakeDaemon
from tests.cli.top.samples import busy

QUICK = ("--every", "0.2")


def growing(**changes):
    """A daemon that is two seconds older with each look."""
    looks = iter(range(10, 10_000, 2))
    return lambda params: encode(busy(next(looks), **changes))


def test_one_look_as_text(type_in, daemon):
    daemon.answers["sample"] = growing()
    result = type_in("top", "--once", *QUICK)
    assert (result.exit_code, result.stderr) == (0, "") and "\x1b" not in result.stdout
    assert "n1  serving" in result.stdout and "owed 12.30 EUR" in result.stdout and "q quit" not in result.stdout
    assert [method for method, _ in daemon.calls] == ["sample", "sample"]


def test_one_look_for_programs(type_in, daemon):
    daemon.answers["sample"] = growing()
    line, = type_in("top", "--once", "--json", *QUICK).stdout.splitlines()
    shown, = json.loads(line)["daemons"]
    assert shown["node"] == "n1" and shown["in_s"] == pytest.approx(20 / shown["elapsed_s"], rel=0.01)
    assert shown["channels"][0]["p99_ms"] == 5 and shown["refusals"][0]["reason"] == "balance"


def test_several_daemons_and_one_that_is_away(type_in, daemon, tmp_path):
    there = tmp_path / "b"
    there.mkdir()
    other = FakeDaemon(there)
    daemon.answers["sample"], other.answers["sample"] = growing(), growing(node="n2")
    arguments = [word for state in (tmp_path, there, tmp_path / "c") for word in ("--state", str(state))]
    result = type_in("top", "--once", "--json", *QUICK, *arguments)
    other.close()
    first, second, away = json.loads(result.stdout)["daemons"]
    assert (first["node"], second["node"]) == ("n1", "n2") and "no daemon is running" in away["away"]


def test_no_daemon_is_one_sentence(type_in, tmp_path):
    result = type_in("top", "--once", "--state", str(tmp_path / "no"))
    assert result.exit_code == 1 and "no daemon is running" in result.stderr and result.stderr.count("\n") == 1


@pytest.mark.parametrize("answer, says", [
    (Failure(None, "not now"), "not now"), ({"node": 1}, "of another version")])
def test_a_daemon_that_has_no_sample(type_in, daemon, answer, says):
    daemon.answers["sample"] = answer
    result = type_in("top", "--once", *QUICK)
    assert result.exit_code == 1 and says in result.stderr


@pytest.mark.parametrize("words", [("--every", "0.1"), ("--every", "x"), ("more",), ("--state", "/x") * 17])
def test_wrong_usage(words):
    assert CliRunner().invoke(tectonics, ["top", *words]).exit_code == 2


@pytest.mark.parametrize("key, chosen", [
    ("3", Chosen(page=2)), ("\t", Chosen(page=1)), ("p", Chosen(paused=True)), ("d", Chosen(daemon=0)), ("9", Chosen()),
    ("0", Chosen()), ("²", Chosen()), ("\x1b", Chosen()), ("x", Chosen())])
def test_keys(key, chosen):
    assert pressed(key, Chosen(), 2) == chosen


def test_the_daemons_are_gone_through_in_turn():
    assert pressed("d", Chosen(daemon=1), 2).daemon == -1 and pressed("d", Chosen(), 1).daemon == -1


class Watch:
    """A clock that is set by hand."""

    now_s = 100.0

    def __call__(self):
        return self.now_s


def test_one_that_does_not_answer_is_given_up_and_asked_anew(tmp_path):
    clock, listener = Watch(), socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "control.sock"))
    listener.listen()
    line = Line(tmp_path, clock)
    line.ask()
    clock.now_s += PATIENCE_S - 1
    line.ask()
    assert line.waits and line.watched.trouble == ""
    clock.now_s += 1
    line.ask()
    assert not line.waits and "has not answered for 5 s" in line.watched.trouble
    line.ask()
    assert line.waits
    line.close()
    listener.close()


def test_one_that_goes_away_is_found_again(tmp_path):
    clock, daemon = Watch(), FakeDaemon(tmp_path)
    daemon.answers["sample"] = growing()
    line = Line(tmp_path, clock)

    def look():
        line.ask()
        while line.waits:
            wait([line], clock.now_s + 30, clock=clock)

    look()
    clock.now_s += 2
    look()
    assert line.watched.view.came_s == pytest.approx(10) and line.watched.trouble == ""
    daemon.close()
    (tmp_path / "control.sock").unlink()
    look()
    look()
    assert "no daemon is running" in line.watched.trouble and line.watched.view.came_s == pytest.approx(10)
    daemon = FakeDaemon(tmp_path)
    daemon.answers["sample"] = lambda params: encode(busy(99))
    look()
    assert line.watched.trouble == "" and line.watched.view.up_s == 99
    line.close()
    daemon.close()

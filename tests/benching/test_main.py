"""What may be asked of the bench."""

import main
import pytest


def test_what_is_measured_unless_said():
    chosen = main.arguments([])
    assert (chosen.store, chosen.concurrency, chosen.seconds, chosen.offered) == ("sqlite", 200, 20.0, 0.0)


def test_minutes_are_seconds():
    assert main.arguments(["--minutes", "10", "--offered", "50"]).seconds == 600.0


@pytest.mark.parametrize("given, why", [
    ("--seconds 0", "above zero"),
    ("--concurrency 0", "above zero"),
    ("--subscribers 5", "above zero"),
    ("--offered -1", "above zero"),
    ("--concurrency 2 --processes 3 --store postgres", "no more processes"),
    ("--processes 2", "SQLite"),
    ("--overload --offered 10", "--overload"),
    ("--overload --repeat 2", "--overload"),
    ("--rate 100", "--rate"),
])
def test_what_cannot_be_asked_for(given, why, capsys):
    with pytest.raises(SystemExit) as stopped:
        main.arguments(given.split())
    assert stopped.value.code == 2
    assert why in capsys.readouterr().err


def test_the_help_has_examples(capsys):
    with pytest.raises(SystemExit):
        main.arguments(["--help"])
    assert "scripts/bench --overload" in capsys.readouterr().out

"""Chapters of operation: bars, the switch, configuration, health and figures."""

import json
import re

from tectonics.simulators.daemon_process import CHECKOUT
from tectonics.simulators.demo.borrowing import ANN
from tectonics.simulators.demo.story import Story, numbered, record, short

BARRED = numbered(4)
BROKEN = """\
node: {name: "n 1"}
messages: {directory: MESSAGES}
services: {advance: {code: 133}}
channels: {ussd_http: {septets_max: 999, budget_s: 60}}
policy:
  currency: EURO
  lending: {balance_max: "0.505", tenure_days_min: -1}
billing: {kind: oracle}
tickets: {rotate: weekly}
sevrices: {}
"""
SHOWN = re.compile(r"tectonics_(advances|recoveries|feed_records|tickets|refusals)\w*_total")


def barring(story: Story) -> None:
    """An operator lifts a bar and sets it again; each leaves its audit ticket."""
    story.told.title("An operator bars and unbars")
    story.command("subscribers", "unbar", BARRED)
    story.expect_tickets(BARRED, "admin.change", "subscriber.unbarred")
    story.check(f"{short(BARRED)} is offered credit", "1. 1.00" in story.dial_quietly(BARRED))
    story.command("subscribers", "bar", BARRED, "--text", "under investigation")
    found = story.expect_tickets(BARRED, "admin.change", "subscriber.barred")
    story.check("the audit ticket says who did it", "by cli:" in found[0]["text"])
    story.check("he is refused again", "cannot get advances" in story.dial_quietly(BARRED))


def the_switch(story: Story) -> None:
    """New advances are stopped at once; recoveries go on."""
    story.told.title("The switch that stops new advances")
    story.command("policy", "stop")
    text = story.dial(ANN, "*133#")
    story.check("nothing is lent", "not available at present" in text)
    story.command("policy", "resume")
    story.check("and lent again", "1. 1.00" in story.dial_quietly(ANN))


def broken_settings(story: Story) -> None:
    """All errors of a settings file at once."""
    story.told.title("check-config tells all errors at once")
    file = story.daemon.config.with_name("broken.yaml")
    file.write_text(BROKEN.replace("MESSAGES", str(CHECKOUT / "etc" / "messages")))
    done = story.command("check-config", str(file))
    told = [line for line in done.stderr.splitlines() if "broken.yaml:" in line]
    story.check("ten errors, each with its line", (done.returncode, len(told)), (2, 10))


def bad_input(story: Story) -> None:
    """A clear answer in one line, and the connection survives."""
    story.told.title("Nonsense is answered in one line")
    wrong = record(id="demo-x", type="recharge", msisdn=ANN, amount="5.00")
    lines = [b"hello", b"\xff\xfe"] + [json.dumps(wrong | change).encode() for change in (
        {"amount": "-5.00"}, {"amount": "99999999999999999999.00"}, {"currency": "USD"}, {"msisdn": "0"})]
    for line in lines:
        answer = story.feed_sender.send(line)
        story.told.operator(f"feed > {line.decode(errors='backslashreplace')}\nfeed < {answer}")
        story.check("refused in one line", answer.startswith("ERR "))
    status, body = story.post(b"text=1")
    story.told.operator(f"POST /ussd text=1\n{status} {body.decode().strip()}")
    story.check("400 and why", (status, body.count(b"\n") <= 1), (400, True))


def health_and_figures(story: Story) -> None:
    """What a monitoring system sees."""
    story.told.title("Health and figures")
    for path in ("/health/live", "/health/ready"):
        status, body = story.stranger.get(path)
        story.told.operator(f"GET {path}\n{status} {body.strip()}")
        story.check(f"{path} is well", status, 200)
    status, body = story.stranger.get("/metrics")
    moved = [line for line in body.splitlines() if SHOWN.match(line) and not line.endswith(" 0.0")]
    story.told.operator("GET /metrics\n" + "\n".join(moved[:20]))
    story.check("advances, recoveries, feed and tickets were counted", _families(moved) >= 3)
    status, body = story.stranger.get("/api/v1/status")
    story.check("the API wants a token", status, 401)
    story.command("status")


def _families(lines: list[str]) -> int:
    return len({SHOWN.match(line)[1] for line in lines})

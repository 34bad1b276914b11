"""What stands on the pages of `top`: a view and its history become blocks of lines. Pure.

Page 1 has everything at a glance, also on 80 by 24; the others have one subject in full.  With several daemons page 1
begins with a line for each, and the rest is of all of them together, or of the one that was chosen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from textwrap import wrap

from rich.text import Text

from tectonics.cli import palette, show
from tectonics.cli.top.layout import UNICODE, Glyphs, Paragraph, Table, bound_ms, crop, fit, rate, spark
from tectonics.cli.top.rates import View, together
from tectonics.cli.top.watched import Point, Watched
from tectonics.wire.sample import Alarm, Spread

PAGES = ("overview", "services", "latency", "alarms")
SHARES = (("p50 ms", 0.5), ("p90 ms", 0.9), ("p99 ms", 0.99), ("p99.9 ms", 0.999))
BRIEF = (SHARES[0], SHARES[2])
FULL_PARTS = 10  # a queue is told of from a tenth of its bound on


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the user looks at. `daemon` -1 is all of them together; `time` is the clock's text."""

    page: int = 0
    daemon: int = -1
    paused: bool = False
    every_s: float = 1.0
    time: str = ""
    keys: bool = True


def lines(watched: Sequence[Watched], chosen: Chosen, width: int, height: int, glyphs: Glyphs = UNICODE) -> list[Text]:
    """The whole screen."""
    seen = [watched[chosen.daemon]] if 0 <= chosen.daemon < len(watched) else list(watched)
    views = [one.view for one in seen if one.view is not None]
    foot = [_keys(len(watched) > 1, chosen)] if chosen.keys else []
    if views:
        view = together(views)
        blocks = [_head(view, seen, chosen, width, glyphs), *_PAGES[chosen.page](view, seen, width, glyphs)]
    else:
        blocks = [Paragraph(_trouble(one) if one.trouble else [Text("waiting", "dim")]) for one in seen]
    body = fit(blocks, width, height - len(foot), glyphs)
    if foot:
        body += [Text()] * (height - 1 - len(body))
    return [*body, *(crop(line, width, glyphs) for line in foot)][:height]


# --- the head

def _head(view: View, seen: Sequence[Watched], chosen: Chosen, width: int, glyphs: Glyphs) -> Paragraph:
    away = [one for one in seen if one.trouble]
    state = Text("away", palette.STATES["away"]) if len(away) == len(seen) else _state(view.state)
    name = view.node if len(seen) == 1 else f"{sum(one.view is not None and not one.trouble for one in seen)} of {len(seen)} daemons"
    told = Text.assemble((show.plain(name), "bold"), "  ", state if state.style else Text(state.plain, palette.STATES["down"]))
    about = f"  {view.role}  {view.version}  up {timedelta(seconds=int(view.up_s))}"
    told.append(show.plain(about), "dim")
    right = f"{'PAUSED  ' if chosen.paused else ''}every {chosen.every_s:g} s  {chosen.time}".rstrip()
    room = width - len(right) - 2
    told = crop(told, room, glyphs)
    told.append(" " * max(2, width - told.cell_len - len(right)))
    told.append(right, "bold yellow" if chosen.paused else "dim")
    return Paragraph([told, *(line for one in away for line in _trouble(one)), *_sparks(view, seen, width, glyphs),
                      _alarm_line(view.alarms)])


def _trouble(one: Watched) -> list[Text]:
    return [Text(show.plain(f"{one.name}: {one.trouble}"), "bold red")]


def _sparks(view: View, seen: Sequence[Watched], width: int, glyphs: Glyphs) -> list[Text]:
    points = _points(seen)
    steps = view.steps
    p99 = bound_ms(steps.within_ms(0.99), steps.bounds_s[-1] if steps.bounds_s else 0)
    shown = ((f"in/s {rate(view.came_s):>6} ", [one.came_s for one in points]),
             (f"granted/s {rate(view.granted_s):>6} ", [one.granted_s for one in points]),
             (f"p99 ms {p99:>6} ", [one.p99_ms for one in points]))
    room = (width - sum(len(label) for label, _ in shown) - 4) // len(shown)
    line = Text()
    for label, values in shown:
        line.append(("  " if line else "") + label).append(spark(values, max(0, room), glyphs), "cyan")
    return [line]


def _points(seen: Sequence[Watched]) -> list[Point]:
    """The history of all, moment by moment from the newest; of several the latency is that of the slowest."""
    if len(seen) == 1:
        return list(seen[0].history)
    moments = zip(*(reversed(one.history) for one in seen), strict=False)
    return [Point(_sum(one.came_s for one in moment), _sum(one.granted_s for one in moment),
                  max((one.p99_ms for one in moment if one.p99_ms is not None), default=None)) for moment in moments][::-1]


def _sum(values) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _alarm_line(alarms: Sequence[Alarm]) -> Text:
    if not alarms:
        return Text("no alarms", "green")
    counts = {word: sum(one.severity == word for one in alarms) for word in palette.SEVERITIES}
    line = Text("alarms ")
    for word, count in counts.items():
        if count:
            line.append(f" {count} {word} ", palette.SEVERITIES[word]).append(" ")
    worst = next((one for one in alarms if not one.acknowledged_by), alarms[0])
    return line.append(f" {show.plain(worst.id)}: {show.plain(worst.text)}")


def _keys(several: bool, chosen: Chosen) -> Text:
    line = Text()
    for number, page in enumerate(PAGES):
        line.append(f"{number + 1} ", "bold").append(page, "reverse" if number == chosen.page else "").append("  ")
    for key, meaning in (("p", "pause"), *((("d", "next daemon"),) if several else ()), ("q", "quit")):
        line.append(f"{key} ", "bold").append(f"{meaning}  ")
    return line


# --- the pages

def _overview(view: View, seen: Sequence[Watched], width: int, glyphs: Glyphs) -> list[Paragraph | Table]:
    daemons = [_daemons(seen)] if len(seen) > 1 else []
    return [*daemons, _channels(view), _services(view), _refused(view), _billing(view), Paragraph([_backlog(view), _debt(view), _tickets(view)])]


def _service_page(view: View, seen: Sequence[Watched], width: int, glyphs: Glyphs) -> list[Paragraph | Table]:
    shed = Table(("turned away", "/s", "since start"), [(what, rate(per_s), str(count)) for what, (per_s, count) in view.shed.items()])
    units = Table(("decisions", "/s"), [(result, rate(per_s)) for result, per_s in view.decisions.per_s.items()])
    return [_services(view), _refused(view), units, shed, Paragraph([_debt(view)])]


def _latency_page(view: View, seen: Sequence[Watched], width: int, glyphs: Glyphs) -> list[Paragraph | Table]:
    rows = [("channel " + one.name, one.spread) for one in view.channels]
    rows += [("decisions", view.decisions.spread)] + [("billing " + one.name, one.spread) for one in view.billing]
    spreads = Table(("within", *(head for head, _ in SHARES), "count"),
                    [(name, *_within(spread, SHARES), rate(float(spread.total))) for name, spread in rows])
    queues = sorted(view.queues, key=lambda one: (-one.depth, one.name))
    return [spreads, Table(("queue", "waiting", "bound"), [(one.name, str(one.depth), str(one.bound)) for one in queues]),
            Paragraph([_backlog(view)])]


def _alarm_page(view: View, seen: Sequence[Watched], width: int, glyphs: Glyphs) -> list[Paragraph | Table]:
    told = [Paragraph(_alarm(one, width, glyphs)) for one in view.alarms]
    consumers = Table(("consumer of tickets", "connected", "behind"),
                      [(one.name, "yes" if one.connected else Text("no", "red"), str(one.lag)) for one in view.consumers])
    return [*told, consumers]


_PAGES: tuple[Callable, ...] = (_overview, _service_page, _latency_page, _alarm_page)


# --- their parts

def _daemons(seen: Sequence[Watched]) -> Table:
    rows = []
    for one in seen:
        if one.view is None or one.trouble:
            rows.append((one.name, Text("away", palette.STATES["away"]), *("-" * 6)))
            continue
        view = one.view
        p99 = _within(view.steps, BRIEF)[1]
        rows.append((view.node, _state(view.state), rate(view.came_s), rate(view.granted_s), p99,
                     str(view.dispatching), str(view.outbox), str(len(view.alarms))))
    return Table(("daemon", "state", "in/s", "granted/s", "p99 ms", "deciding", "outbox", "alarms"), rows, 2)


def _channels(view: View) -> Table:
    return Table(("channel", "state", "in/s", "out/s", "errors/s", "open", *(head for head, _ in BRIEF)), [
        (one.name, _state(one.state), *(rate(one.per_s[name]) for name in ("in", "out")),
         _bad(one.per_s["errors"]), str(one.open), *_within(one.spread, BRIEF)) for one in view.channels], 2)


def _services(view: View) -> Table:
    return Table(("service", "requests/s", "granted/s", "refused/s", "failed/s", "unknown/s"), [
        (one.name, *(rate(one.per_s[name]) for name in ("requests", "granted", "refused")),
         _bad(one.per_s["failed"]), _bad(one.per_s["unknown"])) for one in view.services])


def _refused(view: View) -> Table:
    return Table(("refused", "because", "/s", "since start"), [
        (one.service, one.reason, rate(one.per_s), str(one.total)) for one in view.refusals], 2)


def _billing(view: View) -> Table:
    return Table(("billing", "state", "requests/s", "refused/s", "timeouts/s", "unknown/s", *(head for head, _ in BRIEF)), [
        (one.name, _state(one.state), rate(one.per_s["requests"]), rate(one.per_s["errors"]), _bad(one.per_s["timeouts"]),
         _bad(one.per_s["unknown"]), *_within(one.spread, BRIEF)) for one in view.billing], 2)


def _backlog(view: View) -> Text:
    shed = sum(per_s or 0 for per_s, _ in view.shed.values())
    line = Text(f"backlog  outbox {view.outbox}, deciding {view.dispatching}, sessions {view.sessions}, turned away/s ")
    line.append_text(_bad(shed))
    for one in view.queues:
        if one.depth * FULL_PARTS >= one.bound > 0:
            line.append(f", {show.plain(one.name)} {one.depth} of {one.bound}", "yellow")
    return line


def _debt(view: View) -> Text:
    debt = view.debt
    return Text(f"debt     open {debt.get('open_advances', 0)}, owed {show.plain(view.owed)} {show.plain(view.currency)}, "
                f"overdue {debt.get('overdue', 0)}, unknown {debt.get('unknown', 0)}, barred {debt.get('barred', 0)}")


def _tickets(view: View) -> Text:
    line = Text(f"tickets  {rate(view.tickets_s)}/s")
    behind = [one for one in view.consumers if one.lag or not one.connected]
    line.append(f", consumers {len(view.consumers)}")
    for one in behind:
        line.append(f", {show.plain(one.name)} {one.lag} behind", "" if one.connected else "yellow")
        line.append("" if one.connected else " (away)")
    return line


def _alarm(one: Alarm, width: int, glyphs: Glyphs) -> list[Text]:
    since = datetime.fromtimestamp(one.since_at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    head = palette.severity(show.plain(one.severity)) + Text(f"  {show.plain(one.id)}  since {since}")
    if one.flapping:
        head.append("  flapping", "dim")
    if one.acknowledged_by:
        head.append(f"  acknowledged by {show.plain(one.acknowledged_by)}", "dim")
    room = max(20, width - 2)
    told = wrap(show.plain(one.text), room, initial_indent="  ", subsequent_indent="  ")
    advice = wrap(f"do: {show.plain(one.advice)}", room, initial_indent="  ", subsequent_indent="      ")
    return [head, *map(Text, told), *(Text(line, "dim") for line in advice)]


def _within(spread: Spread, shares: Sequence[tuple[str, float]]) -> list[str]:
    greatest_s = spread.bounds_s[-1] if spread.bounds_s else 0
    return [bound_ms(spread.within_ms(share), greatest_s) for _, share in shares]


def _state(word: str) -> Text:
    return palette.state(show.plain(word))


def _bad(value: float | None) -> Text:
    return Text(rate(value), "red" if value else "")

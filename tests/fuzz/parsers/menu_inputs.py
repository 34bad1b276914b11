"""What a subscriber types: always a screen that can be sent, and no confirmation of what was not shown."""

from dataclasses import replace

from tectonics.domain.policy import TypedAmount
from tectonics.domain.screens import Screen, Style
from tectonics.workflows import lending
from tectonics.workflows.dialogue import CONFIRM, Left, Menus
from tests.workflows.world import POLICY, STANDARD, context, subscriber, tier

TYPED = replace(tier(4, 0, 10), amount=TypedAmount(100, 1000, 50))
MENU = replace(POLICY, segments=(replace(STANDARD, tiers=(*STANDARD.tiers, TYPED)),))
STYLES = [Style(mode=mode, septets_max=2000, ucs2_max=900) for mode in ("cumulative", "last")]
TOKENS = (b"*1", b"*4*2.50*1", b"*98", b"*99", b"*97*1", b"*0", b"*2", b"*-1", b"*1e3", "*\u0661".encode(), b"* 1 ", b"**")


def check(data: bytes) -> None:
    inputs = data.decode(errors="replace").split("*")
    for style in STYLES:
        menus = Menus(context(policy=MENU), style)
        account = subscriber()
        first = menus.open(account, lending.choices(account, menus.context))
        _typed(menus, first, inputs)
        together = menus.replay(first, inputs)
        assert together.confirmed is None and isinstance(together.screen, Screen)
        for left in (Left("2", 200), Left("4"), Left("4", 250)):
            _typed(menus, menus.resume(account, lending.choices(account, menus.context), left), inputs)


def _typed(menus: Menus, move, inputs: list[str]) -> None:
    for text in inputs:
        before, move = move.snapshot, menus.enter(move.snapshot, text)
        if move.confirmed is not None:
            assert before.place == CONFIRM and move.confirmed == before.offer and text.strip() == menus.shown.keys(before).yes
        if move.snapshot is None:
            assert move.confirmed is not None or not move.screen.more
            break
        assert move.screen.more and Screen.decode(move.screen.encode()) == move.screen

"""A chapter of self-care: /me in a browser without scripts, with cookies and forms."""

import re

from tectonics.simulators.demo.borrowing import ANN
from tectonics.simulators.demo.story import Story, short
from tectonics.simulators.demo.writing import write
from tectonics.simulators.page_visitor import PageVisitor

CODE = re.compile(r"\b(\d{6})\b")


def self_care(story: Story) -> None:
    """A code by SMS opens his account; signed out, it is closed. What is in it also comes by SMS."""
    story.told.title("His account in a browser")
    visitor = PageVisitor(story.daemon.address("web"))
    _show(story, "GET /me", visitor, visitor.open("/me"))
    before = len(story.messages(ANN))
    _show(story, "asks for a code", visitor, visitor.submit("/me/code", number=f"+{ANN}"))
    story.until(lambda: len(story.messages(ANN)) > before)
    message = story.messages(ANN)[-1]
    story.told.message(short(ANN), message)
    code = CODE.search(message)
    story.check("the code comes by SMS", code is not None)
    wrong = "000000" if code is None or code[1] != "000000" else "000001"
    visitor.submit("/me/enter", code=wrong)
    story.check("a wrong one opens nothing", visitor.status, 422)
    text = visitor.submit("/me/enter", code=code[1] if code else "")
    _show(story, f"enters {code[1] if code else ''}", visitor, text)
    balance = story.balance(ANN)
    story.check(f"signed in, the page shows the balance of {balance}", (visitor.status, f"+{ANN}" in text, balance in text),
                (200, True, True))
    text = visitor.open("/me/history")
    _show(story, "GET /me/history", visitor, text)
    story.check("and what was lent and paid back", "Advance" in text and "Paid back" in text)
    text = visitor.submit("/me/leave")
    _show(story, "signs out", visitor, text)
    visitor.open("/me/history")
    story.check("signed out, the account is closed", visitor.status, 403)
    write(story, ANN, "HISTORY", "paid back 1.70", "advance 2.00, fee 0.20")


def _show(story: Story, done: str, visitor: PageVisitor, text: str) -> None:
    story.say(f"{short(ANN)}: {done}")
    story.told.screen(f"/me {visitor.status}", text, True)

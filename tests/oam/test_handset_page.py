"""The page in a real browser: dialling, answering, the account beside it; no error in its console."""

import os
import shutil

import pytest
import pytest_twisted
from playwright.sync_api import sync_playwright
from twisted.internet import threads

from tests.oam.fakes import NUMBER
from tests.oam.test_web import Served

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDTHS = (360, 900, 1280)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on PATH; install it: apt-get install chromium")


@pytest_twisted.ensureDeferred
async def test_one_can_borrow_with_a_keyboard_and_with_a_mouse():
    served = Served()
    try:
        wrong = await threads.deferToThread(_browse, f"http://127.0.0.1:{served.number}/handset")
    finally:
        await served.close()
    assert wrong == []
    texts = [text for _, _, text in served.world.handset.dialled]
    assert texts == ["*133#", "*133#*1", "*133#*1*1", "*133#"]
    sessions = [session for _, session, _ in served.world.handset.dialled]
    assert len(set(sessions[:3])) == 1 and sessions[3] != sessions[0]
    assert served.world.till.booked[0][:2] == (NUMBER, 500)


def _browse(address: str) -> list[str]:
    wrong: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS, env=dict(os.environ))
        page = browser.new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address)
        _use(page)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong.append(f"the page is wider than {width} pixels")
        browser.close()
    return wrong


def _use(page) -> None:
    entry = page.get_by_label("Number to dial")
    entry.fill("*133#")
    entry.press("Enter")
    page.wait_for_selector("[data-phase=open]")
    assert "What I owe" in page.inner_text("#screen")
    page.get_by_role("button", name="1", exact=True).click()
    page.get_by_role("button", name="Send").click()
    page.locator("#screen", has_text="Agree").wait_for()
    page.get_by_label("Your reply").fill("1")
    page.get_by_label("Your reply").press("Enter")
    page.wait_for_selector("[data-phase=ended]")
    assert "You have got" in page.inner_text("#screen")
    page.keyboard.press("Escape")
    page.locator("[data-code='*133#']").click()
    page.wait_for_selector("[data-phase=open]")
    page.get_by_role("button", name="Recharge").click()
    page.locator("#said", has_text="recharged").wait_for()
    assert page.inner_text("#balance") == "2.50" and page.inner_text("#outstanding") == "2.20"
    assert "1.00 EUR credited." in page.inner_text("#messages")
    assert "advance.granted" in page.inner_text("#tickets")

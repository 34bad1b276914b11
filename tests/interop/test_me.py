"""Self-care in Chromium: the daemon as a process, its codes through a message centre, with scripts and without them."""

import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import sync_playwright

from tectonics.domain.login import CODES_HOUR_MAX, GUESSES_MAX
from tectonics.simulators.phones.process import PhonesProcess
from tectonics.simulators.smsc.process import CentreProcess
from tests.integration.clients import ANN, balance, until

RICH, BOB = "33600000003", "33612345678"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDTHS = (320, 360, 1280)


class Browsing:
    """Chromium and a page of it; what goes wrong there is in `wrong`."""

    def __init__(self, world, page, wrong):
        self.daemon, self.centre, self.page, self.wrong, self.msisdn = world.daemon, world.centre, page, wrong, world.msisdn
        host, port = self.daemon.address("web")
        self.address = f"http://{host}:{port}/me"

    def codes(self):
        return [found[0] for text in self.centre.messages(self.msisdn) if (found := re.match(r"\d{6}", text))]

    def ask_for_code(self):
        known = len(self.codes())
        self.page.goto(self.address)
        self.page.get_by_label("Mobile number").fill(f"+{self.msisdn}")
        self.page.get_by_role("button", name="Send me a code").click()
        self.page.get_by_label("Code from the SMS").wait_for()
        return until(lambda: len(self.codes()) > known and self.codes()[-1])

    def enter(self, code):
        """Types it; a script sends a whole code off by itself."""
        field = self.page.get_by_label("Code from the SMS")
        field.fill(code)
        if self.scripted:
            self.page.wait_for_load_state()
        else:
            self.page.get_by_role("button", name="Sign in").click()

    @property
    def scripted(self):
        return self.page.context.scripted

    def sign_in(self):
        self.enter(self.ask_for_code())
        self.page.get_by_text(f"+{self.msisdn}").wait_for()

    def fits(self):
        """No page is wider than the screen, however small that is."""
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 640})
            if self.page.evaluate("document.documentElement.scrollWidth") > width:
                self.wrong.append(f"{self.page.url} is wider than {width} pixels")

    def says(self, text):
        self.page.get_by_text(text).first.wait_for()
        self.fits()


class World:
    """A daemon, its message centre, and as many browsers as a test opens."""

    def __init__(self, daemon, centre, msisdn=ANN):
        self.daemon, self.centre, self.msisdn = daemon, centre, msisdn

    def browse(self, story, scripts=True):
        """Runs `story(browsing)` in a thread of its own, as a driver that waits must."""
        with ThreadPoolExecutor(1) as thread:
            wrong = thread.submit(self._browse, story, scripts).result()
        assert wrong == []

    def _browse(self, story, scripts):
        wrong: list[str] = []
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS, env=dict(os.environ))
            context = browser.new_context(locale="en-GB", java_script_enabled=scripts)
            context.scripted = scripts
            page = context.new_page()
            page.set_default_timeout(20_000)
            page.on("pageerror", lambda error: wrong.append(str(error)))
            page.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
            story(Browsing(self, page, wrong))
            browser.close()
        return wrong


@pytest.fixture
def centre():
    one = CentreProcess().start()
    yield one
    one.close()


def starting(make_daemon, centre, **settings):
    account = {"name": "smsc1", "address": centre.address, "system_id": "tectonics"}
    return make_daemon({"channels": {"sms_smpp": {"accounts": [account]}}, **settings}).start()


@pytest.fixture
def world(make_daemon, centre):
    return World(starting(make_daemon, centre), centre)


@pytest.fixture
def phones():
    switch = PhonesProcess("ring=0.1 answer=0.3").start()
    yield switch
    switch.close()


def changes(daemon):
    lines = daemon.ask("tickets.tail", limit=100)["lines"]
    return [line for line in lines if '"admin.change"' in line]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_somebody_out_of_credit_helps_himself(world, scripts):
    def story(me):
        page = me.page
        me.sign_in()
        me.says("0.00")
        page.get_by_role("link", name="Borrow credit").click()
        me.says("1.10 EUR to pay back by")
        page.get_by_role("link", name="2.00").click()
        me.says("Taken from your recharges")
        page.get_by_role("button", name="Agree and get 2.00 EUR").dblclick()
        me.says("You have received 2.00 EUR")
        page.get_by_role("link", name="My account").first.click()
        me.says("2.20")
        page.get_by_role("link", name="History").click()
        me.says("2.20 EUR left")
        page.goto(f"{me.address}/borrow")
        me.says("You still owe 2.20 EUR")
        page.goto(f"{me.address}/settings")
        page.get_by_role("button", name="No more offers").click()
        me.says("You get no offers.")
        page.get_by_role("button", name="Refuse collect calls").click()
        me.says("You refuse collect calls.")
        page.get_by_label("Language").select_option("ar")
        page.get_by_role("button", name="Save").click()
        me.says("تم الحفظ")
        assert page.locator("html").get_attribute("dir") == "rtl"
        page.locator("header button").click()
        me.says("Mobile number")
        page.goto(f"{me.address}/history")
        me.says("You are signed out.")

    world.browse(story, scripts)
    daemon = world.daemon
    assert balance(daemon) == "2.00"
    lent = daemon.ask("advances.list", msisdn=ANN)["advances"]
    assert [one["amount"] for one in lent] == ["2.00"] and lent[0]["channel"] == "web"
    assert len(changes(daemon)) == 3 and all("by the subscriber" in line for line in changes(daemon))
    assert daemon.ask("subscribers.show", msisdn=ANN)["language"] == "ar"


def test_who_guesses_gets_nowhere_and_who_asks_too_often_gets_no_message(world):
    def story(me):
        code = me.ask_for_code()
        for number in range(GUESSES_MAX):
            me.enter(f"{(int(code) + 1 + number) % 1_000_000:06}")
            me.says("That code is wrong or out of date.")
        me.enter(code)
        me.says("That code is wrong or out of date.")
        while len(me.codes()) < CODES_HOUR_MAX:
            me.ask_for_code()
        me.page.goto(me.address)
        me.page.get_by_label("Mobile number").fill(f"+{ANN}")
        me.page.get_by_role("button", name="Send me a code").click()
        me.says("a code is on its way")

    def figures():
        return world.daemon.ask("status")["counters"]

    world.browse(story, scripts=False)
    until(lambda: "limited" in figures()["tectonics_self_care_codes_total"])
    assert figures()["tectonics_self_care_codes_total"] == {"sent": CODES_HOUR_MAX, "limited": 1}
    assert figures()["tectonics_self_care_logins_total"] == {"wrong": GUESSES_MAX + 1}
    assert len([text for text in world.centre.messages(ANN) if "code" in text]) == CODES_HOUR_MAX


def test_after_a_crash_one_signs_in_again_and_nothing_was_lent_that_was_not_agreed_to(world):
    def story(me):
        me.sign_in()
        me.page.goto(f"{me.address}/offer?choice=1")
        before = me.page.content()
        fields = dict(re.findall(r'name="(token|id|choice)" value="([^"]+)"', before[before.index('action="/me/borrow"'):]))
        world.daemon.kill()
        world.daemon.start()
        again = Browsing(world, me.page, me.wrong)
        answer = me.page.request.post(f"{again.address}/borrow", form=fields)
        assert answer.status == 403 and "signed out" in answer.text()
        again.sign_in()
        again.page.goto(f"{again.address}/offer?choice=1")
        again.page.get_by_role("button", name="Agree and get 1.00 EUR").click()
        again.says("You have received 1.00 EUR")

    world.browse(story)
    assert balance(world.daemon) == "1.00"


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_call_me_back_rings_his_phone_and_connects_him(make_daemon, centre, phones, scripts):
    """The daemon's own SIP call server, and telephones that are called over sockets."""
    rate = {"name": "france", "prefixes": ["33"], "minute": "0.60", "first": "1s", "then": "1s"}
    sip = {"endpoint": "udp:0:interface=127.0.0.1", "trunks": [{"name": "switch", "address": phones.address}]}
    daemon = starting(make_daemon, centre, call_server={"kind": "sip", "sip": sip}, policy={"call_back": {"destinations": [rate]}})

    def states():
        return [one["state"] for one in daemon.ask("callbacks.list", limit=10)["callbacks"]]

    def story(me):
        me.sign_in()
        me.page.get_by_role("link", name="Call me back").click()
        me.page.get_by_label("Number that you want to call").fill("06 12 34 56 78")
        me.page.get_by_role("button", name="Call me now").dblclick()
        me.says(f"+{BOB}")
        until(lambda: states() == ["talking"])
        assert [one["number"] for one in phones.calls()] == [RICH, BOB]  # pressed twice, rung once
        phones.order(f"hang_up {RICH}")
        until(lambda: states() == [])
        me.page.goto(f"{me.address}/history")
        me.says("Call-back")
        me.says(f"+{BOB}")

    World(daemon, centre, RICH).browse(story, scripts)
    ticket, = [line for line in daemon.ask("tickets.tail", limit=20)["lines"] if '"callback.' in line]
    assert '"type":"callback.completed"' in ticket and '"channel":"web"' in ticket and f'"b_number":"{BOB}"' in ticket

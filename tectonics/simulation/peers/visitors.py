"""People on the web: they sign in with the code from a message, look, borrow, ask to be called back, change what they want, sign out.

By the plan's shares a form is sent twice at once, its answer is lost (and the form sent again), or it comes again minutes later.
Now and then somebody errs in the code, enters it with the number of somebody else, changes what a form has in it, or sends a
form again behind his signing out.  Strangers ask for codes and guess them (faults/visitors.py).
"""

import random
import re
from collections.abc import Iterator

from tectonics.simulation.peers.browser import VISIT, Answer, Browser
from tectonics.simulation.peers.centre import PATIENCE_S
from tectonics.simulation.population import screens
from tectonics.simulation.population.intents import Life
from tectonics.simulation.population.person import Person
from tectonics.simulation.population.screens import Consent
from tectonics.simulation.population.visitors import visitors
from tectonics.simulation.stage import SENT, Stage
from tectonics.simulation.webbook import BORROW, CALL, CHANGE, Form, Guess, Page, code_in
from tectonics.simulators.page_visitor import words

MESSAGES_MAX = 3  # that he reads before the one with the code comes
LATE_S = (5.0, 600.0)
HESITATES_S = (1.0, 12.0)
IN, WRONG = 303, 422
PLACES = {"/me/borrow": BORROW, "/me/call": CALL, "/me/settings": CHANGE}
WISHES = ("advert_stop", "advert_start", "collect_refuse", "collect_allow", "language")
FOREIGN = 0.04  # of the codes are entered with somebody else's number
_NUMBER = re.compile(r"33\d{9}")
_BALANCE = re.compile(r"Balance\n(-?\d+\.\d\d)")
_MONEY = re.compile(r'class="money">(\d+\.\d\d)')
_CHOICE = re.compile(r'/me/offer\?choice=(\d+)"')
_LEAST = re.compile(r'name="choice" value="(\d+)">\s*<label[^>]*>[^<]*?(\d+\.\d\d)')


class VisitorPeer:
    """Everybody's browser."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self.plan = stage, stage.plan.browsing
        self._chance = stage.world.random("visitors")
        self.book = stage.journal.web
        self._browsers: dict[str, Browser] = {}
        self._people = frozenset(person.msisdn for person in stage.plan.people)

    def visitors(self) -> Iterator[tuple[Person, Life]]:
        """Those of the plan who have a browser, each with the life in which he uses it."""
        return visitors(self._stage.plan.people, self.plan, self._stage.plan.pace)

    # --- a visit

    async def visit(self, person: Person, mind: int) -> str:
        """From signing in to whatever he does last; what became of it."""
        chance = random.Random(mind)
        browser = self._browser(person.msisdn, chance)
        page = await browser.get("/me")
        if page is not None and "/me/leave" not in page.forms:
            browser.leaves()
            page = await self._sign_in(browser, person.msisdn, page, chance)
        if page is None or not browser.is_in:
            return "outside"
        self._look(browser, "/me", page, None)
        doing = [self._borrow, self._borrow, self._borrow, self._account, self._history, self._change]
        doing += [self._call] if self._stage.telephones is not None else []
        for _ in range(chance.randint(2, 5)):
            await self._stage.sleep(chance.uniform(*HESITATES_S))
            await chance.choice(doing)(browser, chance)
        if chance.random() < 0.5:
            await self._sign_out(browser)
        return "in"

    def _browser(self, msisdn: str, chance: random.Random) -> Browser:
        browser = self._browsers.setdefault(msisdn, Browser(self._stage, chance.choice(self._stage.nodes)))
        if chance.random() < 0.2:
            browser.node = chance.choice(self._stage.nodes)
        return browser

    async def _sign_in(self, browser: Browser, msisdn: str, page: Answer, chance: random.Random) -> Answer | None:
        reading = self._stage.spawn(self._read_code(msisdn))
        page = await self._send(browser, page, "/me/code", chance, number=f"+{msisdn}")
        code = await reading
        if page is None or "/me/enter" not in page.forms or not code:
            return None
        await self._stage.sleep(chance.uniform(*HESITATES_S))
        if chance.random() < 0.15:
            page = await self._enter(browser, page, chance, msisdn, f"{chance.randrange(10**6):06d}")
            if page is None or "/me/enter" not in page.forms:
                return None
        if chance.random() < FOREIGN:
            other = chance.choice(sorted(self._people))
            return await self._enter(browser, page, chance, other, code)
        return await self._enter(browser, page, chance, msisdn, code)

    async def _read_code(self, msisdn: str) -> str:
        for _ in range(MESSAGES_MAX):
            code = code_in(await self._stage.centre.listen(msisdn, PATIENCE_S))
            if code:
                return code
        return ""

    async def _enter(self, browser: Browser, page: Answer, chance: random.Random, msisdn: str, code: str) -> Answer | None:
        sent_s = self._stage.now_s
        answer = await self._send(browser, page, "/me/enter", chance, number=f"+{msisdn}", code=code)
        self._entered(browser, msisdn, code, sent_s, answer)
        if answer is not None and answer.status == IN and browser.cookies.get(VISIT):
            browser.signs_in(msisdn)
        return await browser.follow(answer)

    def _entered(self, browser: Browser, msisdn: str, code: str, sent_s: float, answer: Answer | None) -> None:
        came_in = answer is not None and answer.status == IN and dict(answer.cookies).get(VISIT)
        status = 0 if answer is None else answer.status if came_in or answer.status != IN else 0
        self.book.guesses.append(Guess(msisdn, code, sent_s, self._stage.now_s, status))

    async def _sign_out(self, browser: Browser) -> None:
        page = await browser.get("/me/settings")
        fields = None if page is None else page.forms.get("/me/leave")
        if fields is None:
            return
        form, cookies = self._remember(browser, "/me/settings", page), dict(browser.cookies)
        answer = await browser.send("/me/leave", fields)
        if answer is None or answer.status != IN:
            return
        browser.leaves()
        if form is not None and self._chance.random() < 0.5:  # the button "back", and a form of the page that was there
            kept, browser.cookies = browser.cookies, cookies
            form.sent.append((self._stage.now_s, browser.is_in))
            await browser.send("/me/settings", page.forms["/me/settings"] | {"change": "collect_refuse"}, keep=False)
            browser.cookies = kept

    # --- what he does there

    async def _borrow(self, browser: Browser, chance: random.Random) -> None:
        page = await self._open(browser, "/me/borrow")
        paths = [] if page is None else [f"/me/offer?choice={choice}" for choice in _CHOICE.findall(page.text)]
        paths += [] if page is None else [f"/me/offer?choice={choice}&amount={least}" for choice, least in _LEAST.findall(page.text)]
        if not paths:
            return
        await self._stage.sleep(chance.uniform(*HESITATES_S))
        page = await self._open(browser, chance.choice(paths))
        if page is None or "/me/borrow" not in page.forms or chance.random() < 0.1:
            return
        await self._stage.sleep(chance.uniform(*HESITATES_S))
        other = {"choice": chance.choice("123")} if chance.random() < 0.05 else {}
        answer = await browser.follow(await self._send(browser, page, "/me/borrow", chance, **other))
        if answer is not None and "/me/borrow" in answer.forms:
            self._remember(browser, "/me/borrow", answer)  # shown anew

    async def _account(self, browser: Browser, chance: random.Random) -> None:
        await self._open(browser, "/me")

    async def _history(self, browser: Browser, chance: random.Random) -> None:
        await self._open(browser, "/me/history")

    async def _change(self, browser: Browser, chance: random.Random) -> None:
        page = await self._open(browser, "/me/settings")
        if page is None or "/me/settings" not in page.forms:
            return
        change = chance.choice(WISHES)
        self.book.wishes[browser.signed].add(change)
        await browser.follow(await self._send(browser, page, "/me/settings", chance, change=change,
                                              value="en" if change == "language" else ""))

    async def _call(self, browser: Browser, chance: random.Random) -> None:
        page = await self._open(browser, "/me/call")
        if page is None or "/me/call" not in page.forms:
            return
        number, request = self._stage.telephones.expect(browser.signed, chance.getrandbits(32), "web")
        answer = await browser.follow(await self._send(browser, page, "/me/call", chance, number=number))
        request.shown = words(answer.text).partition("\n")[2] if answer is not None else ""

    async def _open(self, browser: Browser, path: str) -> Answer | None:
        """A page, and what stands on it; None where he is not in any more."""
        msisdn = browser.signed
        before = self._stage.auditor.balance_minor(msisdn) if msisdn else 0
        page = await browser.get(path)
        if page is None or not browser.is_in:
            return None
        if "/me/leave" not in page.forms:
            browser.leaves()
            return None
        self._look(browser, path, page, before)
        self._remember(browser, path.partition("?")[0], page)
        return page

    def _look(self, browser: Browser, path: str, page: Answer, before: int | None) -> None:
        text = words(page.text)
        numbers = frozenset(_NUMBER.findall(text)) & self._people
        found, balances = _BALANCE.search(text), None
        if path == "/me" and before is not None and found and not self._stage.plan.calling:
            balances = before, screens.minor(found[1]), self._stage.auditor.balance_minor(browser.signed)
        self.book.pages.append(Page(browser.signed, path, self._stage.now_s, numbers, balances))

    def _remember(self, browser: Browser, path: str, page: Answer) -> Form | None:
        """The form that the page has, by its id."""
        action = "/me/borrow" if path == "/me/offer" else path
        id = page.forms.get(action, {}).get("id", "")
        money = [screens.minor(one) for one in _MONEY.findall(page.text)]
        if not id or not browser.signed or action == "/me/borrow" and len(money) < 3:
            return None
        offer = Consent(*money[:3], "", "") if action == "/me/borrow" else None
        if offer is not None and id not in self._stage.journal.sessions:
            self._stage.journal.began(id, browser.signed)
        return self.book.shown(id, browser.signed, PLACES[action], self._stage.now_s, offer)

    # --- sending forms

    async def _send(self, browser: Browser, page: Answer, action: str, chance: random.Random, **filled: str) -> Answer | None:
        """Sends the page's form, as often as his network does."""
        stage, plan, fields = self._stage, self.plan, page.forms.get(action)
        if fields is None:
            return None
        fields = fields | {name: value for name, value in filled.items() if value}
        form = self.book.forms.get(fields.get("id", ""))
        calm = stage.peaceful
        if not calm and chance.random() < plan.late:
            stage.spawn(self._later(browser, action, fields, form, chance.uniform(*LATE_S)))
        if not calm and chance.random() < plan.doubled:
            stage.spawn(self._once(browser, action, fields, form, False))
        if not calm and chance.random() < plan.answer_lost:
            await self._once(browser, action, fields, form, False, lost=True)
            if chance.random() < 0.3:
                return None
        return await self._once(browser, action, fields, form, True)

    async def _later(self, browser: Browser, action: str, fields: dict[str, str], form: Form | None, seconds: float) -> None:
        await self._stage.sleep(seconds)
        if not self._stage.ending:
            await self._once(browser, action, fields, form, False)

    async def _once(self, browser: Browser, action: str, fields: dict[str, str], form: Form | None, keep: bool,
                    lost: bool = False) -> Answer | None:
        stage, sent_s = self._stage, self._stage.now_s
        if form is not None:
            form.sent.append((sent_s, browser.is_in and browser.signed == form.msisdn))
            if form.offer is not None:
                stage.journal.sessions[form.id].consents.append(form.offer)
        stage.happens(SENT)
        answer = await browser.send(action, fields, keep, lost)
        if action == "/me/enter" and not keep:
            self._entered(browser, fields["number"].removeprefix("+"), fields["code"], sent_s, answer)
        if form is not None and answer is not None and answer.status == 200 and action not in answer.forms:
            form.told.add(words(answer.text).partition("\n")[2])
        return answer

    # --- strangers, and the end

    async def asks_for_codes(self, count: int) -> None:
        """A stranger wants codes for everybody."""
        browser = Browser(self._stage, self._chance.choice(self._stage.nodes))
        page = await browser.get("/me")
        for _ in range(count):
            fields = None if page is None else page.forms.get("/me/code")
            if fields is None or self._stage.ending:
                return
            await browser.send("/me/code", fields | {"number": "+" + self._chance.choice(sorted(self._people))})

    async def guesses(self, count: int) -> None:
        """A stranger asks for somebody's code, and guesses it."""
        browser = Browser(self._stage, self._chance.choice(self._stage.nodes))
        msisdn, page = self._chance.choice(sorted(self._people)), await browser.get("/me")
        fields = None if page is None else page.forms.get("/me/code")
        page = None if fields is None else await browser.send("/me/code", fields | {"number": f"+{msisdn}"})
        for _ in range(count):
            fields = None if page is None else page.forms.get("/me/enter")
            if fields is None or self._stage.ending:
                return
            sent_s, code = self._stage.now_s, f"{self._chance.randrange(10**6):06d}"
            self._entered(browser, msisdn, code, sent_s, await browser.send("/me/enter", fields | {"code": code}))

    def calm(self) -> None:
        """Nothing goes wrong any more."""

    async def serves(self) -> None:
        """When all is well each node shows the page where one signs in."""
        for node in self._stage.nodes:
            page = await Browser(self._stage, node).get("/me")
            if page is None or "/me/code" not in page.forms:
                self.book.unserved.append(node)

"""Menu sessions: from a gateway's request to a screen, within the channel's budget, whatever happens.

A session's snapshot lives in bounded memory; losing it costs a redial, never money, because the
step that moves money commits its trigger and its answer.  The same request again gets the same
screen: from the snapshot, from those who wait for the same answer, or from the trigger's row, also
after a restart and on another node.  A request that arrives without a snapshot is replayed from the
start and stops before the confirmation: what was not shown here is not agreed to here.  A redial after a session
that ended before its end begins where that one stopped (left.py).

What has ended is kept for those who ask for the same screen again, for ENDED_S and at most ENDED_MAX
sessions, the oldest is forgotten first; the one that moved money is then answered from its trigger's row.  Screens and inputs that
many have alike are kept once (ALIKE_MAX of them, then anew).

When the billing system is slow the budget's end commits "you will get an SMS" as the answer.
"""

from collections import OrderedDict

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from tectonics.domain.advance import Offer
from tectonics.domain.errors import OurFault, TheirFault
from tectonics.domain.events import BorrowAsked, BorrowConfirmed, Event, ProfileChanged, Trigger
from tectonics.domain.outcome import Balance, Unavailable
from tectonics.domain.screens import Dialled, Screen, Style, keys
from tectonics.domain.subscriber import Account
from tectonics.domain.text import cut
from tectonics.domain.trace import trace_of
from tectonics.engine.admission import Admission
from tectonics.engine.answers import Answers
from tectonics.engine.awaiting import Awaiting
from tectonics.engine.call_requests import CallRequests
from tectonics.engine.counting import count_step
from tectonics.engine.dispatch import Engine
from tectonics.engine.enquiry import Enquiry
from tectonics.engine.left import LeftOff
from tectonics.engine.movements import Movements
from tectonics.engine.pace import Limits
from tectonics.engine.running import start
from tectonics.engine.session import AT_ONCE, CALL, CONFIRM, DIAL, INPUT, Session, new_input, trigger_of_step
from tectonics.workflows.dialogue import Menus, Move
from tectonics.workflows.snapshot import Snapshot

STEPS_MAX = 24  # a session that needs more is ended
ENDED_S = 60  # longer than any gateway tries again
ENDED_MAX = 50_000  # at 1,000 sessions a second nearly a minute (0.7 kB each)
ALIKE_MAX = 2000  # screens and inputs
LAST_RESORT_S = 0.8  # beyond the budget: then "busy" is answered whatever hangs
log = Logger()


class Sessions:
    """Fills ports.Dialogue."""

    def __init__(self, engine: Engine, answers: Answers, enquiry: Enquiry, limits: Limits,
                 codes: tuple[str, ...], requests: CallRequests, movements: Movements) -> None:
        self._engine, self._answers, self._enquiry = engine, answers, enquiry
        self._limits, self._codes, self._requests, self._movements = limits, codes, requests, movements
        self._awaiting = Awaiting(engine, answers, self._failed)
        self._admission = Admission(limits.dialogues_max, limits.decide_ms_target)
        engine.on_dispatched.append(self._dispatched)
        self._serving = 0  # requests under way, those that wait for the billing system too
        self._sessions: OrderedDict[tuple[str, str, str], Session] = OrderedDict()
        self._ended: OrderedDict[tuple[str, str, str], Session] = OrderedDict()
        self._alike: dict = {}
        self.left = LeftOff()

    def __len__(self) -> int:
        return len(self._sessions) + len(self._ended)

    def step(self, style: Style, dialled: Dialled) -> Deferred[Screen]:
        """The next screen, within the style's budget. Never fails."""
        told: Deferred[Screen] = Deferred()
        screen = self._at_once(style, dialled, told)
        if screen is not None:
            told.callback(self._fit(screen, style))
            self._timed(style, dialled, AT_ONCE)
        return told

    def _timed(self, style: Style, dialled: Dialled, step: str) -> None:
        took_s = self._engine.clock.seconds() - dialled.at / 1000
        count_step(self._engine.metrics, style.channel, step, took_s)
        if took_s >= style.budget_s:
            self._engine.metrics.count("tectonics_dialogue_late_total", style.channel)

    def _count_end(self, channel: str, end: str) -> None:
        self._engine.metrics.count("tectonics_dialogue_sessions_total", channel, end)

    def ended(self, style: Style, session: str, msisdn: str) -> None:
        """The gateway says that the session is over."""
        known = self._sessions.get((style.channel, session, msisdn))
        if known is not None and not known.running:
            if known.snapshot is not None:
                self._count_end(style.channel, "left")
            known.snapshot = None

    def place(self, channel: str, session: str, msisdn: str) -> Snapshot | None:
        """Where the menu of a session stands now; None when it is over or forgotten."""
        known = self._sessions.get((channel, session, msisdn))
        return None if known is None else known.snapshot

    def _fit(self, screen: Screen, style: Style) -> Screen:
        text = cut(screen.text, style)
        self._engine.metrics.count("tectonics_dialogue_answers_total", style.channel,
                                   "continue" if screen.more else "end")
        return screen if text == screen.text else Screen(text, screen.more)

    def _say(self, key: str, language: str = "") -> Screen:
        return Screen(self._engine.catalogue.text(key, language), more=False)

    # --- one request

    def _at_once(self, style: Style, dialled: Dialled, told: Deferred[Screen]) -> Screen | None:
        """What can be said without asking anybody; None when `told` is going to hear it."""
        if dialled.code not in self._codes:
            return self._say("code.unknown")
        session = self._session(style, dialled)
        if session is None:
            return self._say("busy")
        request = f"#{dialled.step}" if style.counted else dialled.text
        if request in session.answers and (style.mode == "cumulative" or style.counted
                                           or request == session.seen):
            return Screen.decode(session.answers[request])
        if request in session.running:
            session.running[request].append(told)
            return None
        if session.running or len(session.answers) >= STEPS_MAX:
            return self._say("busy")
        if style.counted and dialled.step < session.step:  # an old one that comes late moves nothing
            return self._say("session.gone")
        session.running[request] = [told]
        self._run(session, request, style, dialled)
        return None

    def _session(self, style: Style, dialled: Dialled) -> Session | None:
        key = (style.channel, dialled.session, dialled.msisdn)
        session = self._sessions.get(key) or self._ended.get(key)
        if session is None or session.expires_at <= dialled.at and not session.running:
            if not self._admits(dialled):
                self._engine.metrics.count("tectonics_shed_total", "dial")
                return None
            session = Session()
        elif max(self._serving, self._engine.dispatching) >= self._limits.dispatch_max:
            self._engine.metrics.count("tectonics_shed_total", "step")
            return None
        session.expires_at = dialled.at + style.session_s * 1000
        self._ended.pop(key, None)
        self._sessions[key] = session
        self._sessions.move_to_end(key)
        self._forget(dialled.at)
        return session

    def _admits(self, dialled: Dialled) -> bool:
        """Whether a new session may begin: advances are shed before call-backs."""
        under_way = max(self._serving, self._engine.dispatching)
        if self._asks_for_call(dialled):
            return under_way < self._limits.dispatch_max
        return under_way < self._limits.dialogues_max and self._admission.admits(self._serving, dialled.at)

    def _asks_for_call(self, dialled: Dialled) -> bool:
        return dialled.code in self._codes[1:]

    def _forget(self, now: int) -> None:
        while self._sessions:
            key, oldest = next(iter(self._sessions.items()))
            if oldest.running or oldest.expires_at > now and len(self._sessions) <= self._limits.sessions_max:
                break
            del self._sessions[key]
            if oldest.snapshot is not None:
                self._count_end(key[0], "silent" if oldest.expires_at <= now else "forgotten")
        ended_max = min(ENDED_MAX, self._limits.sessions_max)
        while self._ended and (len(self._ended) > ended_max
                               or next(iter(self._ended.values())).expires_at <= now):
            self._ended.popitem(last=False)

    def _end(self, key: tuple[str, str, str], session: Session) -> None:
        """From now on it is only kept for those who ask again."""
        if self._sessions.get(key) is session:
            self._count_end(key[0], "finished")
            session.expires_at = min(session.expires_at, self._engine.now() + ENDED_S * 1000)
            self._ended[key] = self._sessions.pop(key)

    def _once(self, value):
        """The value itself, or one that is alike and kept already."""
        if len(self._alike) >= ALIKE_MAX:
            self._alike.clear()
        return self._alike.setdefault(value, value)

    def _run(self, session: Session, request: str, style: Style, dialled: Dialled) -> None:
        """Serves the request; at the latest a little beyond the budget everybody who waits is told.

        That is the last resort: even a store that hangs does not keep the gateway waiting. What is under
        way is not cancelled: it is finished, and found by whoever asks again.
        """
        self._serving += 1
        session.doing = CALL if self._asks_for_call(dialled) else DIAL if session.snapshot is None else INPUT
        left_s = max(0.1, self._left_s(style, dialled) + LAST_RESORT_S)
        timer = self._engine.clock.callLater(
            left_s, lambda: self._conclude(session, request, style, dialled, self._say("busy")))

        def served(result) -> None:
            failed = isinstance(result, Failure)
            if failed:
                self._failed(result, trace_of(style.channel, dialled.session))
            if timer.active():
                timer.cancel()
                self._conclude(session, request, style, dialled, None if failed else result)

        start(self._serve(session, style, dialled), served)

    def _failed(self, failure: Failure, trace: str = "") -> None:
        if not failure.check(TheirFault, OurFault):
            log.failure("a dialogue failed", failure, trace=trace)
            self._engine.alarms.raise_alarm("internal_fault", f"dialogue: {failure.getErrorMessage()}", "dialogue")

    def _conclude(self, session: Session, request: str, style: Style, dialled: Dialled,
                  screen: Screen | None) -> None:
        """Keeps the screen and tells it; None is a failure, of which nothing is kept."""
        waiting = session.running.pop(request)
        self._serving -= 1
        if screen is not None:
            session.seen = self._once(dialled.text)
            session.step = dialled.step if style.counted else -1
            session.answers[self._once(request)] = self._once(screen.encode())
            if not screen.more and not session.running:
                self._end((style.channel, dialled.session, dialled.msisdn), session)
        for told in waiting:
            told.callback(self._fit(screen or self._say("busy"), style))
        self._timed(style, dialled, session.doing)

    async def _serve(self, session: Session, style: Style, dialled: Dialled) -> Screen:
        if self._asks_for_call(dialled):
            trigger = trigger_of_step(style, dialled, "call")
            return await self._requests.dialled(dialled, trigger, self._left_s(style, dialled)) or self._say("busy")
        if session.snapshot is None and session.answers and style.mode == "cumulative":
            return self._say("session.gone")
        if session.snapshot is None:
            return await self._dial(session, style, dialled)
        text = new_input(style, session, dialled)
        if text is None:
            return self._say("session.gone")
        menus = Menus(self._engine.context(dialled.at), style)
        move = menus.enter(session.snapshot, text)
        if move.confirmed is None:
            return await self._show(session, style, dialled, move)
        self.left.note(dialled.msisdn, None, dialled.at)
        session.doing = CONFIRM
        return await self._confirm(session, style, dialled, move.confirmed)

    async def _show(self, session: Session, style: Style, dialled: Dialled, move: Move) -> Screen:
        """The next screen; another language is spoken from now on, here and everywhere."""
        if move.change:
            change, value = move.change
            told = Trigger(style.channel, f"{trigger_of_step(style, dialled, str(dialled.at)).id}|{change}")
            await self._engine.dispatch(ProfileChanged(dialled.msisdn, dialled.at, change, value, "the subscriber",
                                                       told))
        session.snapshot = move.snapshot
        self.left.note(dialled.msisdn, move.snapshot, dialled.at)
        return move.screen

    # --- the first request

    async def _dial(self, session: Session, style: Style, dialled: Dialled) -> Screen:
        trigger = trigger_of_step(style, dialled, "yes" if dialled.text == keys(style).yes else "dial")
        loaded = await self._engine.store.load(dialled.msisdn, (trigger,))
        if trigger in loaded.answers:
            return await self._answer(style, dialled, trigger, loaded.answers[trigger])
        account = loaded.account or Account(dialled.msisdn)
        self._engine.known.keep(account)
        inputs = dialled.text.split("*") if dialled.text else []
        context = self._engine.context()
        menus = Menus(context, style)
        if inputs and inputs[0].strip() == keys(style).owe:
            return menus.owed(account)
        if inputs and inputs[0].strip() == keys(style).settings:
            balance = await self._enquiry.available(account.msisdn, account.profile.node, self._left_s(style, dialled))
            move = menus.settings(account, balance, await self._movements.newest(account))
            return await self._show(session, style, dialled, menus.replay(move, inputs[1:]))
        self._engine.metrics.count("tectonics_requests_total", "advance")
        choices, balance = await self._enquiry.may_borrow(account, context, self._left_s(style, dialled))
        if not choices:
            return await self._refuse(style, dialled, trigger, balance)
        left = None if inputs else self.left.take(dialled.msisdn, dialled.at)
        move = menus.open(account, choices) if left is None else menus.resume(account, choices, left)
        return await self._show(session, style, dialled, menus.replay(move, inputs))

    async def _refuse(self, style: Style, dialled: Dialled, trigger: Trigger,
                      balance: Balance | Unavailable | None) -> Screen:
        asked = BorrowAsked(dialled.msisdn, trigger, dialled.at, balance)
        result = await self._engine.dispatch(asked)
        if result.decision is not None:
            return result.decision.answer
        return await self._answer(style, dialled, trigger, result.answer) if result.duplicate \
            else self._say("busy")

    # --- the confirmation

    async def _confirm(self, session: Session, style: Style, dialled: Dialled, offer: Offer) -> Screen:
        trigger = trigger_of_step(style, dialled, "yes")
        if self._answers.full:
            return self._say("busy")
        balance = await self._balance(style, dialled)
        answered = self._answers.wait(dialled.msisdn, trigger)
        confirmed = BorrowConfirmed(dialled.msisdn, trigger, dialled.at, offer, balance)
        try:
            result = await self._engine.dispatch(confirmed)
        except (TheirFault, OurFault):
            self._answers.tell(dialled.msisdn, trigger, self._say("busy").encode())
            return Screen.decode(await answered)
        session.snapshot = None
        if result.answer is not None:
            self._answers.tell(dialled.msisdn, trigger, result.answer)
        return await self._awaited(style, dialled, trigger, answered)

    def _dispatched(self, event: Event, took_s: float, now: int) -> None:
        """How long a request of a session takes says how many may dial."""
        if isinstance(event, BorrowAsked | BorrowConfirmed):
            self._admission.decided(took_s, now)

    async def _balance(self, style: Style, dialled: Dialled) -> Balance | Unavailable:
        account = self._engine.known.see(dialled.msisdn)
        if account is None:
            account = (await self._engine.store.load(dialled.msisdn)).account or Account(dialled.msisdn)
        return await self._enquiry.balance(account, self._engine.policies.current,
                                           self._left_s(style, dialled))

    def _left_s(self, style: Style, dialled: Dialled) -> float:
        return style.budget_s - (self._engine.now() - dialled.at) / 1000

    async def _answer(self, style: Style, dialled: Dialled, trigger: Trigger, answer: bytes | None) -> Screen:
        """The answer of a request that has been served, or is being served, here or elsewhere."""
        if answer is not None:
            return Screen.decode(answer)
        return await self._awaited(style, dialled, trigger, self._answers.wait(dialled.msisdn, trigger))

    def _awaited(self, style: Style, dialled: Dialled, trigger: Trigger, answered: Deferred[bytes]):
        until_at = dialled.at + round(style.budget_s * 1000)
        return self._awaiting.screen(dialled.msisdn, trigger, answered, until_at)

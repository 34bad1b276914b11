"""What each address of /me does. A handler that is given None by the engine has a visitor who is nobody here any more."""

from http import HTTPStatus

from twisted.internet.defer import Deferred

from tectonics.domain.errors import TheirFault
from tectonics.domain.login import DIGITS, VALID_S
from tectonics.domain.self_care import AGREE, Menu
from tectonics.oam.web.inputs import query
from tectonics.oam.web.me.site import LANGUAGE, Asked, Over, SelfCareSite
from tectonics.oam.web.routes import uncancelled

ID_CHARS_MAX = 64
LANGUAGE_S = 365 * 86_400
_MENU = ("choice", "amount")


async def _told(asked: Deferred):
    """The engine's answer, also when the browser does not wait for it; Over where he is not the holder any more."""
    answer = await uncancelled(asked)
    if answer is None:
        raise Over("the number is somebody else's")
    return answer


# --- signing in and out

async def home(site: SelfCareSite, asked: Asked) -> bytes:
    """Signed in, his account; else where one signs in."""
    if asked.visit is None:
        return site.page(asked, "enter", wrong="", number="")
    seen = await _told(site.care.overview(asked.visit.visitor))
    _speak(site, asked, seen.language)
    return site.page(asked, "home", seen=seen)


async def send_code(site: SelfCareSite, asked: Asked) -> bytes:
    """The page where the code is entered, whoever has the number."""
    msisdn = site.msisdn(asked)
    site.door.ask(msisdn, site.source(asked))
    return _code_page(site, asked, msisdn)


async def enter(site: SelfCareSite, asked: Asked) -> bytes:
    """Signs in by the code."""
    msisdn = site.msisdn(asked)
    code = "".join(asked.fields.get("code", "").split())[:DIGITS + 1]
    visitor = await site.door.enter(msisdn, code, site.source(asked))
    if visitor is None:
        return _code_page(site, asked, msisdn, "code.wrong", HTTPStatus.UNPROCESSABLE_ENTITY)
    site.sign_in(asked, visitor)
    return site.to(asked, "/me")


def _code_page(site: SelfCareSite, asked: Asked, msisdn: str, wrong: str = "", status: int = HTTPStatus.OK) -> bytes:
    return site.page(asked, "code", status, number=f"+{msisdn}", minutes=str(VALID_S // 60), digits=DIGITS, wrong=wrong)


async def sign_out(site: SelfCareSite, asked: Asked) -> bytes:
    """Ends the visit."""
    site.sign_out(asked)
    return site.to(asked, "/me")


async def speak(site: SelfCareSite, asked: Asked) -> bytes:
    """Before he signs in: the language of the pages on this phone."""
    language = site.pages.language(asked.fields.get("lang", ""))
    site.give(asked.request, LANGUAGE, language, LANGUAGE_S)
    return site.to(asked, "/me")


def _speak(site: SelfCareSite, asked: Asked, language: str) -> None:
    """His own language, from this page on."""
    asked.visit.language = language or asked.visit.language
    asked.language = site.pages.language(asked.visit.language, asked.language)


# --- borrowing

async def offers(site: SelfCareSite, asked: Asked) -> bytes:
    """What he may have, or why nothing."""
    return _menu_page(site, asked, await _told(site.care.borrow(asked.visit.visitor, site.new_id())), ())


async def offer(site: SelfCareSite, asked: Asked) -> bytes:
    """The whole cost of one offer, with the one button that agrees."""
    typed = _typed(query(asked.request))
    return await _shown(site, asked, typed)


async def _shown(site: SelfCareSite, asked: Asked, typed: tuple[str, ...]) -> bytes:
    id = site.new_id()
    return _menu_page(site, asked, await _told(site.care.borrow(asked.visit.visitor, id, *typed)), typed, id)


async def agree(site: SelfCareSite, asked: Asked) -> bytes:
    """Lends what was shown, once; where it is not known any more what that was, it is shown anew."""
    typed = _typed(asked.fields)
    menu = await _told(site.care.borrow(asked.visit.visitor, _id(asked), *typed, AGREE))
    return await _shown(site, asked, typed) if menu.more else _menu_page(site, asked, menu, typed)


def _menu_page(site: SelfCareSite, asked: Asked, menu: Menu, typed: tuple[str, ...], id: str = "") -> bytes:
    if not menu.more:
        return site.page(asked, "result", title="borrow", text=menu.text)
    if menu.offer is not None:
        return site.page(asked, "offer", offer=menu.offer, currency=menu.currency, id=id,
                         fields=dict(zip(_MENU, typed, strict=False)))
    lines = (menu.typing,) if menu.typing is not None else menu.offers
    return site.page(asked, "offers", lines=lines, currency=menu.currency)


def _typed(given: dict[str, str]) -> tuple[str, ...]:
    return tuple(given[name].strip()[:20] for name in _MENU if given.get(name, "").strip())


def _id(asked: Asked) -> str:
    """The name that the form's page gave the request."""
    id = asked.fields.get("id", "")
    if not (id.isascii() and id.isalnum() and len(id) <= ID_CHARS_MAX):
        raise TheirFault("the form has no id")
    return id


# --- everything else

async def history(site: SelfCareSite, asked: Asked) -> bytes:
    """What he borrowed and paid back, a page of it."""
    entries, older = await _told(site.care.history(asked.visit.visitor, query(asked.request).get("before", "")))
    return site.page(asked, "history", entries=entries, older=older)


async def settings(site: SelfCareSite, asked: Asked) -> bytes:
    """What he can change."""
    seen = await _told(site.care.overview(asked.visit.visitor))
    _speak(site, asked, seen.language)
    return site.page(asked, "settings", seen=seen, id=site.new_id(), saved="saved" in query(asked.request))


async def change(site: SelfCareSite, asked: Asked) -> bytes:
    """Changes one thing."""
    given = asked.fields
    await _told(site.care.change(asked.visit.visitor, _id(asked), given.get("change", ""), given.get("value", "")[:20]))
    return site.to(asked, "/me/settings?saved=1")


async def call(site: SelfCareSite, asked: Asked) -> bytes:
    """Asks whom he wants to call."""
    return site.page(asked, "call", id=site.new_id())


async def call_back(site: SelfCareSite, asked: Asked) -> bytes:
    """Asks for the call-back."""
    number = asked.fields.get("number", "").strip()[:40]
    text = await _told(site.care.call_back(asked.visit.visitor, _id(asked), number))
    return site.page(asked, "result", title="call", text=text)


TABLE = (
    ("GET", "/me", False, home), ("POST", "/me/code", False, send_code), ("POST", "/me/enter", False, enter),
    ("POST", "/me/language", False, speak), ("POST", "/me/leave", True, sign_out),
    ("GET", "/me/borrow", True, offers), ("GET", "/me/offer", True, offer), ("POST", "/me/borrow", True, agree),
    ("GET", "/me/history", True, history), ("GET", "/me/settings", True, settings), ("POST", "/me/settings", True, change),
    ("GET", "/me/call", True, call), ("POST", "/me/call", True, call_back),
)

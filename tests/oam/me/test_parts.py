"""What the pages stand on: rates, visits, addresses behind proxies, languages, tokens of forms."""

import contextlib
import re
from io import BytesIO
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import TheirFault
from tectonics.domain.self_care import Visitor
from tectonics.oam.web.me.asked import FIELDS_MAX, FORM_BYTES_MAX, Fronts, Tokens, fields, is_from_here
from tectonics.oam.web.me.pages import Pages, statics
from tectonics.oam.web.me.rates import Rates
from tectonics.oam.web.me.visits import Visits
from tests.oam.me.served import CATALOGUE, Chance

HIM = Visitor("33600000001", 1, 0)
STATIC = statics()


# --- rates

def test_a_window_begins_with_the_first_and_ends_for_each_key_by_itself():
    rates = Rates(2, 60)
    assert [rates.take("a", at) for at in (0, 1, 2, 59.9)] == [True, True, False, False]
    assert rates.take("b", 2) and rates.take("a", 60) and rates.take("a", 61) and not rates.take("a", 119)


def test_at_the_bound_the_key_that_was_used_longest_ago_is_forgotten():
    rates = Rates(1, 60, keys_max=2)
    assert [rates.take(key, 0) for key in ("a", "b", "c")] == [True] * 3 and len(rates) == 2
    assert rates.take("a", 1) and not rates.take("c", 1)


# --- visits

def visits(**changes):
    return Visits(**({"idle_s": 100, "visit_s": 1000, "visits_max": 2, "random": Chance()} | changes))


def test_a_visit_is_found_by_its_cookie_until_it_is_idle_or_closed():
    kept = visits()
    cookie = kept.open(HIM, "fr", 0)
    assert len(cookie) == 32 and kept.find(cookie, 99).visitor == HIM and kept.find(cookie, 198).language == "fr"
    assert kept.find(cookie, 299) is None and len(kept) == 0
    cookie = kept.open(HIM, "", 300)
    kept.close(cookie)
    assert kept.find(cookie, 300) is None and kept.find("x" * 500, 300) is None
    kept.close(cookie)


def test_a_visit_ends_however_busy_it_is():
    kept = visits()
    cookie = kept.open(HIM, "", 0)
    assert all(kept.find(cookie, at) for at in range(0, 1000, 50)) and kept.find(cookie, 1000) is None


def test_at_the_bound_who_is_idle_for_longest_is_signed_out_and_cookies_are_not_kept():
    kept = visits()
    first, second = kept.open(HIM, "", 0), kept.open(HIM, "", 1)
    kept.find(first, 2)
    third = kept.open(HIM, "", 3)
    assert [kept.find(one, 4) is not None for one in (first, second, third)] == [True, False, True]
    assert first not in repr(kept.__dict__)


# --- where it comes from

def request(peer="192.0.2.1", secure=False, **headers):
    told = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    return SimpleNamespace(getClientAddress=lambda: SimpleNamespace(host=peer), getHeader=told.get,
                           isSecure=lambda: secure)


@pytest.mark.parametrize(("peer", "forwarded", "source"), [
    ("192.0.2.1", "", "192.0.2.1"),
    ("192.0.2.1", "203.0.113.9", "192.0.2.1"),  # no proxy of ours: it may say what it likes
    ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
    ("127.0.0.1", "198.51.100.7, 203.0.113.9", "203.0.113.9"),  # the last is what our proxy saw
    ("127.0.0.1", "203.0.113.9, 10.1.2.3", "203.0.113.9"),  # two proxies of ours
    ("127.0.0.1", "nonsense", "127.0.0.1"), ("127.0.0.1", "", "127.0.0.1"),
    ("127.0.0.1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ("2001:db8::1", "", "2001:db8::/64"), ("::ffff:192.0.2.7", "", "192.0.2.7"), ("", "", "unknown")])
def test_the_source_is_what_a_believed_proxy_saw(peer, forwarded, source):
    fronts = Fronts(["127.0.0.1/32", "10.0.0.0/8"])
    assert fronts.source(request(peer, x_forwarded_for=forwarded)) == source


@given(st.text(st.characters(codec="latin-1"), max_size=200))
def test_no_header_makes_the_source_fail(text):
    asked = SimpleNamespace(getClientAddress=lambda: SimpleNamespace(host="127.0.0.1"),
                            getHeader=lambda _: text.encode("latin-1"))
    assert Fronts(["127.0.0.1/32"]).source(asked)


def test_only_a_believed_proxy_says_that_it_came_over_tls():
    fronts = Fronts(["127.0.0.1/32"])
    assert fronts.is_secure(request("127.0.0.1", x_forwarded_proto="https"))
    assert not fronts.is_secure(request("127.0.0.1", x_forwarded_proto="http"))
    assert not fronts.is_secure(request("192.0.2.1", x_forwarded_proto="https"))
    assert fronts.is_secure(request("192.0.2.1", secure=True))


@pytest.mark.parametrize(("headers", "here"), [
    ({}, True), ({"origin": "http://me.example:8080"}, True), ({"origin": "http://ME.example:8080"}, True),
    ({"origin": "http://evil.example"}, False), ({"origin": "null"}, False), ({"origin": "http://["}, False),
    ({"sec_fetch_site": "same-origin"}, True), ({"sec_fetch_site": "cross-site"}, False),
    ({"sec_fetch_site": "same-site"}, False), ({"sec_fetch_site": "none"}, False)])
def test_a_form_of_another_site_is_told(headers, here):
    assert is_from_here(request(host="me.example:8080", **headers)) is here


def test_a_token_fits_its_cookie_alone_and_dies_with_the_process():
    tokens = Tokens(b"k" * 32)
    assert tokens.fits("mine", tokens.of("mine")) and not tokens.fits("yours", tokens.of("mine"))
    assert not tokens.fits("", tokens.of("")) and not tokens.fits("mine", "") and not tokens.fits("mine", "é")
    assert not Tokens(b"l" * 32).fits("mine", tokens.of("mine"))


def form(body, kind=b"application/x-www-form-urlencoded"):
    return SimpleNamespace(content=BytesIO(body), getHeader=lambda _: kind)


def test_a_form_has_each_field_once_in_utf_8():
    assert fields(form(b"a=1&b=%C3%A9+x&c=")) == {"a": "1", "b": "\u00e9 x", "c": ""}
    assert fields(form(b"", b"application/x-www-form-urlencoded; charset=UTF-8")) == {}


@pytest.mark.parametrize("asked", [
    form(b"a=1&a=2"), form(b"a=%ff"), form(b"a=\xff"), form(b"a=1", b"text/plain"), form(b"a=1", None),
    form(b"a=" + b"1" * FORM_BYTES_MAX), form(b"&".join(b"f%d=1" % n for n in range(FIELDS_MAX + 1)))])
def test_what_is_no_form_is_said_so(asked):
    with pytest.raises(TheirFault):
        fields(asked)


@given(st.binary(max_size=200))
def test_any_body_is_a_form_or_is_said_to_be_none(body):
    with contextlib.suppress(TheirFault):
        assert all(isinstance(text, str) for pair in fields(form(body)).items() for text in pair)


# --- looks

def rules():
    """(scheme, its colours) of the style sheet."""
    text = STATIC["me.css"][0].decode()
    blocks = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", text, re.DOTALL)]
    return list(zip(("light", "dark"), blocks, strict=True))


def luminance(colour):
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("scheme", "colours"), rules())
@pytest.mark.parametrize(("ink", "ground", "least"), [
    ("ink", "paper", 4.5), ("ink", "card", 4.5), ("soft", "card", 4.5), ("soft", "paper", 4.5), ("accent", "card", 4.5),
    ("accent", "paper", 4.5), ("accent-ink", "accent", 4.5), ("warn", "warn-tint", 4.5), ("warn", "card", 4.5),
    ("ink", "tint", 4.5), ("edge", "paper", 3), ("edge", "card", 3)])
def test_contrasts_are_those_of_wcag_aa(scheme, colours, ink, ground, least):
    light, dark = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= least


# --- languages

@pytest.mark.parametrize(("wishes", "language"), [
    (("", ""), "en"), (("fr",), "fr"), (("xx", "es"), "es"), (("", "de, fr-CH;q=0.8, ar;q=0.9"), "ar"),
    (("fr-FR, en;q=0.5",), "fr"), (("fr;q=0",), "en"), (("fr;q=much, es;q=0.1",), "es"), (("*",), "en")])
def test_the_dearest_language_that_is_there_is_spoken(wishes, language):
    assert Pages(CATALOGUE).language(*wishes) == language


@given(st.text(max_size=100))
def test_no_wish_makes_it_fail(text):
    assert Pages(CATALOGUE).language(text) in CATALOGUE.languages

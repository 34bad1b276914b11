"""What the pages stand on: rates, visits, addresses behind proxies, languages, tokens of forms."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.self_care import Visitor
from tectonics.oam.web.me.asked import Fronts, Tokens, is_from_here
from tectonics.oam.web.me.pages import Pages
from tectonics.oam.web.me.rates import Rates
from tectonics.oam.web.me.visits import Visits
from tests.oam.me.served import CATALOGUE, Chance

HIM = Visitor("33600000001", 1, 0)


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


# --- languages

@pytest.mark.parametrize(("wishes", "language"), [
    (("", ""), "en"), (("fr",), "fr"), (("xx", "es"), "es"), (("", "de, fr-CH;q=0.8, ar;q=0.9"), "ar"),
    (("fr-FR, en;q=0.5",), "fr"), (("fr;q=0",), "en"), (("fr;q=much, es;q=0.1",), "es"), (("*",), "en")])
def test_the_dearest_language_that_is_there_is_spoken(wishes, language):
    assert Pages(CATALOGUE).language(*wishes) == language


@given(st.text(max_size=100))
def test_no_wish_makes_it_fail(text):
    assert Pages(CATALOGUE).language(text) in CATALOGUE.languages

"""Addresses have one spelling; a PIN is known only by who knows it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import TheirFault
from tectonics.domain.mailbox import (
    ADDRESS_MAX,
    BadAddress,
    check_pin,
    domain_of,
    fold_address,
    hash_pin,
    is_domain,
    is_pin,
    mask_address,
)

SALT = b"0123456789abcdef"


@pytest.mark.parametrize(("text", "folded"), [
    ("Ann.Lee@Mail.Example", "ann.lee@mail.example"), ("a+sos@b-c.example", "a+sos@b-c.example"),
    ("o'neil@xn--bcher-kva.example", "o'neil@xn--bcher-kva.example")])
def test_one_spelling(text, folded):
    assert fold_address(text) == folded == fold_address(folded)


@pytest.mark.parametrize("text", [
    "", "ann", "ann@", "@example.com", "ann@example", "ann@@example.com", "a..b@example.com", ".a@example.com",
    "ann@example.com\n", "ann@example.com\r\nBcc: x@y.z", "ann@-a.example", "änn@example.com", "\"a b\"@example.com",
    "ann@exa mple.com", "a@" + "b." * 150 + "example", "a" * 65 + "@example.com", "ann@example.com\x00",
    "ann@ex\u0430mple.com", "ann@[192.0.2.1]"])
def test_no_address(text):
    with pytest.raises(BadAddress):
        fold_address(text)


@given(st.text(max_size=300))
def test_what_is_folded_is_plain_and_stays(text):
    try:
        folded = fold_address(text)
    except BadAddress:
        return
    assert folded.isascii() and folded.isprintable() and len(folded) <= ADDRESS_MAX and fold_address(folded) == folded
    assert is_domain(domain_of(folded))


def test_pins():
    kept = hash_pin("123456", SALT)
    assert is_pin("123456", kept) and not is_pin("123457", kept) and not is_pin("123456", "")
    assert "123456" not in kept and kept != hash_pin("123456", b"fedcba9876543210")


@pytest.mark.parametrize("pin", ["12345", "1" * 13, "12345a", "", "１２３４５６", "123 456"])
def test_a_pin_is_digits(pin):
    with pytest.raises(TheirFault):
        check_pin(pin)


def test_a_log_does_not_say_who():
    assert mask_address("ann.lee@mail.example") == "a...@mail.example"

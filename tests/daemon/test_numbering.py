"""What people dial becomes an E.164 number with country and kind, or none; by the public numbering plans."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.daemon.numbering import Plans
from tectonics.domain import numbers
from tectonics.domain.numbers import KINDS, Number

FRENCH, US, JAMAICAN, ITALIAN, BRITISH = "33612345678", "12125550123", "18765551234", "393123456789", "447400123456"
OURS = Plans("33")
ANYWHERE = Plans()


@pytest.mark.parametrize("text", [
    "0612345679", "06 12 34 56 79", "06.12.34.56.79", "+33612345679", "+33 6 12 34 56 79", "0033612345679",
    "33612345679", "tel:+33612345679", "+33(0)612345679", "٠٦١٢٣٤٥٦٧٩", " 06-12-34-56-79 "])
@pytest.mark.parametrize("plans", [OURS, ANYWHERE], ids=["configured", "by subscriber"])
def test_one_number_however_it_is_written(plans, text):
    assert plans.read(text, FRENCH) == Number("33612345679", "FR", numbers.MOBILE)


@pytest.mark.parametrize(("text", "digits", "country", "kind"), [
    ("0145678901", "33145678901", "FR", numbers.FIXED),
    ("+442079460958", "442079460958", "GB", numbers.FIXED),
    ("00442079460958", "442079460958", "GB", numbers.FIXED),
    ("442079460958", "442079460958", "GB", numbers.FIXED),
    ("0800123456", "33800123456", "FR", numbers.TOLL_FREE),
    ("0899123456", "33899123456", "FR", numbers.PREMIUM),
    ("0810123456", "33810123456", "FR", numbers.SHARED_COST),
    ("0912345678", "33912345678", "FR", numbers.VOIP),
    ("+12125550123", "12125550123", "US", numbers.FIXED_OR_MOBILE),
    ("+390612345678", "390612345678", "IT", numbers.FIXED),  # the zero belongs to the number there
    ("+870773111632", "870773111632", "001", numbers.SATELLITE),
    ("+881612345678", "881612345678", "001", numbers.SATELLITE),
    ("0088216123456", "88216123456", "001", numbers.SATELLITE),
    ("+447012345678", "447012345678", "GB", numbers.PERSONAL),
    ("+448449811234", "448449811234", "GB", numbers.PREMIUM),
    ("+33199999999", "33199999999", "FR", numbers.FIXED),
    ("+1 212 055 0123", "12120550123", "US", numbers.UNKNOWN),  # long enough, and in no plan
    ("112", "112", "FR", numbers.EMERGENCY),
    ("911", "911", "FR", numbers.EMERGENCY),
    ("15", "15", "FR", numbers.EMERGENCY),
    ("18", "18", "FR", numbers.EMERGENCY),
    ("3631", "3631", "FR", numbers.SHORT),
    ("118712", "118712", "FR", numbers.SHORT),
])
def test_kinds(text, digits, country, kind):
    assert OURS.read(text, FRENCH) == Number(digits, country, kind)


@pytest.mark.parametrize("text", ["", "+", "call me", "0800-FLOWERS", "0612345678x9", "0612345678;ext=3", "++33612345679",
                                  "0" * 30, "+999123456789", "*144#", "06123456781234567", "9" * 70])
def test_no_number(text):
    assert OURS.read(text, FRENCH) is None


def test_the_country_is_the_configured_one_or_the_subscribers():
    assert ANYWHERE.read("02079460958", BRITISH).digits == "442079460958"
    assert Plans("44").read("02079460958", FRENCH).digits == "442079460958"
    assert ANYWHERE.read("999", BRITISH).kind == numbers.EMERGENCY
    assert ANYWHERE.read("999", FRENCH).kind == numbers.SHORT
    assert ANYWHERE.read("0612345679", "999999999999") is None


def test_several_countries_share_a_code():
    plans = Plans("1")
    assert plans.read("8765550199", JAMAICAN) == plans.read("+18765550199", US)
    assert plans.read("9115550123", US).kind == numbers.EMERGENCY  # the network takes it for 911
    assert Plans("39").read("0612345678", ITALIAN).digits == "390612345678"


def test_a_range_is_ten_thousand_numbers():
    assert OURS.read("0612345679", FRENCH).range == "3361234"


@given(st.text(max_size=70) | st.text("0123456789+ -", max_size=20), st.sampled_from((FRENCH, US, "999")))
def test_any_text_is_a_number_or_none_and_always_the_same(text, of):
    found = OURS.read(text, of)
    assert found == Plans("33").read(text, of)
    if found is not None:
        assert found.digits.isascii() and found.digits.isdecimal() and len(found.digits) <= 17
        assert found.kind in (*KINDS, numbers.EMERGENCY, numbers.SHORT)
        if found.kind in KINDS:
            assert OURS.read(f"+{found.digits}", of) == found

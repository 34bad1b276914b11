"""Forms: what is read, what is refused and why; the normal form of what was dialled."""

from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.channels.ussd_form import TEXT_BYTES_MAX, UssdForm
from tectonics.domain.errors import BadMessage
from tectonics.domain.screens import Style

GOOD = {"sessionId": "S1", "phoneNumber": "+33600000001", "networkCode": "20801", "serviceCode": "*133#", "text": ""}


def read(form=None, mode="cumulative", codes=("*133#", "*133*7#", "*144#"), step_field="", **changes):
    fields = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    form = urlencode(fields).encode() if form is None else form
    return UssdForm(Style(mode=mode), "33", codes, step_field).dialled(form, 1)


@pytest.mark.parametrize("number", ["+33600000001", "33600000001", "0033600000001", "0600000001", "tel:+33600000001",
                                    "+33 6 00 00 00 01"])
def test_numbers_in_every_usual_form(number):
    assert read(phoneNumber=number).msisdn == "33600000001"


def test_a_plus_sign_that_came_as_a_space_is_understood():
    assert read(b"sessionId=S1&phoneNumber=+33600000001&serviceCode=*133#&text=").msisdn == "33600000001"


@pytest.mark.parametrize(("service_code", "text", "code", "joined"), [
    ("*133#", "", "*133#", ""),
    ("*133#", "1*2", "*133#", "1*2"),
    ("*133", "", "*133#", ""),
    ("*133*1#", "", "*133#", "1"),
    ("*133*1#", "2", "*133#", "1*2"),
    ("*133*1*2#", "3*4", "*133#", "1*2*3*4"),
    ("*133*7#", "", "*133*7#", ""),
    ("*133*7*1#", "", "*133*7#", "1"),
    ("*133*71#", "", "*133#", "71"),
    ("*144*33611111111#", "", "*144#", "33611111111"),
    ("*1334#", "", "*1334#", ""),
    ("*999*5#", "", "*999#", "5"),
    ("#100#", "", "#100#", ""),
    ("*#06#", "", "*#06#", ""),
])
def test_the_normal_form_of_what_was_dialled(service_code, text, code, joined):
    dialled = read(serviceCode=service_code, text=text)
    assert (dialled.code, dialled.text) == (code, joined)


def test_in_mode_last_the_newest_input_wins_over_the_code():
    assert read(mode="last", serviceCode="*133*1#", text="").text == "1"
    assert read(mode="last", serviceCode="*133*1#", text="2").text == "2"


@pytest.mark.parametrize("service_code", ["", "133", "*#", "hello", "*133##", "*133#5", "*१३३#", "*" + "1" * 16 + "#",
                                          "*133*" + "1" * 200 + "#"])
def test_what_is_no_service_code(service_code):
    with pytest.raises(BadMessage, match=r"^serviceCode: not a USSD code such as \*133#$"):
        read(serviceCode=service_code)


@pytest.mark.parametrize("missing", ["sessionId", "phoneNumber", "serviceCode", "text"])
def test_a_needed_field_that_is_missing_or_given_twice_is_named(missing):
    with pytest.raises(BadMessage, match=f"^{missing}: missing$"):
        read(**{missing: None})
    with pytest.raises(BadMessage, match=f"^{missing}: given twice$"):
        read(urlencode(GOOD).encode() + b"&" + missing.encode() + b"=1")


@pytest.mark.parametrize(("changes", "says"), [
    ({"sessionId": ""}, "sessionId: empty"),
    ({"sessionId": "s" * 129}, "sessionId: longer than 128 bytes"),
    ({"sessionId": "é" * 65}, "sessionId: longer than 128 bytes"),
    ({"sessionId": "a\x00b"}, "sessionId: holds a control character"),
    ({"text": "1\n2"}, "text: holds a control character"),
    ({"text": "1" * (TEXT_BYTES_MAX + 1)}, f"text: longer than {TEXT_BYTES_MAX} bytes"),
    ({"text": "1" * TEXT_BYTES_MAX, "serviceCode": "*133*1#"}, f"text: longer than {TEXT_BYTES_MAX} bytes"),
    ({"text": "é" * (TEXT_BYTES_MAX // 2 + 1)}, f"text: longer than {TEXT_BYTES_MAX} bytes"),
    ({"phoneNumber": "Alice"}, "phoneNumber: not a telephone number in international form, such as 33612345678"),
])
def test_what_is_refused_and_why(changes, says):
    with pytest.raises(BadMessage) as error:
        read(**changes)
    assert str(error.value) == says


def test_the_longest_values_are_taken():
    dialled = read(sessionId="s" * 128, text="1" * TEXT_BYTES_MAX)
    assert (len(dialled.session), len(dialled.text)) == (128, TEXT_BYTES_MAX)


@pytest.mark.parametrize(("raw", "says"), [
    (b"text=%", "text: a percent sign that is not followed by two hexadecimal digits"),
    (b"text=%4", "text: a percent sign that is not followed by two hexadecimal digits"),
    (b"text=%g0", "text: a percent sign that is not followed by two hexadecimal digits"),
    (b"text=%C3%28", "text: not UTF-8"),
    (b"text=\xed\xa0\x80", "text: not UTF-8"),
    (b"te%78t=1&text=1", "text: given twice"),
])
def test_broken_encodings(raw, says):
    with pytest.raises(BadMessage) as error:
        read(b"sessionId=S1&phoneNumber=33600000001&serviceCode=*133%23&" + raw)
    assert str(error.value) == says


def test_fields_that_are_not_needed_are_not_looked_at():
    assert read(urlencode(GOOD).encode() + b"&networkCode=%zz&\xff=\xff&&=&x").session == "S1"


@pytest.mark.parametrize("step", ["0", "7", "9999"])
def test_a_step_counter_is_read(step):
    assert read(step_field="hop", hop=step).step == int(step)


@pytest.mark.parametrize(("step", "says"), [
    (None, "hop: missing"), ("", "hop: not a number from 0 to 9999"), ("-1", "hop: not a number from 0 to 9999"),
    ("10000", "hop: not a number from 0 to 9999"), ("१", "hop: not a number from 0 to 9999"),
])
def test_a_bad_step_counter(step, says):
    with pytest.raises(BadMessage) as error:
        read(step_field="hop", hop=step)
    assert str(error.value) == says


_WRITTEN = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40)


@given(session=_WRITTEN.filter(lambda text: 0 < len(text.encode()) <= 128), text=_WRITTEN)
def test_what_a_gateway_encodes_is_what_is_read(session, text):
    dialled = read(sessionId=session, text=text)
    assert (dialled.session, dialled.text, dialled.step) == (session, text, None)


@given(whole=st.lists(st.from_regex(r"[0-9]{1,4}", fullmatch=True), max_size=4),
       typed=st.lists(st.from_regex(r"[0-9]{1,4}", fullmatch=True), max_size=4))
def test_digits_in_the_code_and_in_the_text_are_the_same_request(whole, typed):
    in_code = read(codes=("*133#",), serviceCode="*" + "*".join(["133", *whole]) + "#", text="*".join(typed))
    in_text = read(codes=("*133#",), text="*".join([*whole, *typed]))
    assert in_code == in_text


@given(st.one_of(st.binary(max_size=300), st.lists(st.tuples(
    st.sampled_from(["sessionId", "phoneNumber", "serviceCode", "text", "hop", "x"]),
    st.one_of(st.sampled_from(["*133#", "+33600000001", "1*1", "%", "0"]), st.text(max_size=20)),
), max_size=8).map(lambda pairs: "&".join(f"{name}={quote_plus(value, safe='%', errors='replace')}"
                                          for name, value in pairs).encode())))
def test_any_body_is_read_or_refused_in_one_line(body):
    form = UssdForm(Style(), "33", ("*133#",), "hop")
    try:
        dialled = form.dialled(body, 1)
    except BadMessage as error:
        assert str(error).count("\n") == 0 < len(str(error)) < 120
    else:
        assert dialled.msisdn.isdigit()
        assert len(dialled.session.encode()) <= 128
        assert len(dialled.text.encode()) <= TEXT_BYTES_MAX

"""The control socket's codec: golden lines, bounds, and nothing but BadMessage for whatever arrives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import BadMessage
from tectonics.wire import control
from tectonics.wire.control import Answer, Failure, Request

PLAIN = st.recursive(st.none() | st.booleans() | st.integers(-2**63, 2**63) | st.text(),
                     lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
                     max_leaves=12)


def test_golden_lines():
    assert control.encode_request(Request(1, "status")) == b'{"id":1,"method":"status","params":{}}\n'
    assert control.encode_answer(Answer(1, {"a": [1]})) == b'{"id":1,"result":{"a":[1]}}\n'
    assert control.encode_answer(Failure(None, "no")) == b'{"id":null,"error":{"text":"no"}}\n'
    assert control.decode_request(b'{"id":7,"method":"x","params":{"a":1}}') == Request(7, "x", {"a": 1})
    assert control.decode_request(b'{"id":7,"method":"x"}') == Request(7, "x", {})


@given(st.integers(0, control.ID_MAX), st.text(min_size=1, max_size=64), st.dictionaries(st.text(), PLAIN, max_size=4))
def test_a_request_comes_back(identity, method, params):
    request = Request(identity, method, params)
    line = control.encode_request(request)
    assert line.count(b"\n") == 1 and line.endswith(b"\n")
    assert control.decode_request(line) == request


@given(st.integers(0, control.ID_MAX), PLAIN)
def test_an_answer_comes_back(identity, result):
    for answer in (Answer(identity, result), Failure(identity, "because"), Failure(None, "because")):
        assert control.decode_answer(control.encode_answer(answer)) == answer


@pytest.mark.parametrize(("line", "identity"), [
    (b"", None), (b"{", None), (b"[]", None), (b"null", None), (b"\xff\xfe", None), (b"[" * 100_000, None),
    (b'{"method":"x"}', None), (b'{"id":true,"method":"x"}', None), (b'{"id":-1,"method":"x"}', None),
    (b'{"id":1.0,"method":"x"}', None), (b'{"id":' + b"9" * 5000 + b',"method":"x"}', None),
    (b'{"id":1,"method":""}', 1), (b'{"id":1,"method":7}', 1), (b'{"id":1}', 1),
    (b'{"id":1,"method":"' + b"m" * 65 + b'"}', 1), (b'{"id":1,"method":"x","params":[]}', 1),
    (b'{"id":1,"method":"x","params":{"a":NaN}}', None), (b'{"id":1,"method":"x","params":{"a":1e999}}', None),
    (b'{"id":1,"method":"x","params":{"a":"\\ud800"}}', None), ('{"id":1,"method":"x"}'.encode("utf-16"), None), (b'{"id":1,"method":"x","extra":1}', 1),
])
def test_a_wrong_request_is_answered_in_one_sentence(line, identity):
    failure = control.decode_request(line)
    assert isinstance(failure, Failure)
    assert failure.id == identity
    assert failure.text and "\n" not in failure.text and len(failure.text) < 120


@given(st.binary(max_size=200))
def test_any_bytes_as_a_request(line):
    assert isinstance(control.decode_request(line), Request | Failure)


@given(st.binary(max_size=200) | PLAIN.map(lambda value: repr(value).encode()))
def test_any_bytes_as_an_answer(line):
    try:
        assert isinstance(control.decode_answer(line), Answer | Failure)
    except BadMessage as error:
        assert str(error)


def test_bounds():
    with pytest.raises(BadMessage, match="longer than"):
        control.encode_request(Request(1, "x", {"a": "b" * control.REQUEST_BYTES_MAX}))
    failure = control.decode_answer(control.encode_answer(Answer(3, "b" * control.ANSWER_BYTES_MAX)))
    assert failure == Failure(3, "the answer is too long; ask for a smaller page")


def test_half_a_surrogate_pair_travels():
    assert control.decode_answer(control.encode_answer(Answer(1, "\ud800"))) == Answer(1, "\ud800")


@pytest.mark.parametrize("line", [b'{"id":1,"result":1e999}', b'{"id":1,"result":-1e999}', '{"id":1,"result":1}'.encode("utf-16")])
def test_what_cannot_be_written_is_not_read(line):
    with pytest.raises(BadMessage, match="not a line of JSON"):
        control.decode_answer(line)

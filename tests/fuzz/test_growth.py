"""Twice the input, about twice the work: counted in lines of Python that run, not in seconds."""

import pytest

from tests.fuzz.parsers import load, names
from tests.fuzz.tracing import trace

SIZE = 80
TWICE = 3  # and not four times: what is drawn of the bytes differs
UNITS = (b"[\n", b"{\n", b'{"a":', b"- ", b"? ", b"a: 1\n", b"&", b"%41", b"\n", b"\r", b'"', b"$", b"*1", b",", b"x",
         b"a=1&", b"HELLO 1 x\n", b"GET / HTTP/1.1\r\n\r\n", b"a b c\n", "é".encode(), b" ", b"\\")
COSTLY = ("web_site", "ticket_export")  # a request or a workbook a unit: fewer of them tell as much


@pytest.mark.parametrize("parser", names())
def test_work_grows_with_the_input_and_no_faster(parser):
    check = load(parser).check
    size = SIZE // 40 if parser in COSTLY else SIZE
    for unit in UNITS:
        once, twice = (trace(check, unit * many).lines for many in (size, 2 * size))
        assert twice <= TWICE * once + 500, unit


def test_the_count_can_fail():
    import tectonics.domain.text as product

    def quadratic(data):
        for _ in data:
            product.ucs2_units(data.decode())

    once, twice = (trace(quadratic, b"x" * many).lines for many in (SIZE, 2 * SIZE))
    assert twice > TWICE * once + 500

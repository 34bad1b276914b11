"""Array literals: whatever Python puts in, PostgreSQL reads back."""

from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tectonics.database.arrays import Prepared, bytes_array, integer_array, text_array
from tectonics.database.postgres import connect

ECHO = Prepared("echo", ("bigint[]", "text[]", "bytea[]", "text"),
                "SELECT n, t, b, $4 FROM unnest($1, $2, $3) AS given (n, t, b)")
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
rows = st.lists(st.tuples(st.none() | st.integers(-2**63, 2**63 - 1), st.none() | texts,
                          st.none() | st.binary()), max_size=5)


@pytest.fixture(scope="module")
def session(postgres_server):
    from tectonics.database.postgres import LISTING, Address

    with closing(connect(Address(postgres_server.url()), LISTING, (ECHO,))) as opened:
        yield opened


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows, texts)
def test_what_goes_in_comes_out(session, given_rows, single):
    columns = list(zip(*given_rows, strict=True)) or [(), (), ()]
    found = session.send(ECHO.call, ECHO.values((*columns, single))).fetchall()
    assert found == [(*row, single) for row in given_rows]


@pytest.mark.parametrize("text", ["NULL", "null", "", " ", "{}", ",", '"', "\\", "'", "a\nb", "%s", ":x", "é€😀"])
def test_texts_that_look_like_syntax(session, text):
    assert session.send(ECHO.call, ECHO.values(([1], [text], [b""], text))).fetchall() == [(1, text, b"", text)]


@pytest.mark.parametrize(("write", "value", "error"), [
    (integer_array, "1,2", TypeError), (integer_array, 1.5, TypeError), (text_array, 5, AttributeError),
    (bytes_array, "x", AttributeError)])
def test_a_value_of_another_type_fails_here_and_not_on_the_server(write, value, error):
    with pytest.raises(error):
        write([value])


def test_columns_must_fit_the_statement():
    with pytest.raises(ValueError):
        ECHO.values(([1], ["a"]))
    assert ECHO.rows([(1, "a", b"", "x")])[0] == "{1}"

"""Where the database is: a url that libpq takes, and never a password in it."""

import pytest

from tectonics.config import check

HEAD = "messages: {directory: %s}\n"


@pytest.fixture
def errors(tmp_path):
    from tests.house.source import ROOT

    def told(store):
        file = tmp_path / "t.yaml"
        file.write_text(HEAD % (ROOT / "etc" / "messages") + store)
        return [(error.key, error.text) for error in check(file)]

    return told


@pytest.mark.parametrize("url", [
    "postgresql:///tectonics", "postgresql://db/tectonics", "postgresql://ann@db1:5432,db2:5433/tectonics",
    "postgres://ann@[::1]/tectonics?sslmode=verify-full&sslrootcert=/etc/ca.pem"])
def test_urls_that_are_fine(errors, url):
    assert errors(f"store: {{kind: postgresql, url: '{url}'}}\n") == []


@pytest.mark.parametrize("url", [
    "postgresql://ann:secret@db/tectonics", "postgresql://ann:secret@db1,db2/tectonics",
    "postgresql://db/tectonics?user=ann&password=secret"])
def test_a_password_in_the_url_is_refused_and_not_shown(errors, url):
    (key, text), = errors(f"store: {{kind: postgresql, url: '{url}'}}\n")
    assert key == "store.url" and "expected no password" in text and "secret" not in text


def test_a_server_needs_an_address(errors):
    assert [key for key, _ in errors("store: {kind: postgresql}\n")] == ["store.url"]
    assert [key for key, _ in errors("store: {kind: postgresql, url: 'mysql://db/x'}\n")] == ["store.url"]

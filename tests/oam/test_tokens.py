"""Tokens: the file's owner, its lines, the roles, and that nothing tells a token."""

import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.errors import TheirFault
from tectonics.oam.web.tokens import ROLES, TOKENS_MAX, Bearer, Tokens, demo_tokens, load_tokens

GOOD = "a-token-of-enough-letters"


def written(path, text, mode=0o600):
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_demo_token_is_made_once_for_its_owner_only(tmp_path):
    first = demo_tokens(tmp_path)
    file = tmp_path / "demo-token"
    token = file.read_text().strip()
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600 and len(token) >= 40
    assert first.find(token) == demo_tokens(tmp_path).find(token) == Bearer("demo", "admin")
    assert file.read_text().strip() == token
    assert first.find("") is None and first.find(token[:-1]) is None


def test_a_file_that_others_read_is_no_secret(tmp_path):
    written(tmp_path / "demo-token", GOOD + "\n", 0o644)
    with pytest.raises(TheirFault, match="chmod 600"):
        demo_tokens(tmp_path)
    with pytest.raises(TheirFault, match="holds no token"):
        written(tmp_path / "demo-token", "\n")
        demo_tokens(tmp_path)


def test_a_token_file_gives_names_and_roles(tmp_path):
    file = written(tmp_path / "tokens", f"# programs\n\ncrm agent {GOOD}\nbi viewer {GOOD}2 # reports\n")
    tokens = load_tokens(file)
    assert tokens.find(GOOD) == Bearer("crm", "agent") and tokens.find(GOOD + "2") == Bearer("bi", "viewer")


@pytest.mark.parametrize("text", [f"crm {GOOD}\n", f"crm king {GOOD}\n", "crm agent short\n", f"a agent {GOOD} x\n",
                                  "".join(f"p{n} agent {GOOD}{n}\n" for n in range(TOKENS_MAX + 1))])
def test_a_bad_line_is_named_without_its_token(tmp_path, text):
    with pytest.raises(TheirFault) as raised:
        load_tokens(written(tmp_path / "tokens", text))
    assert GOOD not in str(raised.value) and "tokens" in str(raised.value)


def test_a_missing_or_binary_file_is_their_fault(tmp_path):
    with pytest.raises(TheirFault, match="cannot be read"):
        load_tokens(tmp_path / "none")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "bytes").chmod(0o600)
    with pytest.raises(TheirFault, match="cannot be read"):
        load_tokens(tmp_path / "bytes")


@given(st.text())
def test_only_the_token_itself_is_known(text):
    assert Tokens({GOOD: Bearer("a", "viewer")}).find(text) == (Bearer("a", "viewer") if text == GOOD else None)


def test_each_role_may_what_those_before_it_may():
    for have in ROLES:
        for need in ROLES:
            assert Bearer("a", have).may(need) == (ROLES.index(have) >= ROLES.index(need))

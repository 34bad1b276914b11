"""An account's row: what says nothing is not in it, and every daemon reads the same account from it."""

import json
from dataclasses import fields

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.login import LoginCode
from tectonics.domain.recharge import RechargeMark
from tectonics.domain.subscriber import Account, Bar, Profile, Standing
from tectonics.store import rows
from tests.store.building import MSISDN, NOW

numbers = st.integers(0, 2**40)
maybe = st.none() | numbers
words = st.text(max_size=5) | st.sampled_from(('","codes":[]}', ',"collect_refused_at":null}', "}", '"'))
profiles = st.builds(Profile, words, maybe, words, words, words, words,
                     st.none() | st.builds(Bar, words, numbers, words), maybe, maybe, st.none() | st.booleans(), maybe)
standings = st.builds(
    Standing, st.lists(st.builds(RechargeMark, numbers, numbers, words, numbers), max_size=2).map(tuple),
    *[st.sampled_from((0, 7))] * 4, maybe, maybe, numbers, st.lists(numbers, max_size=2).map(tuple), st.none(),
    *[st.sampled_from((0, 7))], st.none(), st.just(()), *[st.sampled_from((0, 7))] * 3,
    st.none() | st.builds(LoginCode, words, words, numbers), st.lists(numbers, max_size=2).map(tuple))


@given(profiles, standings)
def test_an_account_comes_back_as_it_was(profile, standing):
    account = Account(MSISDN, 3, 8, profile, standing)
    generation, _, *texts = rows.account_columns(account)
    assert rows.account_of(int(MSISDN), (generation, 8, *texts)) == account


@given(profiles, standings)
def test_a_daemon_that_writes_every_field_reads_this_row_and_is_read(profile, standing):
    short = rows.account_columns(Account(MSISDN, profile=profile, standing=standing))[2:]
    whole = [msgspec.json.encode(value).decode() for value in (profile, standing)]
    assert msgspec.json.decode(short[0], type=Profile) == profile
    assert msgspec.json.decode(short[1], type=Standing) == standing
    assert rows.account_of(int(MSISDN), (1, 0, *whole)) == Account(MSISDN, profile=profile, standing=standing)


@given(profiles, standings)
def test_a_row_ends_with_something_that_is_said(profile, standing):
    for value, text in zip((profile, standing), rows.account_columns(Account(MSISDN, profile=profile, standing=standing))[2:],
                           strict=True):
        last = list(json.loads(text))[-1]
        default = {one.name: one.default for one in fields(value)}[last]
        assert getattr(value, last) != default or last == fields(value)[0].name


def test_who_never_called_nor_signed_in_has_nothing_of_it_in_his_row():
    marks = (RechargeMark(NOW, 1000, "voucher", 5),)
    borrower = Account(MSISDN, profile=Profile("prepaid", NOW), standing=Standing(marks, 0, 20_700, 1, 200, NOW, None, 1))
    *_, profile, standing = rows.account_columns(borrower)
    assert profile == f'{{"kind":"prepaid","activated_at":{NOW}}}'
    assert standing.endswith(f'"last_advance_at":{NOW},"last_recovery_at":null,"advances_total":1}}')
    assert rows.account_columns(Account(MSISDN))[2:] == ('{"kind":"unknown"}', '{"recharges":[]}')

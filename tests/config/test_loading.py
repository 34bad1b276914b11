"""From a file to settings or to all of its errors: the lines, the sentences, and that nothing else is raised."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tectonics.config import ConfigErrors, check, format_error, load, load_policy
from tectonics.domain.errors import BadPolicy
from tests.config.files import ETC, errors_of, write

TEN_ERRORS = """\
node: {name: Node One}
webb:
  endpoint: tcp:99999
channels:
  ussd_http:
    budget_s: 12s
    mode: sometimes
    endpoint: 8081
policy:
  currency: XOF
  segments:
    - name: a
      tiers:
        - {id: x, amount: "1.50", fee: 0}
        - {id: y, amount: 100}
  lending:
    balance_max: 50
    recharges: {count: 101, amount_min: 5}
log:
  level: loud
log:
  format: xml
"""


def test_ten_errors_are_told_at_once_each_in_its_line(tmp_path):
    found = errors_of(tmp_path, TEN_ERRORS)
    assert [(line, key) for line, key, _ in found] == [
        (1, "node.name"), (2, "webb"), (6, "channels.ussd_http.budget_s"), (7, "channels.ussd_http.mode"),
        (8, "channels.ussd_http.endpoint"), (14, "policy.segments[0].tiers[0].amount"),
        (15, "policy.segments[0].tiers[1].fee"), (18, "policy.lending.recharges.count"), (20, "log.level"),
        (21, "")]
    texts = [text for _, _, text in found]
    assert texts[1] == "no such key; did you mean web?"
    assert texts[3] == "expected 'cumulative' or 'last', found 'sometimes'"
    assert texts[5] == "expected an amount in XOF such as 250, found '1.50'"
    assert texts[6] == "this key is missing"
    assert texts[9] == "the key 'log' stands here for the second time (first in line 19)"


def test_an_error_is_one_line_for_people(tmp_path):
    path = write(tmp_path, "node:\n  name: N1\n")
    assert [format_error(error) for error in check(path)] == [
        f"{path}:2: node.name: expected text of the form ^[a-z0-9-]{{1,16}}$, found 'N1'"]


@pytest.mark.parametrize("key, shown", [
    ("'<a'", "<a"), ("'<fixed>'", "<fixed>"), ('"a\\nb"', r"'a\nb'"), ('"\\e[2J"', r"'\x1b[2J'"), ("k" * 101, repr("k" * 100))])
def test_a_key_of_any_form_is_told_in_one_line(tmp_path, key, shown):
    assert errors_of(tmp_path, f"{key}: 1\n") == [(1, shown, "no such key")]
    with pytest.raises(BadPolicy) as caught:
        load_policy(write(tmp_path, f"lending: {{{key}: 1}}\n"))
    assert str(caught.value) == f"lending.{shown}: no such key"


@pytest.mark.parametrize("text, key", [
    ("country_code: '3\u0663'", "country_code"), ("services: {advance: {code: '*\u0661\u0663\u0663#'}}", "services.advance.code"),
    (f"services: {{advance: {{code: '{'*123456' * 30}#'}}}}", "services.advance.code"),
    ("billing: {kind: ledger, address: 'tcp:h:\u0661'}", "billing.address")])
def test_digits_are_those_that_are_dialled(tmp_path, text, key):
    assert [wrong for _, wrong, _ in errors_of(tmp_path, text)] == [key]


def test_the_shipped_file_and_an_empty_one_are_the_same(tmp_path):
    shipped, empty = load(ETC / "tectonics.yaml"), load(write(tmp_path, ""))
    assert dict(shipped) == dict(empty)
    assert shipped.catalogue.texts == empty.catalogue.texts


@pytest.mark.parametrize(("text", "line", "key", "sentence"), [
    ("- 1", 1, "", "expected a mapping of sections, found a list"),
    ("web:", 1, "web", "expected a mapping, found nothing"),
    ("policy: {segments: []}", 1, "policy.segments", "expected at least 1 entries, found 0"),
    ("country_code: 033", 1, "country_code", "expected text of the form"),
    ("web: {handset: yes}", 1, "web.handset", "expected true or false, found 'yes'"),
    ("limits: {feed_max: '9'}", 1, "limits.feed_max", "expected a valid integer, found '9'"),
    ("channels: {ussd_http: {budget_s: 10}}", 1, "channels.ussd_http.budget_s", "expected less than 10"),
    ("billing: {kind: ledger}", 1, "billing.address", "expected the address of the ledger, because kind is ledger"),
    ("messages: {default: de}", 1, "messages.default", "expected one of messages.languages, found 'de'"),
    ("messages: {languages: [en, en]}", 1, "messages.languages[1]", "expected a name of its own, found 'en' again"),
    ("limits:\n  dispatch_max: 10\n", 1, "limits.dialogues_max", "expected at most limits.dispatch_max (10), found 600"),
    ("outbox: {first_s: 10m}", 1, "outbox.first_s", "expected at most outbox.longest_s (300)"),
    ("feeds: {columns: {id: 1}}", 1, "feeds.columns", "expected columns for id, type and msisdn at least"),
    ("feeds: {columns: {id: 0, type: 2, msisdn: 3}}", 1, "feeds.columns.id", "expected greater than or equal to 1"),
    ("policy: {currency: euro}", 1, "policy.currency", "expected an ISO 4217 currency code such as EUR, found 'euro'"),
    ("policy:\n  lending:\n    balance_max: 0.505", 3, "policy.lending.balance_max", "expected an amount in EUR such as 2.50"),
    ("policy:\n  lending:\n    balance_max: -1", 3, "policy.lending.balance_max", "expected an amount that is not negative"),
    ("policy:\n  notices: [granted, sent]", 2, "policy.notices[1]", "expected 'granted', 'failed',"),
    ("policy: {recovery: {own_marks: []}}", 1, "policy.recovery.own_marks", "expected 'TEC-' among them"),
    ("policy:\n  call_back:\n    hold: 8d", 3, "policy.call_back.hold", "expected at most 7d"),
    ("policy: {lending: {rollout: {ranges: [33600000001-3360]}}}", 1, "policy.lending.rollout.ranges[0]",
     "expected two international numbers of equal length"),
])
def test_errors(tmp_path, text, line, key, sentence):
    found = errors_of(tmp_path, text)
    assert [(at, name) for at, name, _ in found] == [(line, key)]
    assert found[0][2].startswith(sentence)


def test_contradictions_and_messages_are_told_beside_errors_of_form(tmp_path):
    path = write(tmp_path, "log: {level: loud}\nlimits: {dispatch_max: 0}\nbilling: {kind: ledger}\n"
                           "policy: {recovery: {own_marks: []}}\n")
    (tmp_path / "messages" / "ar.yaml").write_text("a: [")
    assert [(error.line, error.key) for error in check(path)] == [
        (1, "log.level"), (2, "limits.dispatch_max"), (3, "billing.address"), (4, "policy.recovery.own_marks"), (1, "")]


def test_two_listeners_on_one_port(tmp_path):
    [(line, key, text)] = errors_of(tmp_path, "web: {endpoint: 'tcp:7070:interface=127.0.0.1'}")
    assert (line, key) == (1, "tickets.stream")
    assert "found 'tcp:7070:interface=127.0.0.1' again (also web.endpoint)" in text


@pytest.mark.parametrize(("tier", "key", "sentence"), [
    ("{id: a, amount: {min: 2, max: 1, step: 1}, fee: 0}", "amount.min", "expected at most max (1.00), found 2.00"),
    ("{id: a, amount: {min: 1, max: 2, step: 0}, fee: 0}", "amount.step", "expected a step above zero, found 0"),
    ("{id: a, amount: {min: 1, max: 2}, fee: 0}", "amount.step", "this key is missing"),
    ("{id: a, amount: {percent: 101, min: 1, max: 2, step: 1}, fee: 0}", "amount.percent", "expected a percentage"),
    ("{id: a, amount: 0, fee: 0}", "amount", "expected an amount above zero, found 0"),
    ("{id: a, amount: 16, fee: 0}", "amount", "expected at most the segment's ceiling 15.00, found 16.00"),
    ("{id: a, amount: 1, fee: {steps: []}}", "fee.steps", "expected at least 1 entries, found 0"),
    ("{id: a, amount: 1, fee: {steps: [{up_to: 5, fee: 1}, {up_to: 5, fee: 2}]}}", "fee.steps[1].up_to",
     "expected more than the step before (5.00), found 5.00"),
    ("{id: a, amount: 1, fee: {steps: [{up_to: 5, fee: 1}, {up_to: 6, fee: 0.5}]}}", "fee.steps[1].fee",
     "expected at least the fee of the step before (1.00), found 0.50"),
    ("{id: a, amount: 1, fee: 0, due: 0}", "due", "expected a due date after the grant, found 0s"),
    ("{id: a, amount: 1, fee: 0, due: soon}", "due", "expected a duration such as 7d"),
    ("{id: a, amount: 1, fee: 0, balance_type: gold}", "balance_type", "expected 'main', 'sms',"),
    ("{id: b, amount: 1, fee: 0}", "id", "expected a name of its own, found 'b' again"),
])
def test_contradictions_of_a_tier(tmp_path, tier, key, sentence):
    text = ("policy:\n  segments:\n    - name: s\n      ceiling: 15\n      tiers:\n"
            f"        - {{id: b, amount: 1, fee: 0}}\n        - {tier}\n")
    [(line, name, said)] = errors_of(tmp_path, text)
    assert (line, name) == (7, f"policy.segments[0].tiers[1].{key}")
    assert said.startswith(sentence)


def test_thirteen_tiers_and_repeated_segments(tmp_path):
    tiers = ", ".join(f"{{id: t{n}, amount: 1, fee: 0}}" for n in range(13))
    [(line, key, text)] = errors_of(tmp_path, f"policy:\n  segments:\n  - {{name: a, tiers: [{tiers}]}}\n")
    assert (line, key) == (3, "policy.segments[0].tiers") and text == "expected at most 12 entries, found 13"
    one = "{name: a, tiers: [{id: t, amount: 1, fee: 0}]}"
    [(line, key, text)] = errors_of(tmp_path, f"policy:\n  segments:\n  - {one}\n  - {one}\n")
    assert (line, key, text) == (4, "policy.segments[1].name", "expected a name of its own, found 'a' again")


TYPED = "policy: {segments: [{name: a, tiers: [{id: t, amount: {min: 1, max: 100, step: 1}, fee: 0}]}]}\n"


@pytest.mark.parametrize(("channel", "refused"), [
    ("{mode: cumulative}", False), ("{mode: last}", True), ("{mode: last, step_field: step}", True)])
def test_a_typed_amount_must_not_look_like_the_confirming_key(tmp_path, channel, refused):
    found = errors_of(tmp_path, f"{TYPED}channels: {{ussd_http: {channel}}}\n")
    assert [text.startswith("expected no typed amount 99") for _, _, text in found] == [True] * refused


def test_messages_are_checked_in_their_own_files(tmp_path):
    path = write(tmp_path, "messages: {languages: [en, fr, pt]}\n")
    english = tmp_path / "messages" / "en.yaml"
    lines = english.read_text().splitlines()
    lines[4] = 'menu.more: "$kee. More"'
    lines[9] = f'owe.total: "{"x" * 170} $total $due"'
    english.write_text("\n".join(lines) + "\nmenu.nothing: x\nbusy: again\n")
    (tmp_path / "messages" / "fr.yaml").write_text("busy: 7\n")
    found = [format_error(error).removeprefix(f"{tmp_path}/messages/") for error in check(path)]
    assert "en.yaml:5: menu.more: $kee is not a variable of this message (it has: $key)" in found
    assert "en.yaml:5: menu.more: the text does not show $key" in found
    assert any(line.startswith(f"en.yaml:{len(lines) + 1}: menu.nothing: no such message exists") for line in found)
    assert any(line.startswith(f"en.yaml:{len(lines) + 2}: the key 'busy' stands here for the second time") for line in found)
    assert "fr.yaml:1: busy: expected text, found 7" in found
    assert "fr.yaml:1: confirm: the text is missing" in found
    assert any(line == "pt.yaml: cannot be read: No such file or directory" for line in found)


def test_a_message_that_may_not_fit_the_channel_is_an_error(tmp_path):
    found = check(write(tmp_path, "channels: {ussd_http: {transliterate: false}}\n"))
    assert {error.file.rpartition("/")[2] for error in found} == {"fr.yaml", "es.yaml"}
    assert all("may not fit ussd_http (160 septets or 70 UCS-2 characters)" in error.text for error in found)
    assert all(error.line > 0 for error in found)


def test_overrides_take_the_place_of_the_file(tmp_path):
    path = write(tmp_path, "web: {endpoint: tcp:1}\n")
    changed = load(path, {"web.endpoint": "", "state_dir": "/s", "policy.lending.accepting": False})
    assert (changed.web.endpoint, changed.state_dir, changed.policy.lending.accepting) == ("", "/s", False)
    with pytest.raises(ConfigErrors) as caught:
        load(path, {"web.endpoint": 5, "no.such.key": 1})
    assert [(error.line, error.key) for error in caught.value.errors] == [(0, "web.endpoint"), (0, "no")]


def test_the_value_of_an_unknown_key_is_not_repeated(tmp_path):
    [(_, key, text)] = errors_of(tmp_path, "web: {password: hunter2}")
    assert key == "web.password" and "hunter2" not in text


def test_a_missing_file(tmp_path):
    [error] = check(tmp_path / "none.yaml")
    assert format_error(error) == f"{tmp_path}/none.yaml: cannot be read: No such file or directory"


def test_a_policy_of_its_own_file(tmp_path):
    whole, alone = load_policy(ETC / "tectonics.yaml"), tmp_path / "policy.yaml"
    alone.write_text("currency: XOF\nlending: {balance_max: 50}\nsegments: [{name: a, tiers: [{id: t, amount: 100, fee: 5}]}]")
    assert whole == load(ETC / "tectonics.yaml").policy_document
    assert load_policy(alone)["segments"][0]["tiers"][0]["amount"] == "100"
    alone.write_text("currency: XXXX\nsegmints: 1")
    with pytest.raises(BadPolicy, match="currency: expected an ISO.*segmints: no such key; did you mean segments"):
        load_policy(alone)
    alone.write_text("a: [")
    with pytest.raises(ConfigErrors):
        load_policy(alone)


KEYS = ("node", "web", "policy", "segments", "tiers", "amount", "fee", "currency", "lending", "recharges", "name",
        "channels", "ussd_http", "mode", "messages", "languages", "endpoint", "steps", "percent", "min", "max", "a b")
VALUES = st.recursive(
    st.sampled_from(["null", "true", "1", "-1", "1.00", "7d", "last", "EUR", "''", "tcp:80", "99999999999999999999",
                     ".inf", "1e9", "\"\\ud83d\"", "*x", "en"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]")
    | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4).map(
        lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items.items()) + "}"), max_leaves=20)
DOCUMENTS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5).map(
    lambda items: "\n".join(f"{key}: {value}" for key, value in items.items()))


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=DOCUMENTS | st.text(max_size=80) | st.binary(max_size=80))
def test_any_file_gives_settings_or_config_errors(tmp_path, text):
    path = write(tmp_path, "")
    path.write_bytes(text if isinstance(text, bytes) else text.encode(errors="surrogatepass"))
    try:
        load(path)
    except ConfigErrors as errors:
        assert errors.errors
        for error in errors.errors:
            assert "\n" not in format_error(error)
            format_error(error).encode()


def test_relative_paths_belong_to_the_file_s_folder(tmp_path, monkeypatch):
    folder = tmp_path / "etc"
    folder.mkdir()
    write(folder, "")
    monkeypatch.chdir(tmp_path)
    loaded = load(os.path.join("etc", "tectonics.yaml"))
    assert loaded.state_path == tmp_path / "var"


GSUP = "channels: {ussd_gsup: {address: 'tcp:127.0.0.1:4222', control: 'tcp:127.0.0.1:4259'%s}}\n"


@pytest.mark.parametrize("more, key, text", [
    (", control: ''", "channels.ussd_gsup.control", "expected the HLR's CTRL port: over GSUP it tells no MSISDN"),
    (", session_s: 10, budget_s: 9.5", "channels.ussd_gsup.budget_s", "expected at most 9"),
])
def test_a_register_that_cannot_be_used(tmp_path, more, key, text):
    said = GSUP % more if "control" not in more else GSUP.replace(", control: 'tcp:127.0.0.1:4259'", "") % ""
    [error] = check(write(tmp_path, said))
    assert error.key == key and error.text.startswith(text)


def test_the_shipped_texts_fit_what_osmohlr_has_room_for(tmp_path):
    assert check(write(tmp_path, GSUP % "")) == []
    tight = check(write(tmp_path, GSUP % ", ucs2_max: 30"))
    assert tight and all("may not fit ussd_gsup (128 septets or 30 UCS-2 characters)" in error.text for error in tight)

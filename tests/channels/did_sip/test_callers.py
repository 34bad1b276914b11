"""Who calls, by the one header that the trunk is trusted for; forged ones change nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.channels.did_sip.callers import caller
from tectonics.channels.did_sip.deciding import Declined, Ring, decide
from tests.channels.did_sip.house import ANN, DID, House, invite, section

BOB = "33600000002"


@pytest.mark.parametrize("value, msisdn", [
    (f"<sip:+{ANN}@carrier.example>", ANN), (f'"Ann, A" <sip:+{ANN}@h;user=phone>', ANN), (f"<tel:+{ANN}>", ANN),
    (f"sip:+{ANN}@h", ANN), (f"<sip:{ANN}@h>", ANN), ("<sip:0600000001@h>", ANN), ("<sip:0033600000001@h>", ANN),
    ("<tel:0600000001;phone-context=+33>", ANN), ("<sip:0600000001;phone-context=+33@h>", ANN),
    ("<tel:+33-6-00-00-00-01>", ANN), (f"<sip:ann@h>, <tel:+{ANN}>", ANN), (f"<sip:+{ANN}@h>, <tel:+{BOB}>", ANN),
    ("<sip:anonymous@anonymous.invalid>", ""), ("<sip:ann@h>", ""), ("<sip:h>", ""), ("<sip:+0600@h>", ""), ("<tel:133>", ""),
    ("<sip:+336000000011234567@h>", ""), (f"<sip:+{ANN}@h", ""), (f"<sip:x@h>, <sip:y@h>, <tel:+{ANN}>", ""),
    (f"<sip:+{ANN}٣@h>", ""), ("", ""),
])
def test_asserted_identities(value, msisdn):
    assert caller(invite(more=f"P-Asserted-Identity: {value}\r\n"), "pai", "33") == msisdn


@pytest.mark.parametrize("value, msisdn", [
    (f"<sip:+{ANN}@h>;party=calling;screen=yes;privacy=off", ANN), (f'"Ann" <sip:+{ANN}@h>', ANN),
    (f"<sip:+{ANN}@h>;party=calling;privacy=full", ANN), (f"<sip:+{ANN}@h>;screen=no", ""),
    (f"<sip:+{ANN}@h>;party=called", ""), (f"<sip:+{BOB}@h>;party=called, <sip:+{ANN}@h>;party=calling", ANN),
    (f"<sip:+{ANN}@h>;screen=yes, <sip:+{BOB}@h>;screen=yes", ""), ("<sip:anonymous@h>;screen=yes", ""),
])
def test_remote_parties(value, msisdn):
    assert caller(invite(more=f"Remote-Party-ID: {value}\r\n"), "rpid", "33") == msisdn


def test_from():
    assert caller(invite(sender=f"+{ANN}", more=""), "from", "33") == ANN
    assert caller(invite(more=""), "from", "33") == ""


@pytest.mark.parametrize("header, msisdn", [("pai", ANN), ("rpid", BOB), ("from", "33600000003")])
def test_no_other_header_is_looked_at(header, msisdn):
    more = f"P-Asserted-Identity: <tel:+{ANN}>\r\nRemote-Party-ID: <sip:+{BOB}@h>\r\nP-Preferred-Identity: <tel:+33600000009>\r\n"
    assert caller(invite(more=more, sender="+33600000003"), header, "33") == msisdn


def test_a_forged_identity_is_not_believed():
    house = House(section({"name": "t1", "sources": ["192.0.2.1"], "cli": "from"}))
    assert house.statuses(invite(more=f"P-Asserted-Identity: <tel:+{ANN}>\r\n")) == [480]
    house.ring(invite("c2", more=f"P-Asserted-Identity: <tel:+{ANN}>\r\n", sender=f"+{BOB}"))
    house.pass_s(9)
    assert [one[2] for one in house.told()] == [BOB]


@pytest.mark.parametrize("to, did", [(f"+{DID}", DID), (DID, DID), ("0800133000", DID), (f"00{DID}", DID), ("133", "133"),
                                     ("+133", "133"), ("33800133001", None), ("x133", None), ("1330", None)])
def test_our_numbers_as_trunks_write_them(to, did):
    found = decide(invite(to=to), "pai", "33", {DID: "lend", "133": "lend"})
    assert found == (Ring("c1", ANN, did, "lend") if did else Declined("unknown_did", 404))


def test_a_call_id_that_is_long_or_strange_stands_as_its_digest():
    ids = [decide(invite(call_id=one), "pai", "33", {DID: "lend"}).id for one in ("a" * 80, "a" * 81, "é", "é")]
    assert ids[0] == "a" * 80 and {len(one) for one in ids[1:]} == {32} and ids[2] == ids[3] != ids[1]


@given(st.text(max_size=60).filter(lambda text: "\r" not in text and "\n" not in text) | st.text(' <>@;:,"+sipтel0123456789', max_size=60))
def test_any_value_is_a_number_or_none(value):
    for header, name in (("pai", "P-Asserted-Identity"), ("rpid", "Remote-Party-ID")):
        asked = invite()
        found = caller(asked.with_((*asked.headers[:6], (name if header == "pai" else "Remote-Party-Id", value))), header, "33")
        assert found == "" or found.isascii() and found.isdigit() and 7 <= len(found) <= 15

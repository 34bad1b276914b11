"""v3 messages: sealed and opened again, as pysnmp does it, and no octet of them can be changed unseen."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysnmp.entity import config
from pysnmp.proto.rfc1902 import OctetString
from pysnmp.proto.secmod.rfc3414.service import SnmpUSMSecurityModel as Usm

from tectonics.domain.errors import BadMessage
from tectonics.wire import snmp_usm, snmp_v3
from tectonics.wire.snmp import AUTH, GET, PRIV, REPORTABLE, peek
from tectonics.wire.snmp_pdu import request

ENGINE_ID = bytes.fromhex("80001f880501020304050607")
KEYS = snmp_usm.keys_of("authentication", "privacy-phrase", ENGINE_ID)
SCOPED = snmp_v3.scoped(ENGINE_ID, request(GET, 7, [(1, 3, 6, 1)]))
ONE = snmp_v3.Message(5, 65_507, AUTH | PRIV | REPORTABLE, ENGINE_ID, 3, 70_000, b"noc", b"saltsalt", SCOPED)
SHA256 = Usm.AUTH_SERVICES[config.USM_AUTH_HMAC192_SHA256]
AES = Usm.PRIV_SERVICES[config.USM_PRIV_CFB128_AES]


def test_keys_are_those_of_pysnmp():
    theirs = SHA256.localize_key(SHA256.hash_passphrase("authentication"), OctetString(ENGINE_ID))
    assert KEYS.authentication == bytes(theirs)
    which = config.USM_AUTH_HMAC192_SHA256
    privacy = AES.localize_key(which, AES.hash_passphrase(which, "privacy-phrase"), OctetString(ENGINE_ID))
    assert KEYS.privacy == bytes(privacy)


def test_pysnmp_reads_what_we_seal():
    sealed = snmp_usm.seal(KEYS, ONE)
    read = snmp_v3.read(sealed)
    SHA256.authenticate_incoming_message(OctetString(KEYS.authentication), OctetString(read.digest), sealed)
    assert AES.decrypt_data(OctetString(KEYS.privacy), (3, 70_000, list(b"saltsalt")), OctetString(read.data)) == SCOPED


@given(st.binary(max_size=400), st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1), st.binary(min_size=8, max_size=8), st.binary(max_size=32),
       st.binary(max_size=32), st.integers(0, 2**31 - 1))
def test_what_is_sealed_is_opened(data, boots, time_s, salt, user, engine_id, number):
    one = replace(ONE, data=data, boots=boots, time_s=time_s, salt=salt, user=user, engine_id=engine_id, message_id=number)
    sealed = snmp_usm.seal(KEYS, one)
    read = snmp_v3.read(sealed)
    assert snmp_usm.verified(KEYS, sealed, read) and snmp_usm.opened(KEYS, read) == data
    assert replace(read, data=data, digest=b"", digest_at=0) == one
    assert peek(sealed).user == user


def test_no_octet_can_be_changed_unseen():
    sealed = snmp_usm.seal(KEYS, ONE)
    for place in range(len(sealed)):
        damaged = bytearray(sealed)
        damaged[place] ^= 0x41
        try:
            read = snmp_v3.read(bytes(damaged))
        except BadMessage:
            continue
        assert not snmp_usm.verified(KEYS, bytes(damaged), read)


def test_another_key_does_not_verify_and_does_not_show_in_a_repr():
    other = snmp_usm.keys_of("authentication", "privacy-phrase", ENGINE_ID + b"x")
    sealed = snmp_usm.seal(KEYS, ONE)
    assert not snmp_usm.verified(other, sealed, snmp_v3.read(sealed))
    assert KEYS.privacy.hex() not in repr(KEYS) and repr(KEYS.privacy) not in repr(KEYS)


@pytest.mark.parametrize("octets", [0, 12, 23])
def test_a_digest_that_is_cut_off_does_not_verify(octets):
    sealed = snmp_usm.seal(KEYS, ONE)
    read = snmp_v3.read(sealed)
    assert not snmp_usm.verified(KEYS, sealed, replace(read, digest=read.digest[:octets]))


def test_in_clear():
    octets, _ = snmp_v3.write(replace(ONE, flags=REPORTABLE, salt=b""), encrypted=False)
    assert snmp_v3.read_scoped(snmp_v3.read(octets).data).pdu.variables == (((1, 3, 6, 1), 5, None),)


@pytest.mark.parametrize("changed", [{"size_max": 483}, {"message_id": -1}, {"message_id": 2**31}, {"size_max": 2**31},
                                     {"boots": -1}, {"time_s": -1}, {"boots": 2**31}, {"time_s": 2**31}])
def test_headers_that_are_not_allowed(changed):
    octets, _ = snmp_v3.write(replace(ONE, **changed), encrypted=True)
    with pytest.raises(BadMessage):
        snmp_v3.read(octets)

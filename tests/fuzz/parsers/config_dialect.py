"""The file of a dialect: a dialect whose every screen can be sent, or sentences that say what is wrong with it."""

from tectonics.channels.ussd_smpp.heard import Address, Addresses
from tectonics.channels.ussd_smpp.said import END, MENU, Writer
from tectonics.config.dialects import read_dialect
from tectonics.config.errors import format_error
from tectonics.wire.smpp.codec import encode
from tests.fuzz.contract import folder, sentence

TOKENS = (b"correlator: its_dialog\n", b"correlator: source\n", b"ops_in: {begin: [1], input: [2, 18]}\n", b"ops_out:\n",
          b"  end: 2\n", b"  abort: null\n", b"end_bit: false\n", b"answer_with: data_sm\n", b"text_out: message_payload\n",
          b"service_numbering: {ton: 1, npi: 1}\n", b"coding: ucs2\n", b"septets_max: 182\n", b"300", b"'<a': x\n", b"- a\n")
BETWEEN = Addresses(Address("33600000001", 1, 1), Address("*133#", 0, 0))


def check(data: bytes) -> None:
    path = folder("config_dialect") / "x.yaml"
    path.write_bytes(data)
    dialect, errors = read_dialect(path, "x", "x.yaml")
    assert (dialect is None) == bool(errors)
    for error in errors:
        sentence(format_error(error))
    if dialect is not None:
        writer = Writer(dialect)
        menu, end = (encode(writer.screen(kind, "é سلام", BETWEEN, 7, 127)) for kind in (MENU, END))
        assert menu != end or dialect.correlator == "source" and dialect.ops_out.menu == dialect.ops_out.end

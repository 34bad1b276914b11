"""A language's file: texts that can all be shown, or sentences that say which cannot."""

from tectonics.config.errors import format_error
from tectonics.config.texts import read_catalogue
from tectonics.domain.messages import LONGEST, MESSAGES
from tectonics.domain.screens import Style
from tests.fuzz.contract import folder, sentence

TOKENS = (b"menu.title: x\n", b"confirm: $amount $fee $total $due $yes $back\n", b"- a\n", b"'<a': x\n", b"busy: 5\n",
          b"busy: $\n", b"busy: ''\n", b"owe.none: |\n  x\n", b'"a\\nb": x\n', b"code.unknown: $amount\n", b"{", b"}")


def check(data: bytes) -> None:
    directory = folder("config_messages")
    (directory / "en.yaml").write_bytes(data)
    catalogue, errors = read_catalogue(directory, "messages", ("en",), "en", (Style(),))
    for error in errors:
        sentence(format_error(error))
    for key in () if errors else MESSAGES:
        assert catalogue.text(key, "en", **{name: LONGEST[name] for name in MESSAGES[key]})

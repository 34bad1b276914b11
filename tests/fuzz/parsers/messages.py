"""A text of the catalogue: filled in as string.Template would; what `examine` passes can be filled in.

The bytes are the key in the first line, the text in the others.
"""

from string import Template

import pytest

from tectonics.domain.errors import OurFault
from tectonics.domain.messages import LONGEST, MESSAGES, Catalogue, Form, examine, too_long
from tectonics.domain.screens import Style
from tests.fuzz.contract import sentence
from tests.workflows.world import CATALOGUE

TOKENS = (*(key.encode() + b"\n" for key in ("confirm", "menu.offer", "sms.recovered_full", "nothing")), b"$$", b"${",
          *(f"${name} ".encode() for name in LONGEST), b"${amount}", b"%s", b"%(x)s", b"%%", b"$\xc3\xa9", b"$1", b"\n")


def check(data: bytes) -> None:
    head, _, rest = data.partition(b"\n")
    key, text = head.decode(errors="replace"), rest.decode(errors="replace")
    _as_template(text)
    catalogue = Catalogue({"en": {**CATALOGUE.texts["en"], key: text}, "xx": {key: text}}, "en")
    wrong = [problem for problem in examine(catalogue) if problem.language == "en"]
    for problem in wrong:
        sentence(problem.text)
    if not wrong:
        catalogue.text(key, "xx-YY", **{name: LONGEST[name] for name in MESSAGES[key]})
        too_long(Catalogue({"en": catalogue.texts["en"]}, "en"), Style())


def _as_template(text: str) -> None:
    template, form = Template(text), Form.of(text)
    if not template.is_valid():
        with pytest.raises(OurFault):
            form.filled("key", {})
        return
    variables = {name: f"%{name}$" for name in template.get_identifiers()}
    assert form.filled("key", variables) == template.substitute(variables)

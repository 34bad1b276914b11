"""The files that the configuration writes about itself are the ones that are shipped."""

from pathlib import Path

import pytest

from tectonics.config.describe import example_yaml, messages_reference, reference
from tectonics.config.document import parse_document
from tectonics.config.sections import Sections
from tectonics.config.values import Section

ROOT = Path(__file__).parents[2]
WRITTEN = {"etc/tectonics.yaml": ("yaml", example_yaml), "docs/configuration.md": ("docs", reference),
           "docs/messages.md": ("messages", messages_reference)}


@pytest.mark.parametrize("name", WRITTEN)
def test_the_file_is_up_to_date(name):
    kind, write = WRITTEN[name]
    assert (ROOT / name).read_text(encoding="utf-8") == write(), \
        f"run: python -m tectonics.config.describe {kind} > {name}"


def keys_of(section: Section, path: tuple = ()) -> set[tuple]:
    found = set()
    for name in type(section).model_fields:
        value = getattr(section, name)
        found.add((*path, name))
        items = enumerate(value) if isinstance(value, tuple) else ()
        for index, item in items:
            found |= keys_of(item, (*path, name, index)) if isinstance(item, Section) else set()
        if isinstance(value, Section):
            found |= keys_of(value, (*path, name))
    return found


def test_no_key_is_missing_and_each_says_its_default():
    document = parse_document((ROOT / "etc" / "tectonics.yaml").read_bytes(), "etc/tectonics.yaml")
    assert document.errors == []
    assert keys_of(Sections()) <= document.places.keys()
    assert Sections.model_validate(document.data) == Sections()


def test_every_key_has_one_sentence():
    sections, silent = [Section], []
    while sections:
        section = sections.pop()
        sections += section.__subclasses__()
        if section.__module__ == "tectonics.config.settings":
            continue
        silent += [f"{section.__name__}.{name}" for name, field in section.model_fields.items()
                   if not field.description and section is not Sections]
        assert section.__doc__
    assert silent == []


def test_lines_are_short():
    assert [line for line in example_yaml().splitlines() if len(line) > 110] == []

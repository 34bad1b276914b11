"""docs/tickets.md says what the definitions say."""

from pathlib import Path

from tectonics.domain.ticket import FIELDS, REASONS, TYPES
from tectonics.tickets.describe import describe

PAGE = Path(__file__).parents[2] / "docs" / "tickets.md"


def test_the_page_is_what_the_definitions_say():
    assert PAGE.read_text() == describe(), "renew it: python -m tectonics.tickets.describe > docs/tickets.md"


def test_every_field_type_and_reason_is_there():
    assert [name for name in (*FIELDS, *TYPES, *REASONS) if f"| `{name}` |" not in describe()] == []

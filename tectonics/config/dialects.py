"""Reading the dialects of USSD gateways: one YAML file each, every error with its line.

A dialect is used by the accounts that name it, and only those that are used are read.  A missing file is an error at
the account that names it.
"""

from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from tectonics.config.document import Document, read_document
from tectonics.config.errors import ConfigError, complaints, found
from tectonics.config.values import Count, Flag, Section, known_keys
from tectonics.domain import dialects
from tectonics.domain.dialects import Dialect, Numbering, OpsIn, OpsOut

Octet = Annotated[Count, Field(le=255)]
Ops = Annotated[tuple[Octet, ...], Field(max_length=32)]
Fault = tuple[tuple, str]
_NAMED_MAX = 20  # of a folder's dialects, in an error


class OpsInSection(Section):
    """ussd_service_op of what the gateway says."""

    begin: Ops = Field((1,), min_length=1, description="somebody dials")
    input: Ops = Field((18,), min_length=1, description="somebody answers a menu")
    shown: Ops = Field((19,), description="a notice was seen")
    abort: Ops = Field((17, 129), description="hung up, or given up by the network")


class OpsOutSection(Section):
    """ussd_service_op of what we say; null: without it."""

    menu: Octet | None = Field(2, description="a screen that waits for an input")
    end: Octet | None = Field(17, description="the last screen")
    notice: Octet | None = Field(3, description="a text that nobody asked for")
    abort: Octet | None = Field(128, description="gives a session up; null: it is left to the gateway's timer")


class NumberingSection(Section):
    """Type of number and numbering plan."""

    ton: Octet = Field(0, description="type of number")
    npi: Octet = Field(0, description="numbering plan")


class DialectSection(Section):
    """A dialect as its file spells it."""

    correlator: Literal[dialects.CORRELATORS] = Field(dialects.ITS_SESSION, description="what joins the PDUs of a session")
    ops_in: OpsInSection = Field({}, description="ussd_service_op of what the gateway says")
    ops_out: OpsOutSection = Field({}, description="ussd_service_op of what we say")
    end_bit: Flag = Field(True, description="bit 0 of its_session_info ends a session")
    code_in: Literal["short_message", "destination_addr"] = Field("short_message", description="where the code arrives")
    input: Literal["last", "cumulative"] = Field("last", description="cumulative: all inputs joined by *")
    answer_with: Literal["submit_sm", "data_sm"] = Field("submit_sm", description="the PDU of a screen")
    text_out: Literal["short_message", "message_payload"] = Field("short_message", description="where a screen's text is")
    service_type: str = Field("USSD", max_length=5, pattern=r"^[ -~]*$", description="of every PDU")
    service_address: str = Field("", max_length=20, pattern=r"^[ -~]*$", description="our address where nobody dialled one")
    service_numbering: NumberingSection | None = Field(None, description="of our address; null: as it came")
    subscriber_numbering: NumberingSection | None = Field(None, description="of the subscriber's; null: as it came")
    coding: Literal["auto", "gsm", "ucs2"] = Field("auto", description="the alphabet of screens")
    gsm_packing: Literal["octets", "ascii", "latin1"] = Field("octets", description="what data_coding 0 means")
    gsm_data_coding: Octet = Field(0, description="data_coding of a GSM 7-bit screen")
    ucs2_data_coding: Octet = Field(8, description="data_coding of a UCS-2 screen")
    septets_max: Annotated[Count, Field(ge=80, le=182)] = Field(182, description="longest screen in GSM 7-bit")
    ucs2_max: Annotated[Count, Field(ge=60, le=80)] = Field(80, description="longest screen in UCS-2")


def read_dialect(path: Path, name: str, shown: str = "") -> tuple[Dialect | None, list[ConfigError]]:
    """The dialect in the file at `path` (named `shown` in errors), or everything that is wrong with it."""
    document = read_document(path, shown or str(path))
    section = None if document.errors else _section(document)
    if section is not None:
        for where, text in _contradictions(section):
            document.complain(where, text)
    return (None if document.errors or section is None else _dialect(section, name)), document.errors


def read_dialects(accounts, folder: Path, shown: str) -> tuple[dict[str, Dialect], list[Fault], list[ConfigError]]:
    """Name -> dialect of those that `accounts` name; faults of the accounts by their place; errors of the files."""
    read: dict[str, Dialect] = {}
    faults: list[Fault] = []
    errors: list[ConfigError] = []
    for index, account in enumerate(accounts):
        name, path = account.dialect, folder / f"{account.dialect}.yaml"
        if not path.is_file():
            faults.append(((index, "dialect"), f"expected a dialect of {shown} ({_names(folder)}), found {name!r}"))
        elif name not in read and not any(error.file == f"{shown}/{name}.yaml" for error in errors):
            dialect, wrong = read_dialect(path, name, f"{shown}/{name}.yaml")
            errors += wrong
            if dialect is not None:
                read[name] = dialect
    return read, faults, errors


def _names(folder: Path) -> str:
    names: list[str] = []
    with suppress(OSError, ValueError):
        names = sorted(path.stem for path in islice(folder.glob("*.yaml"), _NAMED_MAX))
    return ", ".join(names) or "there are none"


def _section(document: Document) -> DialectSection | None:
    data = {} if document.data is None else document.data
    if not isinstance(data, dict):
        document.complain((), f"expected a mapping of keys, found {found(data)}")
        return None
    try:
        return DialectSection.model_validate(data)
    except ValidationError as error:
        for path, text in complaints(error.errors(include_url=False), known_keys()):
            document.complain(path, text)
    return None


def _contradictions(section: DialectSection) -> list[Fault]:
    """What is well-formed and cannot be meant."""
    faults: list[Fault] = []
    meant: dict[int, str] = {}
    for kind in ("begin", "input", "shown", "abort"):
        for index, op in enumerate(getattr(section.ops_in, kind)):
            if meant.setdefault(op, kind) != kind:
                faults.append((("ops_in", kind, index), f"expected one meaning, found {op} under {meant[op]} too"))
    out = section.ops_out
    its = section.correlator in (dialects.ITS_SESSION, dialects.ITS_DIALOG)
    if out.menu == out.end and not (its and section.end_bit):
        faults.append((("ops_out", "end"), (
            "expected another op than menu's, or a correlator of its_session_info with end_bit: "
            "else nothing says that a session ends")))
    if section.answer_with == "data_sm" and section.text_out != "message_payload":
        faults.append((("text_out",), "expected message_payload, because data_sm has nothing else"))
    return faults


def _dialect(section: DialectSection, name: str) -> Dialect:
    plain = dict(section) | {"ops_in": OpsIn(**dict(section.ops_in)), "ops_out": OpsOut(**dict(section.ops_out))}
    for key in ("service_numbering", "subscriber_numbering"):
        if plain[key] is not None:
            plain[key] = Numbering(**dict(plain[key]))
    return Dialect(name=name, **plain)

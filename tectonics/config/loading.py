"""From a file to settings, or to all of its errors at once.

Steps: YAML, overrides of the command line, form and limits of each key, contradictions between keys,
message catalogues.  A section with an error takes its defaults for the later steps, and what these
say about it is not reported: all errors at once, but none that merely follows from another.
"""

import os
from pathlib import Path

from pydantic import ValidationError

from tectonics.config import contradictions
from tectonics.config.dialects import read_dialects
from tectonics.config.document import Document, read_document
from tectonics.config.errors import ConfigError, ConfigErrors, complaints, found
from tectonics.config.policy import canonical_document, currency_context
from tectonics.config.sections import Sections
from tectonics.config.settings import LISTENERS, Settings
from tectonics.config.texts import read_catalogue
from tectonics.config.values import known_keys
from tectonics.domain.dialects import Dialect
from tectonics.domain.errors import BadPolicy
from tectonics.domain.messages import Catalogue
from tectonics.domain.screens import keys


def load(path: str | os.PathLike, overrides: dict[str, object] | None = None) -> Settings:
    """The settings in the file at `path`.

    `overrides` are plain values by dotted key (`{"web.endpoint": ""}`) that take the place of what
    the file says. ConfigErrors, with every error, when the file cannot be used.
    """
    file = Path(path)
    document = read_document(file)
    if document.data is None and not document.errors:
        document.data = {}
    if not isinstance(document.data, dict):
        if not document.errors:
            document.complain((), f"expected a mapping of sections, found {found(document.data)}")
        raise ConfigErrors(document.errors)
    for key, value in (overrides or {}).items():
        _override(document, tuple(key.split(".")), value)
    sections, wrong = _sections(document)
    dialects, errors = _dialects(sections, document, wrong)
    settings = Settings.of(sections, file, Catalogue({}, sections.messages.default), dialects)
    _contradictions(settings, document, wrong)
    catalogue, more = _catalogue(settings, document, wrong)
    if document.errors or errors or more:
        raise _all(document, errors + more)
    return Settings.of(sections, file, catalogue, dialects)


def check(path: str | os.PathLike) -> list[ConfigError]:
    """Everything that is wrong with the file at `path` and its message catalogues."""
    try:
        load(path)
    except ConfigErrors as errors:
        return list(errors.errors)
    return []


def load_policy(path: str | os.PathLike) -> dict:
    """The canonical policy document in a file that holds one, at the top or as its key `policy`.

    ConfigErrors when it is not YAML, BadPolicy when it is not a policy.
    """
    document = read_document(Path(path))
    if document.errors:
        raise ConfigErrors(document.errors)
    data = document.data
    if isinstance(data, dict) and "policy" in data:
        data = data["policy"]
    if not isinstance(data, dict):
        raise BadPolicy(f"expected a mapping, found {found(data)}")
    return canonical_document(data)


def _override(document: Document, path: tuple[str, ...], value: object) -> None:
    target = document.data
    for depth, name in enumerate(path[:-1], 1):
        if not isinstance(target.get(name), dict):
            target[name] = {}
            document.places[path[:depth]] = (0, 0)
        target = target[name]
    target[path[-1]] = value
    document.places = {known: place for known, place in document.places.items() if known[:len(path)] != path}
    document.places[path] = (0, 0)


def _sections(document: Document) -> tuple[Sections, frozenset[str]]:
    """The sections, and the names of those with errors, which stand there with their defaults."""
    wrong: frozenset[str] = frozenset()
    try:
        return _validated(document.data), wrong
    except ValidationError as error:
        for path, text in complaints(error.errors(include_url=False), known_keys()):
            document.complain(path, text)
            wrong |= {str(path[0])}
    return _validated({name: data for name, data in document.data.items() if name not in wrong}), wrong


def _validated(data: dict) -> Sections:
    return Sections.model_validate(data, context=currency_context(data.get("policy")))


def _contradictions(settings: Settings, document: Document, wrong: frozenset[str]) -> None:
    faults = [(("policy", *path), text) for path, text in contradictions.of_policy(settings.policy)]
    last = next((style for style in settings.styles() if style.mode == "last"), None)
    if not faults and last and "channels" not in wrong:
        faults += [(("policy", *path), text)
                   for path, text in contradictions.of_keys(settings.policy, keys(last))]
    listeners = settings.listeners()
    faults += contradictions.of_ports((path, listeners[path]) for path in LISTENERS
                                      if path in listeners and path[0] not in wrong)
    faults += contradictions.of_sections(settings)
    for path, text in faults:
        if path[0] not in wrong:
            document.complain(path, text)


def _catalogue(settings: Settings, document: Document,
               wrong: frozenset[str]) -> tuple[Catalogue, list[ConfigError]]:
    messages = settings.messages
    if "messages" in wrong:
        return settings.catalogue, []
    shown = Path(document.file).parent / messages.directory
    styles = () if "channels" in wrong else (*settings.styles(), settings.message_style())
    return read_catalogue(shown, str(shown), messages.languages, messages.default, styles)


def _dialects(sections: Sections, document: Document,
              wrong: frozenset[str]) -> tuple[dict[str, Dialect], list[ConfigError]]:
    """How the USSD gateways speak; an unknown dialect is an error of the account that names it."""
    if "channels" in wrong:
        return {}, []
    ussd = sections.channels.ussd_smpp
    shown = Path(document.file).parent / ussd.dialects
    dialects, faults, errors = read_dialects(ussd.accounts, shown, str(shown))
    for path, text in faults:
        document.complain(("channels", "ussd_smpp", "accounts", *path), text)
    return dialects, errors


def _all(document: Document, errors: list[ConfigError]) -> ConfigErrors:
    own = sorted(document.errors, key=lambda error: (error.line, error.column))
    return ConfigErrors(own + sorted(errors, key=lambda error: (error.file, error.line, error.column)))

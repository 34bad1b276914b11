"""Reading the message catalogue: one YAML file per language, key to text, every error with its line."""

from collections.abc import Iterable
from pathlib import Path

from tectonics.config.document import Document, read_document
from tectonics.config.errors import ConfigError, found
from tectonics.domain.messages import MESSAGES, Catalogue, examine, too_long
from tectonics.domain.screens import Style


def read_catalogue(directory: Path, shown: str, languages: tuple[str, ...], default: str,
                   styles: Iterable[Style]) -> tuple[Catalogue, list[ConfigError]]:
    """The catalogue in `directory` (named `shown` in errors), and everything that is wrong with it.

    A language without errors is also held against the `styles` of the channels: filled with long values,
    each screen must fit.
    """
    documents = {language: read_document(directory / f"{language}.yaml", f"{shown}/{language}.yaml")
                 for language in languages}
    texts = {language: _texts(document) for language, document in documents.items()}
    catalogue = Catalogue(texts, default)
    for problem in examine(catalogue):
        if problem.language in documents and not _unread(documents[problem.language]):
            documents[problem.language].complain((problem.key,), problem.text)
    whole = Catalogue({language: entries for language, entries in texts.items()
                       if not documents[language].errors and entries.keys() == MESSAGES.keys()}, default)
    for problem in dict.fromkeys(problem for style in styles for problem in too_long(whole, style)):
        documents[problem.language].complain((problem.key,), problem.text)
    return catalogue, [error for document in documents.values() for error in document.errors]


def _unread(document: Document) -> bool:
    return not isinstance(document.data, dict) and bool(document.errors)


def _texts(document: Document) -> dict[str, str]:
    if document.data is None and document.errors:
        return {}
    if not isinstance(document.data, dict):
        document.complain((), f"expected a mapping of message keys to texts, found {found(document.data)}")
        return {}
    for key, value in document.data.items():
        if not isinstance(value, str):
            document.complain((key,), f"expected text, found {found(value)}")
    return {key: value for key, value in document.data.items() if isinstance(value, str)}

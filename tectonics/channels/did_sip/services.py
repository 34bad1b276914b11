"""What a ring of each kind of number asks of the engine: one line a kind.

A missed call is never consent to a debt: `lend` says no more than the word that asks for offers, as if he had
written it.  The offers come by SMS, and money moves when he agrees to one of them by another message.
Kinds that call somebody back stand here too once there is a workflow for them.
"""

from collections.abc import Mapping

from tectonics.domain.keywords import spellings


def written(service: str, texts: Mapping[str, Mapping[str, str]], language: str) -> str:
    """The words that a ring stands for; `texts` is that of the catalogue, `language` its default."""
    return spellings(texts[language][_WORDS[service]])[0]


_WORDS = {"lend": "word.sos"}

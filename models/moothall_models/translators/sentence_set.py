"""Sentences with which translations are tested: those that come with Moothall, or those of a file of the operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from moothall.core.kernel.decoding import Unreadable, read_toml
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.languages import primary

FILE = Path(__file__).with_name("sentences.toml")
EDITION = 1
"""Counts up when a sentence of the file is changed: scores of another edition are not those of today."""
MOST_BYTES = 1 << 20
MOST = 2_000
"""Most sentences of a file."""
LONGEST = 1_000
"""Most characters of a sentence."""
WHAT_FITS = (
    'A file of sentences has [[sentences]], each in two languages or more: en = "Good morning.", fr = "Bonjour."'
)


class SentenceSet(msgspec.Struct, frozen=True, kw_only=True):
    """Sentences, each by its languages (primary tags)."""

    sentences: tuple[Mapping[str, str], ...]
    own: bool
    """Whether the operator gave them."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that they are in, sorted."""
        return tuple(sorted({language for each in self.sentences for language in each}))

    def pair(self, source: str, target: str) -> tuple[Sequence[str], Sequence[str]]:
        """The sentences that are in both of two languages (primary tags), in the one and in the other."""
        both = [each for each in self.sentences if source in each and target in each]
        return [each[source] for each in both], [each[target] for each in both]


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    sentences: tuple[dict[str, str], ...]


def read_sentences(path: Path = FILE) -> SentenceSet:
    """Read a file of sentences, by default that of Moothall. Raises ConfigurationError."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ConfigurationError(f"{path} has more than {MOST_BYTES} bytes: give fewer sentences.")
        given = msgspec.convert(read_toml(data.decode()), _File).sentences
    except OSError as error:
        raise ConfigurationError(f"The sentences {path} can't be read: {error.strerror}.") from None
    except (UnicodeDecodeError, Unreadable, msgspec.ValidationError) as error:
        raise ConfigurationError(f"The sentences {path} can't be used: {error}. {WHAT_FITS}.") from None
    if not given or len(given) > MOST:
        raise ConfigurationError(f"{path} has {len(given)} sentences; 1 to {MOST} can be used. {WHAT_FITS}.")
    for number, each in enumerate(given, 1):
        if len({primary(tag) for tag in each}) < max(2, len(each)):
            raise ConfigurationError(
                f"Sentence {number} of {path} isn't in two languages, or twice in one. {WHAT_FITS}."
            )
        if not all(0 < len(text.strip()) <= LONGEST for text in each.values()):
            raise ConfigurationError(f"Sentence {number} of {path} is empty, or has more than {LONGEST} characters.")
    found = tuple({primary(tag): text.strip() for tag, text in each.items()} for each in given)
    return SentenceSet(sentences=found, own=path != FILE)

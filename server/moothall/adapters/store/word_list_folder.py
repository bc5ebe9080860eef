"""The folder of the lists of rude words, `*.toml`, read once at the start."""

from __future__ import annotations

from pathlib import Path

from moothall.core.kernel.errors import ConfigurationError
from moothall.core.questions.blocked_words import MOST_BYTES, WordList, parse


def read_word_lists(folder: str) -> tuple[WordList, ...]:
    """All lists, those that nobody has checked too; none for no folder. Raises ConfigurationError with a sentence."""
    if not folder:
        return ()
    try:
        files = sorted(path for path in Path(folder).iterdir() if path.suffix == ".toml")
        return tuple(parse(path.name, _text(path)) for path in files)
    except OSError as error:
        msg = f"{folder} can't be read: {error.strerror}. `word_lists` of [conference] names a folder of TOML files."
        raise ConfigurationError(msg) from error


def _text(path: Path) -> str:
    raw = path.read_bytes()
    if len(raw) > MOST_BYTES:
        msg = f"The list of words {path.name} has {len(raw)} bytes; it may have {MOST_BYTES}."
        raise ConfigurationError(msg)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        msg = f"The list of words {path.name} is not written in UTF-8."
        raise ConfigurationError(msg) from error

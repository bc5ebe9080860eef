"""The sample session that comes with every release."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from moothall.core.kernel.errors import ConfigurationError

_PROGRAMME = Path("config") / "sample" / "programme.toml"


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """What `config/sample/programme.toml` says of it."""

    folder: Path
    title: str
    language: str
    audio: Path
    reference: Path
    """What is said, and when: one JSON object an utterance."""


def find_sample() -> Sample:
    """The sample: in a checkout beside `server/`, in a wheel inside the package. Raises ConfigurationError."""
    package = Path(__file__).resolve().parents[1]
    for root in (package.parents[1], package):
        programme = root / _PROGRAMME
        if programme.is_file():
            said = tomllib.loads(programme.read_text(encoding="utf-8"))
            return Sample(
                folder=programme.parent,
                title=said["title"],
                language=said["language"],
                audio=programme.parent / said["audio"],
                reference=programme.parent / said["reference"],
            )
    msg = f"The sample session {_PROGRAMME} is missing from this installation. Name a recording with --file."
    raise ConfigurationError(msg)

"""What `moothall languages --json` writes, a message a line, for a server whose secretariat adds languages."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import msgspec
from msgspec import Meta

from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import ProtocolError

REGISTRY = "https://storage.googleapis.com/moz-fx-translations-data--303e-prod-translations-data/db/models.json"
"""The address of Mozilla's list of the models of Firefox Translations."""
ARGOS_INDEX = "https://raw.githubusercontent.com/argosopentech/argospm-index/main/index.json"
"""The address of the index of packages of Argos Translate."""
LONGEST = 4_096
"""Most bytes of a line."""

_Tag = Annotated[str, Meta(pattern=r"\A[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z", max_length=35)]
"""A language, BCP-47."""
_Count = Annotated[int, Meta(ge=0)]
_Bytes = _Count


class Wish(Enum):
    """Which models of a language somebody has asked for; the command's argument of that name says so."""

    LIGHT = "light"
    BETTER = "better"
    FITTING = "fitting"
    """What is here stays, and the rest is chosen by the machine's speed; without an argument."""


class LanguageOffer(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="offer"):
    """A language that can be added, or that is here."""

    language: _Tag
    size: _Bytes
    """Bytes of its models, about."""
    licence: str
    """SPDX identifier of the models' licence."""
    here: bool
    """Whether all of its models are here."""
    light: _Bytes = 0
    """Bytes of its light models, about."""
    better: _Bytes = 0
    """Bytes of better models than those that are here or would be taken, about; 0: there are none."""
    quick: bool = False
    """Whether this machine is quick enough for them, as far as is known."""


class LanguageProgress(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="progress"):
    """How much of what was ordered has arrived."""

    done: _Bytes
    total: _Bytes


class LanguageAdded(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="added"):
    """A language is here now."""

    language: _Tag


class LanguagesTested(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="tested"):
    """How many of the ways between languages are tested."""

    done: _Count
    total: _Count


class LanguagesFailed(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="failed"):
    """What was ordered failed; it is the last message."""

    said: Annotated[str, Meta(max_length=2_000)]
    """What went wrong and what to do, in English."""


LanguageMessage = LanguageOffer | LanguageProgress | LanguageAdded | LanguagesTested | LanguagesFailed

_decoder: msgspec.json.Decoder[LanguageMessage] = msgspec.json.Decoder(LanguageMessage)


def encode(message: LanguageMessage) -> bytes:
    """The line of a message, with its line feed."""
    return msgspec.json.encode(message) + b"\n"


def decode(line: bytes) -> LanguageMessage:
    """Decode a line. Raises ProtocolError."""
    try:
        return read(_decoder, line)
    except Unreadable as error:
        raise ProtocolError("The program that adds languages wrote a line that can't be read.") from error

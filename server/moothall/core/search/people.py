"""Who is who among the speakers that programmes list: people who have a page, as the secretariat has said.

Nobody is joined by their name alone. A programme names speakers session by session; the secretariat says which of them
are one person, and that person can switch the page off by a private link.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from moothall.core.kernel.ids import SessionId, SpeakerId
from moothall.core.programme.plan import Planned

MOST_PEOPLE = 5_000
"""Overflow: nobody is added."""
MOST_SESSIONS = 500
"""Sessions of one person. Overflow: the others can't be added."""


class SpeakerOf(NamedTuple):
    """A speaker of a session."""

    session: SessionId
    speaker: SpeakerId


class KnownSpeaker(msgspec.Struct, frozen=True, kw_only=True):
    """A person of whom the secretariat has said which speakers they are."""

    id: str
    name: str
    """As the programme has it."""
    speakers: tuple[SpeakerOf, ...]
    link: str
    """SHA-256 of the secret in the person's private link, hexadecimal."""
    shown: bool = True
    """False once the person has switched the page off."""
    listed: bool = False
    """Whether search engines may list the page, as the secretariat decides."""
    wished: int = 0
    """When the person asked for their words to be removed, Unix ms; 0: they don't."""

    def opened_by(self, secret: str) -> bool:
        """Whether this is the secret of the private link."""
        return hmac.compare_digest(self.link, digest_of(secret))


class Unjoined(msgspec.Struct, frozen=True):
    """Speakers of the programme who have the same name and belong to no person yet. They need not be one person."""

    name: str
    speakers: tuple[SpeakerOf, ...]


def digest_of(secret: str) -> str:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def listed_speakers(plans: Iterable[Planned]) -> dict[SpeakerOf, str]:
    """The names of the speakers that programmes list, without rehearsals."""
    return {
        SpeakerOf(plan.session, speaker.id): speaker.name
        for plan in plans
        if not plan.rehearsal
        for speaker in plan.speakers
    }


def unjoined(listed: Mapping[SpeakerOf, str], people: Iterable[KnownSpeaker]) -> list[Unjoined]:
    """The listed speakers who belong to no person, those with the same name beside each other, by name."""
    taken = {each for person in people for each in person.speakers}
    groups: dict[str, list[SpeakerOf]] = {}
    names: dict[str, str] = {}
    for speaker, name in listed.items():
        if speaker not in taken:
            key = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
            names.setdefault(key, name)
            groups.setdefault(key, []).append(speaker)
    return [Unjoined(names[key], tuple(groups[key])) for key in sorted(groups)]


def may_join(
    speakers: Sequence[SpeakerOf],
    listed: Mapping[SpeakerOf, str],
    people: Sequence[KnownSpeaker],
    same: KnownSpeaker | None,
) -> bool:
    """Whether these speakers can be one person, or be added to the person `same`: a programme lists all of them, none
    belongs to another person, and there is room.
    """
    taken = {each for person in people for each in person.speakers}
    before = 0 if same is None else len(same.speakers)
    room = len(people) < MOST_PEOPLE if same is None else True
    fits = 0 < len(speakers) <= MOST_SESSIONS - before and len(set(speakers)) == len(speakers)
    return room and fits and all(each in listed and each not in taken for each in speakers)

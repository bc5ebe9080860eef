"""What people may say of themselves when they ask something, by choice. Pure.

The stakeholder groups are those of the consultations on internet governance since the Tunis Agenda (2005), with
Parliament and Media apart; the regions are the regional groups of the United Nations' member states.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

import msgspec

NOT_SAID = "not-said"
"""The cell of those who have not said it."""
YES = "yes"


class Dimension(StrEnum):
    """By what figures are told apart."""

    GROUP = "group"
    """Stakeholder group."""
    REGION = "region"
    GENDER = "gender"
    FIRST = "first"
    """It is their first time at this meeting."""
    YOUNG = "young"
    DISABILITY = "disability"


class Group(StrEnum):
    """Stakeholder groups."""

    GOVERNMENT = "government"
    PARLIAMENT = "parliament"
    INTERGOVERNMENTAL = "intergovernmental"
    CIVIL_SOCIETY = "civil-society"
    BUSINESS = "business"
    TECHNICAL = "technical"
    ACADEMIA = "academia"
    MEDIA = "media"


class Region(StrEnum):
    """Regional groups of the United Nations."""

    AFRICA = "africa"
    ASIA_PACIFIC = "asia-pacific"
    EASTERN_EUROPE = "eastern-europe"
    LATIN_AMERICA = "latin-america"
    WESTERN_EUROPE = "western-europe"
    OTHER = "other"


class Gender(StrEnum):
    """Genders."""

    WOMAN = "woman"
    MAN = "man"
    OTHER = "other"


CHOICES: Mapping[Dimension, tuple[str, ...]] = {
    Dimension.GROUP: tuple(Group),
    Dimension.REGION: tuple(Region),
    Dimension.GENDER: tuple(Gender),
    Dimension.FIRST: (YES,),
    Dimension.YOUNG: (YES,),
    Dimension.DISABILITY: (YES,),
}
"""What may be said, in the order in which it is shown."""
NOT_OF_THE_YOUNG = frozenset({Dimension.REGION, Dimension.GENDER})
"""Asked of nobody in a session with young people present."""

Statement = dict[Dimension, str]
"""What somebody has said; what isn't there has not been said."""


class AboutQuestions(msgspec.Struct, frozen=True, kw_only=True):
    """What people are asked of themselves."""

    dimensions: tuple[Dimension, ...] = tuple(Dimension)
    groups: tuple[Group, ...] = tuple(Group)
    """Of which stakeholder groups one may be."""

    def choices(self, *, young_people: bool) -> dict[Dimension, tuple[str, ...]]:
        """What may be said in a session, by what it is about."""
        left = (each for each in self.dimensions if not (young_people and each in NOT_OF_THE_YOUNG))
        found = {each: self.groups if each is Dimension.GROUP else CHOICES[each] for each in left}
        return {each: choices for each, choices in found.items() if choices}


def stated(given: Mapping[Dimension, str], choices: Mapping[Dimension, Collection[str]]) -> Statement:
    """What was said, of what may be; anything else counts as not said."""
    return {each: given[each] for each, may in choices.items() if given.get(each, "") in may}

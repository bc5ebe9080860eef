"""What people may choose to say of themselves when they ask something.

The stakeholder groups are those of the consultations on internet governance since the Tunis Agenda (2005), with
Parliament and Media apart; the regions are the regional groups of the United Nations' member states.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum

import msgspec

NOT_SAID = "not-said"
"""The cell of people who have said nothing in a dimension."""
YES = "yes"


class Dimension(StrEnum):
    """A dimension of the figures: what a statement is about."""

    GROUP = "group"
    """The stakeholder group."""
    REGION = "region"
    GENDER = "gender"
    FIRST = "first"
    """Whether it is the person's first time at this meeting."""
    YOUNG = "young"
    DISABILITY = "disability"


class StakeholderGroup(StrEnum):
    """The stakeholder groups."""

    GOVERNMENT = "government"
    PARLIAMENT = "parliament"
    INTERGOVERNMENTAL = "intergovernmental"
    CIVIL_SOCIETY = "civil-society"
    BUSINESS = "business"
    TECHNICAL = "technical"
    ACADEMIA = "academia"
    MEDIA = "media"


class Region(StrEnum):
    """The regional groups of the United Nations."""

    AFRICA = "africa"
    ASIA_PACIFIC = "asia-pacific"
    EASTERN_EUROPE = "eastern-europe"
    LATIN_AMERICA = "latin-america"
    WESTERN_EUROPE = "western-europe"
    OTHER = "other"


class Gender(StrEnum):
    """The genders to choose from."""

    WOMAN = "woman"
    MAN = "man"
    OTHER = "other"


CHOICES: Mapping[Dimension, tuple[str, ...]] = {
    Dimension.GROUP: tuple(StakeholderGroup),
    Dimension.REGION: tuple(Region),
    Dimension.GENDER: tuple(Gender),
    Dimension.FIRST: (YES,),
    Dimension.YOUNG: (YES,),
    Dimension.DISABILITY: (YES,),
}
"""The possible answers in each dimension, in the order in which they are shown."""
NOT_OF_THE_YOUNG = frozenset({Dimension.REGION, Dimension.GENDER})
"""Dimensions that are asked of nobody in a session with young people present."""

Statement = dict[Dimension, str]
"""One person's answers; a dimension without an answer is missing."""


class AboutQuestions(msgspec.Struct, frozen=True, kw_only=True):
    """The questions that people are asked about themselves."""

    dimensions: tuple[Dimension, ...] = tuple(Dimension)
    groups: tuple[StakeholderGroup, ...] = tuple(StakeholderGroup)
    """The stakeholder groups to choose from."""

    def choices(self, *, young_people: bool) -> dict[Dimension, tuple[str, ...]]:
        """The possible answers in a session, by dimension."""
        left = (each for each in self.dimensions if not (young_people and each in NOT_OF_THE_YOUNG))
        found = {each: self.groups if each is Dimension.GROUP else CHOICES[each] for each in left}
        return {each: choices for each, choices in found.items() if choices}


def stated(given: Mapping[Dimension, str], choices: Mapping[Dimension, Collection[str]]) -> Statement:
    """The answers in `given` that are possible; any other answer counts as not given."""
    return {each: given[each] for each, may in choices.items() if given.get(each, "") in may}

from __future__ import annotations

from moothall.core.questions.statements import (
    CHOICES,
    NOT_OF_THE_YOUNG,
    AboutQuestions,
    Dimension,
    StakeholderGroup,
    stated,
)


def test_all_is_asked_unless_it_is_set_otherwise() -> None:
    assert AboutQuestions().choices(young_people=False) == dict(CHOICES)
    few = AboutQuestions(dimensions=(Dimension.GROUP,), groups=(StakeholderGroup.MEDIA, StakeholderGroup.ACADEMIA))
    assert few.choices(young_people=False) == {Dimension.GROUP: (StakeholderGroup.MEDIA, StakeholderGroup.ACADEMIA)}
    assert AboutQuestions(dimensions=(Dimension.GROUP,), groups=()).choices(young_people=False) == {}


def test_no_gender_and_no_region_where_young_people_are() -> None:
    left = AboutQuestions().choices(young_people=True)
    assert left.keys() == set(Dimension) - NOT_OF_THE_YOUNG
    assert {Dimension.REGION, Dimension.GENDER} == NOT_OF_THE_YOUNG


def test_only_what_may_be_said_counts_as_said() -> None:
    choices = AboutQuestions(groups=(StakeholderGroup.MEDIA,)).choices(young_people=True)
    given = {
        Dimension.GROUP: "business",
        Dimension.REGION: "africa",
        Dimension.FIRST: "yes",
        Dimension.YOUNG: "perhaps",
    }
    assert stated(given, choices) == {Dimension.FIRST: "yes"}
    assert stated({Dimension.GROUP: "media"}, choices) == {Dimension.GROUP: "media"}

from __future__ import annotations

import msgspec
import pytest

from moothall.core.events import types as ev
from moothall.core.events.lines import MadeFrom
from moothall.core.sessions.roughness import (
    is_rough,
    rough_languages,
    unquotable,
    unquotable_languages,
    until_checked,
    vouched_for,
    vouches,
)

BASE = {"ar": 41.7, "de": 11.8, "en": 8.8, "es": 14.5, "fr": 28.1, "pt": 7.2, "ru": 22.1, "zh": 12.9}
COPIED = MadeFrom(sources=(), route="", rough=True)
TRANSLATED = MadeFrom(sources=(), route="echo 1 ar>en", rough=True)


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    language: str = "ar"
    rough: bool | msgspec.UnsetType = True
    mended: bool = False
    made_from: MadeFrom | msgspec.UnsetType | None = None


@pytest.mark.parametrize(
    ("errors", "rough"),
    [
        (BASE, ("ar", "fr", "ru")),
        ({"en": 15.0, "de": 15.1}, ("de",)),
        ({"ru": 20.0, "ar": 20.1}, ("ar",)),
        ({"pt-BR": 30.0, "pt": 2.0}, ("pt",)),
        ({}, ()),
    ],
    ids=["whisper-base", "fifteen", "twenty", "a region", "nothing measured"],
)
def test_a_language_is_rough_above_its_limit_as_it_was_measured(
    errors: dict[str, float], rough: tuple[str, ...]
) -> None:
    assert rough_languages(errors) == rough


def test_a_region_is_as_rough_as_its_language() -> None:
    assert is_rough("ar-EG", ("ar", "fr"))
    assert not is_rough("en", ("ar", "fr"))


@pytest.mark.parametrize(
    ("line", "so"),
    [
        (Heard(), True),
        (Heard(mended=True), False),
        (Heard(rough=msgspec.UNSET), False),
        (Heard(rough=msgspec.UNSET, made_from=COPIED), True),
        (Heard(made_from=TRANSLATED), False),
        (Heard(rough=msgspec.UNSET, made_from=msgspec.UNSET), False),
    ],
    ids=["heard", "mended", "well heard", "copied into a translation", "translated", "as a reader has it"],
)
def test_a_rough_line_is_not_for_quoting_until_a_person_mends_it(line: Heard, so: bool) -> None:
    assert unquotable(line) is so


def test_the_languages_of_such_lines_are_named_once() -> None:
    lines = [Heard(language="ru"), Heard(language="ar-EG"), Heard(language="ar"), Heard(language="en", rough=False)]
    assert unquotable_languages(lines) == ("ar", "ru")


def test_whoever_seals_a_record_as_checked_vouches_for_its_lines() -> None:
    assert not vouches(ev.RecordSealed(version=ev.SealVersion.RAW, n=1))
    assert vouches(ev.RecordSealed(version=ev.SealVersion.CHECKED, n=2))
    gist = Heard(made_from=msgspec.structs.replace(TRANSLATED, until_checked=True))
    lines = [Heard(), Heard(made_from=COPIED), gist, Heard(made_from=TRANSLATED)]
    assert [until_checked(line) for line in lines] == [True, True, True, False]
    assert [until_checked(vouched_for(line)) for line in lines[:3]] == [False] * 3
    assert vouched_for(gist).made_from == msgspec.structs.replace(TRANSLATED, rough=False)
    assert not unquotable(vouched_for(Heard()))
    assert not unquotable(vouched_for(Heard(made_from=COPIED)))

"""Nobody is joined by their name alone, and nobody whom no programme lists."""

from __future__ import annotations

import msgspec

from moothall.core.kernel.ids import SessionId, SpeakerId
from moothall.core.programme.plan import Planned, Speaker
from moothall.core.search.people import (
    MOST_PEOPLE,
    MOST_SESSIONS,
    KnownSpeaker,
    SpeakerOf,
    Unjoined,
    digest_of,
    listed_speakers,
    may_join,
    unjoined,
)


def plan(session: str, *names: str, rehearsal: bool = False) -> Planned:
    speakers = tuple(Speaker(id=SpeakerId(name.casefold().replace(" ", "-")), name=name) for name in names)
    return Planned(session=SessionId(session), title=session, speakers=speakers, rehearsal=rehearsal)


def of(session: str, speaker: str = "ana-souza") -> SpeakerOf:
    return SpeakerOf(SessionId(session), SpeakerId(speaker))


LISTED = listed_speakers(
    [plan("one", "Ana Souza", "Li Wei"), plan("two", "ANA  Souza"), plan("test", "Ana Souza", rehearsal=True)]
)
ANA = KnownSpeaker(id="p1", name="Ana Souza", speakers=(of("one"),), link=digest_of("secret"))


def test_speakers_of_the_programme_are_listed_by_name_without_rehearsals() -> None:
    assert {of("one"): "Ana Souza", of("one", "li-wei"): "Li Wei", of("two", "ana--souza"): "ANA  Souza"} == LISTED
    assert unjoined(LISTED, []) == [
        Unjoined("Ana Souza", (of("one"), of("two", "ana--souza"))),
        Unjoined("Li Wei", (of("one", "li-wei"),)),
    ]
    assert unjoined(LISTED, [ANA])[0] == Unjoined("ANA  Souza", (of("two", "ana--souza"),))


def test_a_speaker_belongs_to_one_person_whom_a_programme_lists() -> None:
    other = of("two", "ana--souza")
    assert may_join([of("one"), other], LISTED, [], None)
    assert not may_join([], LISTED, [], None)
    assert not may_join([of("one"), of("one")], LISTED, [], None)
    assert not may_join([of("three")], LISTED, [], None)
    assert not may_join([of("one")], LISTED, [ANA], None)
    assert may_join([other], LISTED, [ANA], ANA)
    full = msgspec.structs.replace(ANA, speakers=tuple(of(f"s{n}") for n in range(MOST_SESSIONS)))
    assert not may_join([other], LISTED, [full], full)
    assert not may_join([other], LISTED, [ANA] * MOST_PEOPLE, None)
    assert may_join([other], LISTED, [ANA] * MOST_PEOPLE, ANA)


def test_the_private_link_opens_it_alone() -> None:
    assert ANA.opened_by("secret")
    assert not ANA.opened_by("other")
    assert not ANA.opened_by("")

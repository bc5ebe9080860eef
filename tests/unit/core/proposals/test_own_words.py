from __future__ import annotations

from typing import Any

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events.lines import MadeFrom, SourceSegment, Word
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId, SpeakerId
from moothall.core.kernel.persistent import PersistentMap
from moothall.core.proposals.own_words import (
    BESIDE_MS,
    KEPT_MS,
    SETTLED_MS,
    OwnFate,
    OwnProposal,
    ProposalWindow,
    SpeakerLink,
    correction,
    is_own,
    lines_near,
    may_have_link,
    own_lines,
    publication,
    window,
    without_words,
)
from moothall.core.sessions.parts import Channel, Segment
from moothall.core.sessions.state import State, Status

FLOOR, FRENCH = ChannelId("floor"), ChannelId("fr")
ANA, BO = SpeakerId("ana"), SpeakerId("bo")
CHANNELS = {
    FLOOR: Channel(id=FLOOR, kind=ChannelKind.FLOOR, languages=("en",)),
    FRENCH: Channel(id=FRENCH, kind=ChannelKind.INTERPRETATION, languages=("fr",)),
}
NOW = SETTLED_MS + 5


def line(name: str, t0: int = 0, **fields: Any) -> Segment:
    words = (Word("We", t0, t0 + 300), Word(" go.", t0 + 300, t0 + 600))
    known = {"channel": FLOOR, "language": "en", "t0": t0, "t1": t0 + 600, "words": words, "ended": True}
    return Segment(id=SegmentId(name), **{"speaker": ANA, "ended_at": 5, **known, **fields})


def state(*lines: Segment, **fields: object) -> State:
    segments: PersistentMap[SegmentId, Segment] = PersistentMap()
    for each in lines:
        segments = segments.set(each.id, each)
    known = {"channels": CHANNELS, "segments": segments, "speakers": {ANA: "Ana", BO: "  "}}
    return State(id=SessionId("s"), **{**known, **fields})  # type: ignore[arg-type]


def link(*proposals: OwnProposal, digest: str = "ab" * 32) -> SpeakerLink:
    return SpeakerLink(
        id="l", session=SessionId("s"), speaker=ANA, digest=digest, made=10, until=100, proposals=proposals
    )


def proposal(name: str, of: str = "a", **fields: object) -> OwnProposal:
    known = {"channel": FLOOR, "revision": 0, "was": "We go.", "text": "We grow.", "at": 7}
    return OwnProposal(id=name, segment=SegmentId(of), **{**known, **fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields",
    [
        {"speaker": BO},
        {"speaker": None},
        {"ended": False},
        {"gone": True},
        {"made_from": MadeFrom(sources=(SourceSegment(SegmentId("z"), 0),), route="en-fr")},
        {"words": ()},
        {"ended_at": 6},
        {"channel": FRENCH},
        {"t0": 500},
    ],
)
def test_a_line_of_somebody_else_or_unfinished_or_not_recorded_is_not_ones_own(fields: dict[str, Any]) -> None:
    hidden = line("x", **fields)
    found = state(line("b", 2_000), hidden, line("a", 1_200), not_recorded=((700, 1_100),))
    assert [each.id for each in own_lines(found, ANA, NOW)] == ["a", "b"]
    assert not is_own(found, hidden, ANA, NOW)
    assert not is_own(found, None, ANA, NOW)


def test_only_named_speakers_among_adults_may_have_a_link() -> None:
    assert may_have_link(state(), ANA)
    assert not may_have_link(state(), BO)
    assert not may_have_link(state(), SpeakerId("nobody"))
    assert not may_have_link(state(young_people=True), ANA)


def test_the_window_is_open_from_the_close_on() -> None:
    open_, closed = state(status=Status.OPEN), state(status=Status.CLOSED)
    assert [window(link(), each, 99) for each in (open_, closed)] == [ProposalWindow.EARLY, ProposalWindow.OPEN]
    assert [window(link(), each, 100) for each in (open_, closed)] == [ProposalWindow.OVER, ProposalWindow.OVER]


def test_a_link_is_kept_90_days_after_the_close_or_after_it_was_made() -> None:
    assert link().ends(50) == 50 + KEPT_MS
    assert link().ends(1) == 10 + KEPT_MS
    assert link().ends(None) == 100 + KEPT_MS


def test_a_proof_is_no_digest_and_a_revoked_link_has_none() -> None:
    assert link().proof
    assert link().proof != link().digest
    assert link().proof != link(digest="cd" * 32).proof
    assert link(digest="").proof == ""


def test_the_proposals_of_a_link_are_found_and_replaced() -> None:
    made = link().with_(proposal("1")).with_(proposal("2", "b")).with_(proposal("3"))
    found = made.newest(SegmentId("a"))
    assert found is not None
    assert found.id == "3"
    assert made.newest(SegmentId("z")) is None
    changed = made.with_(proposal("1", fate=OwnFate.DECLINED))
    assert [(each.id, each.fate) for each in changed.proposals] == [
        ("1", OwnFate.DECLINED),
        ("2", OwnFate.WAITING),
        ("3", OwnFate.WAITING),
    ]
    assert [each.id for each in made.without("2").proposals] == ["1", "3"]
    assert msgspec.json.decode(msgspec.json.encode(changed), type=SpeakerLink) == changed


def test_a_proposal_becomes_a_correction_of_the_line_as_it_is_now_or_is_made_public() -> None:
    now = line("a", revision=3)
    assert correction(proposal("1"), now) == do.CorrectSegment(
        channel=FLOOR, segment=SegmentId("a"), base_revision=3, base_words=2, text="We grow.", proposed=True
    )
    declined = proposal("1", reason="Not said.", decided=9)
    assert publication(declined, Role.CAPTIONER) == do.PublishDeclined(
        channel=FLOOR, segment=SegmentId("a"), text="We grow.", reason="Not said.", by=Role.CAPTIONER, at=9
    )


def test_what_is_near_to_removed_words_goes_with_them() -> None:
    lines = (line("a"), line("near", 600 + BESIDE_MS), line("far", 601 + BESIDE_MS), line("fr", channel=FRENCH))
    named = [SegmentId(each) for each in ("a", "near", "far", "fr", "gone")]
    near = lines_near(state(*lines), named, [SegmentId("a"), SegmentId("unknown")])
    assert near == {"a", "near", "gone"}
    left = without_words((proposal("1"), proposal("2", "far", reason="No.")), near)
    assert [(each.was, each.text, each.reason, each.fate) for each in left] == [
        ("", "", "", OwnFate.ERASED),
        ("We go.", "We grow.", "No.", OwnFate.WAITING),
    ]

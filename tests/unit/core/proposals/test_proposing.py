from __future__ import annotations

import pytest

from moothall.core import commands as do
from moothall.core.proposals.proposing import Fate, Marked, differing, fate
from moothall.core.proposals.refining import Proposal
from moothall.core.sessions.parts import Segment
from moothall.core.sessions.state import State
from support.sessions.deciding import CAPTIONER, ENGINE, FLOOR, carry_out, commit, correct, end, segment, speaking, word


def proposal(old: str, new: str, *, name: str = "a", stays: float = 0.7) -> Proposal:
    return Proposal(
        segment=segment(name), channel=FLOOR, base_revision=0, t0=0, old=old, new=new, stays=stays, machine=True
    )


OLD, NEW = "Good morning all.", "Good morning, hall."


def line(state: State, name: str = "a") -> Segment | None:
    return state.segments.get(segment(name))


def test_a_proposal_waits_as_long_as_the_line_reads_as_it_did() -> None:
    state = speaking()
    assert fate(proposal(OLD, NEW), line(state), left=False) is Fate.WAITS
    assert fate(proposal(OLD, NEW, stays=0.4), line(state), left=False) is Fate.LISTEN
    assert fate(proposal(OLD, NEW), line(state), left=True) is Fate.LEFT
    for text in (NEW, f" {NEW}"):
        accepted = carry_out(state, correct("a", 0, 3, text), actor=CAPTIONER)
        assert fate(proposal(OLD, NEW), line(accepted), left=True) is Fate.ACCEPTED
    changed = carry_out(state, correct("a", 0, 3, "Hello."), actor=CAPTIONER)
    assert fate(proposal(OLD, NEW), line(changed), left=True) is Fate.CHANGED
    # What stands there was a person's word when it was looked at, or a person put it back.
    assert fate(proposal("Hello.", NEW), line(changed), left=False) is Fate.TOUCHED
    back = carry_out(changed, correct("a", 1, 3, OLD), actor=CAPTIONER)
    assert fate(proposal(OLD, NEW), line(back), left=False) is Fate.TOUCHED


def test_lines_that_grow_or_are_gone_or_were_typed() -> None:
    state = speaking()
    assert fate(proposal("Welcome", "Well come", name="b"), line(state, "b"), left=False) is Fate.CHANGED
    assert fate(proposal(OLD, NEW, name="x"), None, left=False) is Fate.GONE
    struck = carry_out(state, do.RewindChannel(channel=FLOOR, t=0))
    assert fate(proposal(OLD, NEW), line(struck), left=False) is Fate.GONE
    typed = do.TypeSegment(channel=FLOOR, segment=segment("t"), text="By hand.", language="en")
    by_hand = carry_out(state, typed, actor=CAPTIONER)
    assert fate(proposal("By hand.", "By Hans.", name="t"), line(by_hand, "t"), left=False) is Fate.TOUCHED


def marked(pieces: Marked) -> str:
    return "".join(f"[{text}]" if differs else text for text, differs in pieces)


@pytest.mark.parametrize(
    ("old", "new", "before", "after"),
    [
        ("We hold trues.", "We hold truths.", "We hold[ trues.]", "We hold[ truths.]"),
        ("we hold", "We hold.", "[we hold]", "[We hold.]"),
        ("a b c d", "b x d e", "[a] b[ c] d", "b[ x] d[ e]"),
        ("", "Yes.", "", "[Yes.]"),
        (" Same. ", "Same.", "Same.", "Same."),
        ("ไม่ดี", "ไม้ดี", "ไ[ม่]ดี", "ไ[ม้]ดี"),
        ("今天天气好", "今天天很好", "今天天[气]好", "今天天[很]好"),
    ],
)
def test_the_words_that_differ_are_marked(old: str, new: str, before: str, after: str) -> None:
    one, other = differing(old, new)
    assert (marked(one), marked(other)) == (before, after)


def test_an_accepted_line_says_so_until_a_person_writes_in_it() -> None:
    def accept(revision: int, text: str, name: str = "a") -> do.CorrectSegment:
        return do.CorrectSegment(
            channel=FLOOR,
            segment=segment(name),
            base_revision=revision,
            base_words=1 if name == "c" else 3,
            text=text,
            accepted=True,
        )

    state = carry_out(speaking(), accept(0, NEW), actor=CAPTIONER)
    stands = line(state)
    assert stands is not None
    assert (stands.mended, stands.accepted) == (True, True)
    state = carry_out(state, correct("a", 1, 3, "Hello."), accept(2, NEW), actor=CAPTIONER)
    stands = line(state)
    assert stands is not None
    assert (stands.whole, stands.mended, stands.accepted) == (NEW, True, False)
    # An engine's own correction before it takes nothing away.
    state = carry_out(speaking(), end("b", 1500), actor=ENGINE)
    state = carry_out(state, commit("c", 0, word("So", 1600, 1700), start=1600), end("c", 1700), actor=ENGINE)
    state = carry_out(state, correct("c", 0, 1, "Sew"), actor=ENGINE)
    state = carry_out(state, accept(1, "So.", "c"), actor=CAPTIONER)
    stands = line(state, "c")
    assert stands is not None
    assert stands.accepted

"""Lines in a language in which the engine's model is rough: how they are marked, and what a person changes of that."""

from __future__ import annotations

import msgspec

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import Epoch, SegmentId, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.removal.selection import again
from moothall.core.rules.undo import read_act
from moothall.core.sessions.roughness import unquotable
from moothall.core.sessions.state import State
from moothall.core.views.captions import CaptionsView
from support.sessions.deciding import (
    CAPTIONER,
    ENGINE,
    FLOOR,
    WALL,
    carry_out,
    commit,
    correct,
    end,
    events,
    line_of,
    opened,
    refused,
    segment,
    word,
)
from support.sessions.translations import TRANSLATOR, spanish, translate, translated_session

ATTACH = do.AttachEngine(channel=FLOOR, model="whisper-base", rough=("ar", "pt"))
CHECKED, FINAL = (do.SealRecord(version=version) for version in (ev.SealVersion.CHECKED, ev.SealVersion.FINAL))


def portuguese(name: str, at: int, generation: int = 2) -> do.CommitWords:
    start = do.SegmentStart(t0=at, language="pt")
    said = commit(
        name, 0, word("Bom", at, at + 300), word(" dia.", at + 300, at + 600), start=at, generation=generation
    )
    return msgspec.structs.replace(said, start=start)


def heard() -> State:
    """Two ended lines of an engine whose model is rough in Portuguese: one in that language, one in English."""
    state = carry_out(opened(), ATTACH)
    return carry_out(
        state,
        portuguese("p", 1_000),
        end("p", 1_600, generation=2),
        commit("e", 0, word("Thanks.", 2_000, 2_400), start=2_000, generation=2),
        end("e", 2_400, generation=2),
        actor=ENGINE,
    )


def closed() -> State:
    return carry_out(heard(), do.CloseSession(), wall=WALL + 9_000)


def test_the_log_says_in_which_languages_an_engine_is_rough_and_which_lines_are() -> None:
    (attached,) = events(opened(), ATTACH)
    assert attached == ev.EngineAttached(channel=FLOOR, generation=2, model="whisper-base", rough=("ar", "pt"))
    assert (line_of(heard(), "p").rough, line_of(heard(), "e").rough) == (True, msgspec.UNSET)
    better = carry_out(heard(), do.AttachEngine(channel=FLOOR, model="large"))
    better = carry_out(better, portuguese("q", 3_000, generation=3), actor=ENGINE)
    assert line_of(better, "q").rough is msgspec.UNSET, "another engine, with a better model"


def test_a_line_that_a_person_mended_may_be_quoted() -> None:
    assert unquotable(line_of(heard(), "p"))
    mended = carry_out(heard(), correct("p", 0, 2, "Boa tarde."), actor=CAPTIONER)
    assert not unquotable(line_of(mended, "p"))
    undo = read_act(heard(), events(heard(), correct("p", 0, 2, "Boa tarde."), actor=CAPTIONER)).undoing
    undone = carry_out(mended, *undo, actor=CAPTIONER)
    assert (line_of(undone, "p").whole, unquotable(line_of(undone, "p"))) == (line_of(heard(), "p").whole, True)
    assert refused(carry_out(undone, do.CloseSession(), wall=WALL + 9_000), FINAL).code is RefusalCode.CONFLICT


def test_a_line_stays_rough_wherever_it_goes() -> None:
    said = again(line_of(heard(), "p"), (1, 2), SegmentId("k"))[0]
    assert isinstance(said, le.SegmentOpened)
    assert said.rough is True
    moved = do.MovedSegment(
        segment=SegmentId("m"), t0=0, t1=9, language="pt", origin=le.Origin.MACHINE, text="x", rough=True
    )
    here = do.MoveSegmentsHere(channel=FLOOR, session=SessionId("other"), lines=(moved,))
    assert line_of(carry_out(opened(), here, actor=CAPTIONER, wall=WALL + 60_000), "m").rough is True


def test_a_rough_text_is_no_final_record_before_somebody_has_checked_it() -> None:
    no = refused(closed(), FINAL)
    assert (no.code, "in pt" in no.message) == (RefusalCode.CONFLICT, True)
    as_it_came = carry_out(closed(), do.SealRecord(version=ev.SealVersion.RAW))
    assert refused(as_it_came, FINAL).code is RefusalCode.CONFLICT
    checked = carry_out(as_it_came, CHECKED)
    assert not unquotable(line_of(checked, "p"))
    assert carry_out(checked, FINAL).seals == 3
    mended = carry_out(closed(), correct("p", 0, 2, "Boa tarde."), actor=CAPTIONER)
    assert carry_out(mended, FINAL).seals == 1


def test_readers_see_that_a_checked_record_is_rough_no_more() -> None:
    view = CaptionsView.empty(SessionId("s"), Epoch("e"), Feed(FLOOR, live=False))
    said: list[ev.AnyEvent] = [
        le.SegmentOpened(
            channel=FLOOR, segment=SegmentId(name), t0=0, language="pt", origin=le.Origin.MACHINE, rough=rough
        )
        for name, rough in (("a", True), ("b", msgspec.UNSET))
    ]
    sealed = [ev.RecordSealed(version=each, n=n) for n, each in enumerate((ev.SealVersion.RAW, ev.SealVersion.CHECKED))]
    seen = []
    for offset, event in enumerate((*said, *sealed), 1):
        view = view.apply(offset, Role.SECRETARIAT, event)
        seen.append([unquotable(line) for line in view.lines])
    assert seen[1:] == [[True, False], [True, False], [False, False]]


def test_a_translation_of_a_rough_line_gives_the_gist_only_until_the_line_is_mended() -> None:
    state = carry_out(translated_session(), end("b", 1_500), actor=ENGINE)
    state = carry_out(state, ATTACH)
    state = carry_out(state, portuguese("r", 9_000), end("r", 9_600, generation=2), actor=ENGINE)
    state = carry_out(state, translate("r", "Buenos días.", route="echo 1 pt>es"), actor=TRANSLATOR)
    made = line_of(state, spanish("r")).made_from
    assert made is not None
    assert made.rough
    checked = carry_out(state, do.CloseSession(), CHECKED, wall=WALL + 20_000)
    assert line_of(checked, spanish("r")).made_from == msgspec.structs.replace(
        made, rough=False, until_checked=msgspec.UNSET
    )
    by_route = carry_out(
        carry_out(state, correct("r", 0, 2, "Boa tarde."), actor=CAPTIONER),
        translate("r", "Buenas tardes.", 1, "echo 1 pt>es", rough=True),
        actor=TRANSLATOR,
    )
    made = line_of(carry_out(by_route, do.CloseSession(), CHECKED, wall=WALL + 20_000), spanish("r")).made_from
    assert made is not None
    assert made.rough, "whatever the line reads, the translator gives the gist only"
    mended = carry_out(state, correct("r", 0, 2, "Boa tarde."), actor=CAPTIONER)
    mended = carry_out(mended, translate("r", "Buenas tardes.", 1, "echo 1 pt>es"), actor=TRANSLATOR)
    made = line_of(mended, spanish("r")).made_from
    assert made is not None
    assert not made.rough


def test_both_parts_of_a_split_line_are_rough() -> None:
    split = do.SplitSegment(channel=FLOOR, segment=segment("p"), revision=0, word=1, into=SegmentId("x"), generation=2)
    state = carry_out(heard(), split, actor=ENGINE, wall=WALL)
    assert [unquotable(line_of(state, name)) for name in ("p", "e")] == [True, False]
    second = state.segments.get(SegmentId("x"))
    assert second is not None
    assert unquotable(second)

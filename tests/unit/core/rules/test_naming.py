from __future__ import annotations

from asking import MODERATOR, ask, asked, name, of, stand
from deciding import FLOOR, carry_out, events
from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.question_parts import Kind, Standing
from moothall.core.removal.questions import speaker_of


def test_a_name_that_is_mended_is_mended_in_the_text_as_well() -> None:
    wish = ask("r", "", kind=Kind.REQUEST, name="Rude")
    state = carry_out(asked(), wish, stand(Standing.QUEUED, "r"), stand(Standing.CALLED, "r"), actor=MODERATOR)
    speaker = speaker_of(of(state, "r"))
    off = do.Reword(intervention=name("r"), text="", name="")
    assert events(state, off, actor=MODERATOR)[-1] == ev.SpeakerIntroduced(speaker=speaker, name="No. 4")
    state = carry_out(state, off, actor=MODERATOR)
    assert (state.speakers[speaker], state.channels[FLOOR].speaker) == ("No. 4", speaker)


def test_a_name_that_was_mended_in_the_text_by_itself_stays_there() -> None:
    wish = ask("r", "", kind=Kind.REQUEST, name="Anna")
    state = carry_out(asked(), wish, stand(Standing.QUEUED, "r"), stand(Standing.CALLED, "r"), actor=MODERATOR)
    speaker = speaker_of(of(state, "r"))
    state = carry_out(state, do.IntroduceSpeaker(speaker=speaker, name="Ana Lima"))
    state = carry_out(state, do.Reword(intervention=name("r"), text="", name="Ana"), actor=MODERATOR)
    assert state.speakers[speaker] == "Ana Lima"


def test_whoever_was_named_nowhere_is_not_named_by_that() -> None:
    state = carry_out(asked(), do.Reword(intervention=name("a"), text="Why?", name="Ana"), actor=MODERATOR)
    assert state.speakers == asked().speakers

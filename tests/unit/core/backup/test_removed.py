from __future__ import annotations

import pytest

from moothall.core.backup.removed import (
    Abandoned,
    AnyLine,
    ListBegun,
    RemovalDone,
    RemovedContent,
    SessionRemoved,
    SoundRemoved,
    SoundSilenced,
    TextRemoved,
    encode_line,
    named,
    read_list,
    united,
)
from moothall.core.events import types as ev
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import Epoch, SessionId, SourceId
from support.sessions.recorder import EPOCH, SESSION, Recorder

MIC = SourceId("mic")
BEGUN = ListBegun(id="0", at=1)
RECORD = Recorder().record(ev.SessionPaused(t=1))
TEXT = TextRemoved(id="1", at=2, session=SESSION, epoch=EPOCH, reason="request", events=(named(RECORD),))
WHOLE = SessionRemoved(id="2", at=3, epoch=EPOCH)
SPAN = SoundSilenced(id="3", at=4, session=SESSION, source=MIC, first=0, span=(5, 9))
SOUND = SoundRemoved(id="4", at=5, session=SESSION)
DONE = RemovalDone(id="3", at=6)
EVERY: tuple[AnyLine, ...] = (BEGUN, TEXT, WHOLE, SPAN, SOUND, DONE)
DATA = b"".join(map(encode_line, EVERY))


def test_a_list_is_read_as_it_was_written() -> None:
    assert read_list(DATA, "here") == EVERY
    assert read_list(b"", "here") == ()


def test_a_last_line_without_its_end_was_promised_to_nobody() -> None:
    assert read_list(DATA[:-1], "here") == EVERY[:-1]
    assert read_list(DATA[:10], "here") == ()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (DATA.replace(b'"text"', b'"text'), "Line 2 of the list of removals here can't be read"),
        (b"\n" + DATA, "Line 1"),
        (b"".join(map(encode_line, EVERY[1:])), "its beginning is missing"),
        (encode_line(ListBegun(id="0", at=1, format=2)), "newer release"),
    ],
)
def test_a_list_that_is_damaged_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        read_list(data, "here")


def test_two_lists_are_one_with_each_line_once() -> None:
    assert united([BEGUN, TEXT], [BEGUN, WHOLE, TEXT]) == (BEGUN, TEXT, WHOLE)


def test_it_says_what_must_not_be_there() -> None:
    removals = RemovedContent(EVERY)
    assert removals.text(SESSION, EPOCH) == {named(RECORD): "request"}
    assert removals.text(SESSION, Epoch("another")) == {}
    assert removals.log_removed(EPOCH)
    assert removals.logs == {EPOCH}
    assert not removals.log_removed(Epoch("another"))
    assert list(removals.sound(SESSION, MIC, 0)) == [SPAN, SOUND]
    assert list(removals.sound(SESSION, MIC, 7)) == [SOUND]
    assert list(removals.sound(SessionId("other"), MIC, 0)) == []
    assert removals.done == {"3"}


def test_an_act_that_was_abandoned_counts_for_nothing() -> None:
    every = (*EVERY, Abandoned(id="1", at=7), Abandoned(id="4", at=8))
    assert read_list(b"".join(map(encode_line, every)), "here") == every
    removals = RemovedContent(every)
    assert removals.text(SESSION, EPOCH) == {}
    assert removals.log_removed(EPOCH)
    assert list(removals.sound(SESSION, MIC, 0)) == [SPAN]


def test_it_says_which_acts_on_text_it_does_not_know_the_end_of() -> None:
    assert RemovedContent(EVERY).begun() == (TEXT, WHOLE)
    assert RemovedContent((*EVERY, RemovalDone(id="1", at=7), Abandoned(id="2", at=8))).begun() == ()
    assert RemovedContent(EVERY).begun_sound() == (SOUND,)
    assert RemovedContent((*EVERY, Abandoned(id="4", at=8))).begun_sound() == ()
    without = RemovedContent(EVERY).but([TEXT])
    assert without.text(SESSION, EPOCH) == {}
    assert without.log_removed(EPOCH)


def test_it_says_which_acts_on_text_were_carried_out() -> None:
    assert RemovedContent(EVERY).carried_out() == ()
    assert RemovedContent((*EVERY, RemovalDone(id="1", at=7), Abandoned(id="2", at=8))).carried_out() == (TEXT,)


def test_it_names_its_acts_but_for_those_that_were_abandoned() -> None:
    assert RemovedContent(EVERY).acts == {"1", "2", "3", "4"}
    assert RemovedContent((*EVERY, Abandoned(id="2", at=8))).acts == {"1", "3", "4"}


def test_no_line_holds_a_word() -> None:
    record = Recorder().record(ev.SpeakerIntroduced(speaker="s1", name="Ada Lovelace"))  # type: ignore[arg-type]
    line = TextRemoved(id="1", at=2, session=SESSION, epoch=EPOCH, reason="request", events=(named(record),))
    assert b"Ada" not in encode_line(line)
    assert named(record) == (1, record.digest.hex()[:16])

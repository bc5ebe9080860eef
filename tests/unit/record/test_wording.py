from __future__ import annotations

import msgspec
import pytest

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId
from moothall.record.model import Absence, Missing
from moothall.record.wording import Options, file_name
from support.sessions.record_maker import WORDING, Telling, meeting, questioned


def test_the_title_or_what_stands_for_it() -> None:
    assert WORDING.title_of(Telling("A\nmeeting").record()) == "A meeting"
    assert WORDING.title_of(Telling(" \n").record()) == "Meeting without a title"


def test_every_line_says_its_source() -> None:
    sources = {WORDING.source(line) for line in meeting().record().lines}
    assert sources == {
        "Written by a machine",
        "Written by a machine · Mended by a person",
        "Written by a person",
        "Typed by the speaker",
    }


def test_a_line_of_an_outside_tool_says_its_name() -> None:
    line = msgspec.structs.replace(meeting().record().lines[0], tool="Steno & <Co>", mended=False)
    assert WORDING.source(line) == "Sent by Steno & <Co>"


def test_a_line_that_a_respeaker_said_again_says_so() -> None:
    line = msgspec.structs.replace(meeting().record().lines[0], respoken=True, mended=True)
    assert WORDING.source(line) == "Respoken · Mended by a person"


def test_a_line_that_a_machine_wrote_roughly_says_so_until_a_person_mends_it() -> None:
    line = msgspec.structs.replace(meeting().record().lines[0], rough=True, mended=False)
    assert WORDING.source(line) == "Written roughly by a machine"
    mended = msgspec.structs.replace(line, mended=True)
    assert WORDING.source(mended) == "Written by a machine · Mended by a person"


def test_a_line_that_a_person_only_accepted_says_so() -> None:
    line = meeting().record().lines[0]
    accepted = msgspec.structs.replace(line, mended=True, accepted=True)
    assert WORDING.source(accepted) == "Written by a machine · Mended by the machine, accepted by a person"


def test_a_translated_line_says_what_it_was_made_from() -> None:
    line = meeting().record().lines[0]
    made = le.MadeFrom(sources=(le.SourceSegment(line.segment, 0),), route="echo 1 en>es")
    translated = msgspec.structs.replace(line, origin=le.Origin.TRANSLATED, made_from=made)
    assert WORDING.source(translated) == "Translated by echo 1 en>es"
    tools = msgspec.structs.replace(translated, tool="StenoCo")
    assert WORDING.source(tools) == "Translated by echo 1 en>es · Sent by StenoCo"
    as_said = msgspec.structs.replace(line, made_from=msgspec.structs.replace(made, route=""))
    assert WORDING.source(as_said) == "Written by a machine"


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (Missing(t0=60_000, t1=3_600_000, absence=Absence.NOT_RECORDED), "Not recorded from 1:00 to 1:00:00"),
        (Missing(t0=60_000, t1=None, absence=Absence.NOT_RECORDED), "Not recorded since 1:00"),
        (
            Missing(t0=0, t1=9_000, absence=Absence.GAP, reason=ev.GapReason.STORAGE),
            "No text from 0:00 to 0:09: storage",
        ),
        (Missing(t0=0, t1=9_000, absence=Absence.BREAK), "No text from 0:00 to 0:09: break"),
        (Missing(t0=0, t1=9_000, absence=Absence.BREAK, set_back=True), "No text from 0:00 to 0:09: break-set-back"),
        (Missing(t0=9_000, t1=None, absence=Absence.BREAK), "Break since 0:09"),
    ],
)
def test_why_there_is_no_text(span: Missing, text: str) -> None:
    assert WORDING.missing(span) == text


def test_what_is_said_above_the_text() -> None:
    assert WORDING.facts(meeting().record()) == ("24 November 2025", "As spoken", "Checked")
    assert WORDING.facts(meeting(closed=False).record())[-1] == "The meeting goes on, up to 3:32."
    assert WORDING.named(Telling().record()) == "State: k3j9x2:4"


def test_what_became_of_a_question_is_said_in_words() -> None:
    words = WORDING.asked
    first, *_, fourth, fifth = questioned().record().asked
    gone = msgspec.structs.replace(fourth, removed=True)
    assert words.stands(fourth) == "Declined"
    assert words.about(gone, Options(times=False)) == ("Declined", "Removed for good.")
    assert words.stands(msgspec.structs.replace(fifth, joined_with=None)) == "Joined with no. ?"
    assert (words.number_of(first), words.stands(first)) == ("Question no. 1", "Answered")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Opening ceremony", "2025-11-24 Opening ceremony (en).vtt"),
        ('a/b\\c: d? <e>|*"', "2025-11-24 a b c d e (en).vtt"),
        ("../../etc/passwd", "2025-11-24 etc passwd (en).vtt"),
        ("\u202egpj.exe\n\0x. .", "2025-11-24 gpj.exe x (en).vtt"),
        ("  \u2028 ", "2025-11-24 plenary (en).vtt"),
        ("会议" * 100, f"2025-11-24 {'会议' * 20} (en).vtt"),
        ("می\u200cخواهم", "2025-11-24 می\u200cخواهم (en).vtt"),  # noqa: RUF001  # as it is written
    ],
)
def test_names(title: str, name: str) -> None:
    assert file_name(Telling(title).record(), "vtt") == name
    assert len(name.encode()) < 180


def test_a_translation_is_named_after_its_language() -> None:
    told = Telling("Opening ceremony")
    spanish = ChannelId("mt-es")
    told.tell(ev.ChannelAdded(channel=spanish, kind=ev.ChannelKind.TRANSLATION, languages=("es",)))
    assert file_name(told.record(spanish), "srt") == "2025-11-24 Opening ceremony (es).srt"


def test_before_it_began_and_without_a_language_that_is_one() -> None:
    assert file_name(Telling("A", ("x/y",), opened=False).record(), "srt") == "A.srt"

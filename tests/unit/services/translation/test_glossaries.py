from __future__ import annotations

import asyncio

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.glossary.files import GlossaryPart, read_glossary
from moothall.core.glossary.merging import MOST_TERMS, Preferred
from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.ids import ChannelId, SessionId, SpeakerId
from moothall.core.programme.plan import Room, RoomId
from moothall.core.rules.decide import decide
from moothall.core.sessions.state import State, evolve
from moothall.core.translation.inflection import Inflection
from moothall.core.views.mended_names import MendedNames
from moothall.services.translation.glossaries import KEPT, LOOK_MS, MOST_SHOWN, DeskTerm, Glossaries
from moothall.testing.clock import ManualClock
from support.sessions.deciding import CAPTIONER, ENGINE, FLOOR, carry_out, commit, correct, opened, segment, word

HALL = Room(id=RoomId("hall"), title="Hall")
FILE = (GlossaryPart(terms=("AfriNIC", "Kisumu")), GlossaryPart(terms=("Lilongwe",), rooms=("hall",)))


class Files:
    def __init__(self, parts: tuple[GlossaryPart, ...] = FILE) -> None:
        self.parts = parts
        self.broken = False

    def read(self) -> tuple[GlossaryPart, ...]:
        if self.broken:
            raise ConfigurationError("g.toml is not TOML.")
        return self.parts

    def read_again(self) -> tuple[GlossaryPart, ...]:
        return self.parts


async def glossaries(files: Files, clock: ManualClock | None = None, room: Room | None = HALL) -> Glossaries:
    made = Glossaries(files, clock or ManualClock(), lambda _: room)
    await made.load()
    return made


def twice_corrected() -> tuple[State, MendedNames]:
    state, view = opened(), MendedNames()
    for n, name in enumerate("ab"):
        said = commit(
            name, 0, word("mood", 1000 * n, 1000 * n + 10), word(" hall", 1000 * n + 10, 1000 * n + 20), start=0
        )
        ended = do.EndSegment(
            channel=FLOOR, generation=1, segment=segment(name), t1=1000 * n + 20, reason=le.EndReason.PAUSE
        )
        state = carry_out(state, said, ended, actor=ENGINE)
        decided = decide(state, correct(name, 0, 2, "the Moothall"), CAPTIONER, 0)
        assert isinstance(decided, list)
        view = view.corrected(state, decided[0])
        state = evolve(state, decided[0])
    return state, view


async def test_engines_are_told_what_the_files_and_the_session_say() -> None:
    made = await glossaries(Files())
    state = carry_out(opened(), do.IntroduceSpeaker(speaker=SpeakerId("ana"), name="Ana"))
    told = made.preferred(state, FLOOR)
    assert told == Preferred(terms=("Ana", "Lilongwe", "AfriNIC", "Kisumu"))
    assert made.preferred(carry_out(state, do.DescribeSession(title="Access")), FLOOR) is told  # nothing of it changed
    floor = carry_out(state, do.SetSpeaker(channel=FLOOR, speaker=SpeakerId("ana")))
    assert made.preferred(floor, FLOOR) == Preferred(terms=told.terms, near=1)
    elsewhere = await glossaries(Files(), room=None)
    assert "Lilongwe" not in elsewhere.preferred(state, FLOOR).terms


async def test_a_file_that_changes_counts_while_the_server_runs() -> None:
    files, clock = Files(), ManualClock()
    made = await glossaries(files, clock)
    assert "Kisumu" in made.preferred(opened(), FLOOR).terms
    async with asyncio.TaskGroup() as group:
        running = group.create_task(made.run())
        files.parts = (GlossaryPart(terms=("Nakuru",)),)
        while "Nakuru" not in made.preferred(opened(), FLOOR).terms:
            await clock.advance(LOOK_MS)
            await asyncio.sleep(0)
        running.cancel()
    files.broken = True
    with pytest.raises(ConfigurationError):
        await made.load()


async def test_a_desk_is_shown_where_terms_come_from_and_what_was_written_twice() -> None:
    made = await glossaries(Files())
    state, proposals = twice_corrected()
    shown = made.for_desks(state, proposals)
    assert shown.terms[-1] == DeskTerm(term="Kisumu", language="", source="file")
    assert (shown.more, shown.too_many, shown.away, shown.proposed) == (0, 0, (), ("the Moothall",))
    assert made.for_desks(state, proposals) is shown
    for wanted in (True, False):
        chosen = carry_out(state, do.ChooseTerm(term="THE Moothall", wanted=wanted), actor=CAPTIONER)
        later = made.for_desks(chosen, proposals)
        assert later.proposed == ()
        assert (later.away == ("THE Moothall",)) is not wanted
    known = await glossaries(Files((GlossaryPart(terms=("The moothall",)),)))
    assert known.for_desks(state, proposals).proposed == ()
    assert made.for_desks(opened(), MendedNames()).proposed == ()


async def test_a_desk_is_shown_how_terms_stand_in_translations_and_a_translator_is_told() -> None:
    made = await glossaries(
        Files(
            read_glossary(
                'terms = [{term = "Moothall", keep = true}]\n[[part]]\nlanguages = ["en"]\n'
                'terms = [{term = "Compact", in = {pt = "Pacto"}}, "RPKI"]',
                "g.toml",
            )
        )
    )
    state = opened()
    before = made.for_desks(state, MendedNames())
    assert before.into == ()
    assert before.terms == (
        DeskTerm(term="Moothall", language="", source="file", keep=True),
        DeskTerm(term="Compact", language="en", source="file", written={"pt": "Pacto"}),
        DeskTerm(term="RPKI", language="en", source="file"),
    )
    into = do.AddChannel(channel=ChannelId("pt"), kind=ev.ChannelKind.TRANSLATION, languages=("pt",))
    state = carry_out(state, into)
    assert made.for_desks(state, MendedNames()).into == ("pt",)
    told = made.translation_terms(state, "en", "pt")
    assert told == {"Moothall": "Moothall", "Compact": "Pacto"}
    assert made.translation_terms(carry_out(state, do.DescribeSession(title="Access")), "en", "pt") == told
    assert made.translation_terms(state, "en", "pt") == told
    chosen = carry_out(state, do.ChooseTerm(term="RPKI", wanted=True, keep=True), actor=CAPTIONER)
    assert made.translation_terms(chosen, "en", "pt") == {"RPKI": "RPKI", **told}
    assert made.for_desks(chosen, MendedNames()).terms[0].keep
    assert made.names(chosen) == ("RPKI", "Moothall", "Compact")
    assert made.names(chosen) is made.names(chosen)


async def test_a_translator_is_told_the_forms_of_terms_and_a_desk_their_nominative() -> None:
    text = 'terms = [{term = "Assembly", in = {ru = {nom = "Ассамблея", gen = "Ассамблеи"}}}]'
    made = await glossaries(Files(read_glossary(text, "g.toml")))
    told = made.translation_forms(opened(), "ru")
    assert {wording: forms.gen for wording, forms in told.items()} == {"Ассамблея": "Ассамблеи"}
    assert made.translation_forms(opened(), "ru") == told
    assert made.translation_forms(opened(), "es") == {}
    assert made.for_desks(opened(), MendedNames()).terms[0].written == {"ru": "Ассамблея"}


async def test_a_translator_is_told_the_forms_that_a_desk_has_just_given_and_not_those_it_has_taken_back() -> None:
    made, state = await glossaries(Files(())), opened()
    before = made.translation_forms(state, "ru")
    given = do.ChooseTerm(
        term="Geneva", wanted=True, written={"ru": "Женева"}, forms={"ru": {"gen": "Женевы", "prep": "Женеве"}}
    )
    chosen = carry_out(state, given, actor=CAPTIONER)
    told = made.translation_forms(chosen, "ru")
    again = made.translation_forms(carry_out(chosen, do.DescribeSession(title=state.title)), "ru")
    without = carry_out(chosen, do.ChooseTerm(term="Geneva", wanted=True, written={"ru": "Женева"}), actor=CAPTIONER)
    assert before == {}
    assert told["Женева"].gen == "Женевы"
    assert again is told
    assert made.translation_forms(without, "ru").get("Женева", Inflection()).gen == ""


async def test_of_very_many_a_desk_is_shown_some_and_told_how_many_there_are() -> None:
    made = await glossaries(Files((GlossaryPart(terms=tuple(f"Term {n}" for n in range(MOST_SHOWN + 7))),)))
    shown = made.for_desks(opened(), MendedNames())
    assert (len(shown.terms), shown.more, shown.too_many) == (MOST_SHOWN, 7, MOST_SHOWN + 7 - MOST_TERMS)


async def test_what_is_kept_of_many_sessions_is_bounded() -> None:
    made = await glossaries(Files())
    first = made.preferred(opened(), FLOOR)
    for n in range(KEPT):
        made.preferred(msgspec.structs.replace(opened(), id=SessionId(f"s{n}")), FLOOR)
    again = made.preferred(opened(), FLOOR)
    assert again == first
    assert again is not first

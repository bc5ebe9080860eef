from __future__ import annotations

import msgspec
import pytest

from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SegmentId, is_name
from moothall.core.sessions.state import State, evolve
from moothall.core.translation.lines import (
    LONGEST_NAME,
    all_due,
    as_said,
    due,
    line_of,
    made_from,
    original,
    spoken,
    stays_here,
    translation_id,
    translations,
)
from support.sessions.deciding import FLOOR, carry_out, created, segment, speaking
from support.sessions.translations import SPANISH, TRANSLATOR, spanish, translate, translated_session


def test_names_follow_from_the_line_and_the_language() -> None:
    assert translation_id("pt-BR") == "mt-pt-br"
    assert line_of(SegmentId("floor-1-3"), SPANISH) == "floor-1-3-mt-es"
    long = line_of(SegmentId("a" * LONGEST_NAME), SPANISH)
    assert is_name(long)
    assert long.endswith("-mt-es")
    assert long != line_of(SegmentId("b" * LONGEST_NAME), SPANISH)


def test_all_that_has_ended_is_due_in_the_order_of_time_until_it_is_there() -> None:
    state = carry_out(
        translated_session(),
        do.TypeSegment(channel=FLOOR, segment=segment("z"), text="Written.", language="en"),
    )
    channel = state.channels[SPANISH]
    assert [each.source.segment for each in all_due(state, channel)] == ["a", "z"]
    state = carry_out(state, translate("a", "Buenos días a todos."), actor=TRANSLATOR)
    assert [each.source.segment for each in all_due(state, channel)] == ["z"]
    assert due(state, channel, spanish("a")) is None, "no translation is translated"


def test_a_line_that_somebody_wrote_into_the_translation_is_left_alone() -> None:
    """As earlier releases let desks do."""
    state = evolve(
        translated_session(),
        le.SegmentOpened(channel=SPANISH, segment=spanish("a"), t0=0, language="es", origin=le.Origin.PERSON),
    )
    assert all_due(state, state.channels[SPANISH]) == []
    assert original(state, spanish("a")) == spanish("a")
    assert list(made_from(state, [segment("a")])) == []


@pytest.mark.parametrize(
    ("access", "young_people", "here"),
    [
        (ev.Access.PUBLIC, False, False),
        (ev.Access.LINK, False, False),
        (ev.Access.STAFF, False, True),
        (ev.Access.PUBLIC, True, True),
    ],
)
def test_what_only_staff_may_read_and_young_people_say_stays_in_the_house(
    access: ev.Access, young_people: bool, here: bool
) -> None:
    state = msgspec.structs.replace(translated_session(), access=access, young_people=young_people)
    assert stays_here(state) is here


def test_translations_are_made_from_what_is_spoken_in_the_room() -> None:
    state = translated_session()
    assert [each.id for each in translations(state)] == [SPANISH]
    assert spoken(state) == state.channels[FLOOR]
    nothing = State(id=state.id)
    assert spoken(nothing) is None
    assert due(nothing, state.channels[SPANISH], segment("a")) is None
    interpreted = carry_out(
        speaking(),
        do.AddChannel(channel=ChannelId("es"), kind=ev.ChannelKind.INTERPRETATION, languages=("es",)),
        do.TypeSegment(channel=ChannelId("es"), segment=segment("i"), text="Bienvenidos.", language="es"),
    )
    assert due(interpreted, state.channels[SPANISH], segment("i")) is None


def test_a_line_that_is_gone_from_the_log_has_no_original() -> None:
    state = carry_out(translated_session(), translate("a", "Buenos días a todos."), actor=TRANSLATOR)
    assert original(state, spanish("a")) == "a"
    assert [line.id for line in made_from(state, [segment("a"), segment("b")])] == [spanish("a")]
    line = state.segments.get(spanish("a"))
    assert line is not None
    alone = msgspec.structs.replace(created(), segments=created().segments.set(line.id, line))
    assert original(alone, line.id) == line.id


def test_regions_make_no_difference_to_what_is_said_already() -> None:
    state = translated_session()
    line = state.segments.get(segment("a"))
    assert line is not None
    assert not as_said(line, state.channels[SPANISH])
    assert as_said(msgspec.structs.replace(line, language="es-MX"), state.channels[SPANISH])

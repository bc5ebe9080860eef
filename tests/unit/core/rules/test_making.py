from __future__ import annotations

from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.rules.making import MAX_LANGUAGES, MAX_TEXT
from moothall.core.session.state import State
from support.sessions.deciding import FLOOR, WALL, carry_out, created, events, refused


def test_a_session_is_made_once_with_a_title_and_a_language() -> None:
    empty = State(id=SessionId("s"))
    made = do.CreateSession(title="Access", languages=("en",), young_people=True, sound=ev.SoundKept.PUBLISHED)
    (event,) = events(empty, made)
    assert isinstance(event, ev.SessionCreated)
    assert event.sound is ev.SoundKept.NONE
    assert refused(created(), made).code is RefusalCode.CONFLICT
    assert refused(empty, do.CreateSession(title="", languages=("en",))).code is RefusalCode.INVALID
    assert refused(empty, do.CreateSession(title="Access", languages=())).code is RefusalCode.INVALID


def test_its_title_is_mended_and_its_languages_until_it_begins() -> None:
    described = do.DescribeSession(title="Access for all", languages=("fr",))
    assert events(created(), described) == [ev.SessionDescribed(title="Access for all", languages=("fr",))]
    begun = carry_out(created(), do.OpenSession())
    assert refused(begun, described).code is RefusalCode.CONFLICT
    for title in (" ", "x" * (MAX_TEXT + 1)):
        assert refused(begun, do.DescribeSession(title=title)).code is RefusalCode.INVALID


def test_a_text_has_a_name_of_its_own_and_only_a_translation_is_of_record_or_not() -> None:
    pt = do.AddChannel(channel=ChannelId("pt"), kind=ev.ChannelKind.TRANSLATION, languages=("pt",))
    assert events(created(), pt) == [
        ev.ChannelAdded(channel=ChannelId("pt"), kind=ev.ChannelKind.TRANSLATION, languages=("pt",), asked=WALL)
    ]
    again = do.AddChannel(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",))
    assert refused(created(), again).code is RefusalCode.CONFLICT
    unnamed = do.AddChannel(channel=ChannelId(""), kind=ev.ChannelKind.FLOOR, languages=("en",))
    assert refused(created(), unnamed).code is RefusalCode.INVALID
    kept = do.AddChannel(channel=ChannelId("b"), kind=ev.ChannelKind.FLOOR, languages=("en",), of_record=True)
    assert refused(created(), kept).code is RefusalCode.INVALID


def test_which_languages_are_spoken_is_put_right_in_a_session_that_is_on() -> None:
    begun = carry_out(created(), do.OpenSession())
    spoken = do.SetLanguages(languages=("es", "en"))
    assert events(begun, spoken) == [ev.SessionDescribed(title=begun.title, languages=("es", "en"))]
    assert carry_out(begun, spoken).channels[FLOOR].languages == ("es", "en")
    many = tuple(f"aa-{number:03}" for number in range(MAX_LANGUAGES + 1))
    for languages in ((), ("en", "en"), ("in English",), many):
        assert refused(begun, do.SetLanguages(languages=languages)).code is RefusalCode.INVALID

from __future__ import annotations

import pytest

from moothall.adapters.pages.catalogues import LANGUAGES, Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.questions import asking_texts
from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.sessions.state import State, evolve
from moothall.core.signals import ChannelState, LastWords, Sound, StandIn, Summary
from moothall.services.questions.author_view import OwnAct, QuestionStage
from moothall_hub.node.preflight import Check, CheckResult
from moothall_hub.pages import desk_texts
from moothall_hub.room.ports import Saving, UplinkHealth, UplinkHealthState

CATALOGUES = Catalogues(find_web_folder() / "locales")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", UplinkHealthState)
def test_the_link_is_told_in_every_language(language: str, state: UplinkHealthState) -> None:
    said = desk_texts.uplink_status(UplinkHealth(state=state, since=0), "14:02", CATALOGUES[language])
    assert said
    assert ("14:02" in said) is (state in (UplinkHealthState.DOWN, UplinkHealthState.REFUSED))


def test_figures_are_told_as_far_as_there_are_any() -> None:
    ui = CATALOGUES["en"]
    unpaired = UplinkHealth(state=UplinkHealthState.UNPAIRED, since=0)
    assert desk_texts.figures(unpaired, ui) == []
    assert desk_texts.figures(UplinkHealth(state=UplinkHealthState.UNPAIRED, since=0, acts_waiting=1), ui) == [
        "1 thing done here waits to be sent"
    ]
    down = UplinkHealth(state=UplinkHealthState.DOWN, since=0, delay_ms=300, bytes_today=250_000)
    assert desk_texts.figures(down, ui) == ["Today: 0.2 MB"]
    assert "0,2" in desk_texts.figures(down, CATALOGUES["fr"])[0]
    bounded = UplinkHealth(
        state=UplinkHealthState.GOOD, since=0, delay_ms=300, budget=2_500_000, saving=Saving.LANGUAGES
    )
    assert desk_texts.figures(bounded, ui) == [
        "An answer takes 300 ms.",
        "Today: 0.0 MB of 2.5 MB",
        "To save data only finished lines of one language come.",
    ]


def test_there_is_a_text_for_everything() -> None:
    assert asking_texts.WHERE.keys() == set(QuestionStage) - {QuestionStage.STANDS}
    assert asking_texts.ACTS.keys() == {*OwnAct, None}
    todo = [name.split(".") for name in CATALOGUES["en"].group("hub-todo")]
    assert {verdict for _, verdict in todo} == {CheckResult.CARE, CheckResult.BAD}
    assert {check for check, _ in todo} == set(Check), "whatever can be amiss, somebody is told what to do"


FLOOR, SPANISH = ChannelId("floor"), ChannelId("mt-es")
DOING: list[tuple[list[Summary], list[str]]] = [
    ([], []),
    ([ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=63_400, t=0)], ["Text delayed 63\N{NO-BREAK SPACE}s"]),
    ([ChannelState(channel=FLOOR, sound=Sound.SPEECH, lag=300_000, t=0)], ["Text delayed 5\N{NO-BREAK SPACE}min"]),
    ([ChannelState(channel=FLOOR, sound=Sound.NONE, lag=63_400, t=0)], ["No sound arrives"]),
    ([ChannelState(channel=FLOOR, sound=Sound.SILENCE, lag=0, t=0)], ["Silence: nobody is speaking"]),
    ([ChannelState(channel=SPANISH, sound=Sound.NONE, lag=0, t=0)], []),
    (
        [
            ChannelState(channel=FLOOR, sound=Sound.NONE, lag=0, t=0),
            StandIn(channel=FLOOR, instead=SPANISH),
            LastWords(channel=FLOOR, awaited=True),
        ],
        ["The last words are coming"],
    ),
]


@pytest.mark.parametrize(("signals", "said"), DOING)
def test_how_a_text_is_doing_is_told_in_the_words_of_its_readers(signals: list[Summary], said: list[str]) -> None:
    ui, state = CATALOGUES["en"], State(id=SessionId("s"))
    for event in (
        ev.SessionCreated(title="Plenary", languages=("en",), access=ev.Access.PUBLIC),
        ev.ChannelAdded(channel=FLOOR, kind=ev.ChannelKind.FLOOR, languages=("en",)),
        ev.SessionOpened(wall=0),
    ):
        state = evolve(state, event, 0)
    assert desk_texts.doing(state, signals, ui) == said
    unkept = evolve(state, ev.NotRecordedBegan(t0=5), 5)
    assert desk_texts.doing(unkept, signals, ui) == [*said, "Not recorded: what is said now is kept nowhere"]
    paused = evolve(state, ev.SessionPaused(t=5), 5)
    assert desk_texts.doing(paused, signals, ui) == ["Break. The text goes on when the meeting does."]
    assert desk_texts.doing(evolve(state, ev.SessionClosed(t=9), 9), signals, ui) == []
    assert desk_texts.doing(None, signals, ui) == []


def test_a_good_link_is_no_help_where_the_disk_takes_nothing() -> None:
    full = UplinkHealth(state=UplinkHealthState.GOOD, since=0, storing=False)
    assert desk_texts.uplink_status(full, "", CATALOGUES["en"]).startswith(
        "This computer can't store anything at the moment."
    )

"""Which problems raise alarms, and from which figure on (docs/reference/alarms.md)."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from moothall.adapters.pages.catalogues import read_names
from moothall.adapters.pages.static_files import find_web_folder
from moothall.core.hubs.presence import HubNow
from moothall.core.sessions.state import Status
from moothall.services.control import alarms as rules
from moothall.services.control.alarms import RoomConflict, SessionHealth, alarms

WELL = SessionHealth(
    status=Status.OPEN, open_for=3_600_000, source=True, sound_age=500, speech_age=500, words_age=2_000, lag=900,
    readers=210, disk_free=50_000_000_000,
)  # fmt: skip
AWAY = HubNow(title="Away", people=None, most=0, here=False, since=0)


def raised(**changed: object) -> dict[str, dict[str, int | str]]:
    return {alarm.kind: alarm.values for alarm in alarms(msgspec.structs.replace(WELL, **changed))}


def test_a_session_that_goes_well_needs_nobody() -> None:
    assert alarms(WELL) == ()


@pytest.mark.parametrize(
    ("changed", "kind", "values"),
    [
        ({"sound_age": 40_000}, "no-sound", {"n": 40}),
        ({"sound_age": None, "open_for": 21_000}, "no-sound", {"n": 21}),
        ({"source": False, "words_age": 120_000}, "no-source", {"n": 2}),
        ({"source": False, "words_age": None, "open_for": 60_000}, "no-source", {"n": 1}),
        ({"words_age": 31_000}, "no-words", {"n": 31}),
        ({"words_age": None, "open_for": 30_000}, "no-words", {"n": 30}),
        ({"engines": 0, "machineless_for": 10_000}, "no-machine", {}),
        ({"engines": 0, "machineless_for": 0}, "machine-away", {}),
        ({"engines": 0, "machineless_for": 9_999, "lag": 20_000}, "machine-away", {}),
        ({"engines": 0, "machineless_for": 9_999, "words_age": 31_000}, "no-words", {"n": 31}),
        ({"engines": 0, "refused": 1}, "key-refused", {}),
        ({"engines": 1, "refused": 1}, "key-refused", {}),
        ({"unheard": True, "words_age": None, "lag": 60_000}, "no-language", {}),
        ({"crowded_out": True, "words_age": None, "lag": 60_000}, "no-room", {}),
        ({"crowded_out": True, "room_in": 660_001, "words_age": None}, "no-room-until", {"n": 12}),
        ({"unlike": (("es", "pt"), "en")}, "wrong-language", {"expected": "es,pt", "heard": "en"}),
        ({"room_left": 3}, "nearly-full", {"n": 3}),
        ({"lag": 12_500}, "late", {"n": 12}),
        ({"silent_for": 600_000, "speech_age": 600_000, "words_age": 600_000}, "quiet", {"n": 10}),
        ({"captioner": "gone"}, "captioner-gone", {}),
        ({"captioner": "quiet", "machine": False, "engines": 0}, "captioner-quiet", {}),
        ({"stopped": True, "begun_again": 5}, "stopped", {}),
        ({"sound_stopped": True, "begun_again": 5}, "sound-stopped", {}),
        ({"sound_full": True}, "sound-full", {}),
        ({"stream_lost": 10_000, "source": False, "open_for": 99_000}, "no-stream", {"n": 10}),
        ({"zoom_away": True}, "zoom-away", {}),
        ({"begun_again": 2}, "begun-again", {"n": 2}),
        ({"unsaved": True}, "unsaved", {}),
        ({"disk_free": 1_900_000_000}, "disk", {"n": 1_900}),
        ({"stuck": {"n2": ("plenary:7",)}}, "removal-stuck", {"node": "n2", "removal": "plenary:7"}),
        (
            {"stuck": {"n2": tuple(f"s:{n}" for n in range(5)), "n3": ("t:9",)}},
            "removal-stuck",
            {"node": "n2, n3", "removal": "s:0, s:1, s:2, s:3, s:4 …"},
        ),
        ({"webhooks": ["site"]}, "news-untaken", {"names": "site"}),
        ({"webhooks": list("abcdef")}, "news-untaken", {"names": "a, b, c, d, e …"}),
        ({"hubs": {"a": AWAY, "b": AWAY}}, "hubs-cut", {"n": 2}),
        ({"unread_for": 359_000}, "unread", {"n": 5}),
        ({"off_for": 1_800_000, "words_age": 1_800_000}, "off-long", {"n": 30}),
        ({"reporters": 14}, "reports", {"n": 14, "all": 210}),
        ({"reporters": 2, "readers": 0}, "reports", {"n": 2, "all": 2}),
        ({"left": 290_000}, "ends-soon", {"n": 5}),
        ({"left": 0}, "ends-now", {}),
        ({"left": -59_000}, "ends-now", {}),
        ({"left": -61_000}, "over", {"n": 1}),
        ({"room_conflict": RoomConflict("Water")}, "same-room", {"title": "Water"}),
        ({"room_conflict": RoomConflict("Water", by="Amina")}, "opened-same-room", {"title": "Water", "who": "Amina"}),
        ({"dead_for": 20_000}, "muted", {"n": 20}),
        ({"engines": 0, "machineless_for": 5_000, "words_age": 31_000}, "no-words", {"n": 31}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_alarm_and_no_other(changed: dict[str, object], kind: str, values: dict[str, int]) -> None:
    assert raised(**changed) == {kind: values}


@pytest.mark.parametrize(
    "changed",
    [
        {"sound_age": 19_999},
        {"words_age": 29_999},
        {"lag": 9_999},
        {"reporters": 6},
        {"source": False, "words_age": 59_000},
        {"source": False, "open_for": 59_000, "words_age": None},
        {"words_age": 40_000, "speech_age": 40_000, "silent_for": 39_000},
        {"words_age": 40_000, "off_for": 40_000},
        {"status": Status.PAUSED, "sound_age": 900_000, "words_age": 900_000},
        {"disk_free": None},
        {"room_left": 0, "status": Status.PAUSED},
        {"room_left": 0, "source": False, "words_age": 0},
        {"machine": False, "engines": 0, "machineless_for": 60_000, "words_age": 31_000, "lag": 20_000},
    ],
)
def test_short_of_it_or_with_a_reason_there_is_none(changed: dict[str, object]) -> None:
    assert raised(**changed) == {}


def test_in_a_break_it_is_asked_whether_it_is_over_when_somebody_speaks() -> None:
    assert raised(status=Status.PAUSED, spoken_for=10_000, lag=99_000) == {"break-speech": {}}
    assert raised(status=Status.PAUSED, spoken_for=9_999) == {}
    assert raised(spoken_for=600_000) == {}


def test_the_urgent_stand_first() -> None:
    kinds = [alarm.kind for alarm in alarms(msgspec.structs.replace(WELL, reporters=100, sound_age=30_000))]
    assert kinds == ["no-sound", "reports"]


def test_every_alarm_has_its_words_and_its_row_in_the_documentation() -> None:
    source = Path(rules.__file__).read_text(encoding="utf-8")
    names = read_names(find_web_folder() / "locales")["staff"]
    texts = {name.removeprefix("alarm.") for name in names if name.startswith("alarm.")}
    texts.remove("late-min")  # A long delay, in minutes.
    assert set(re.findall(r'kind="([\w-]+)"', source)) == texts
    page = Path(__file__).resolve().parents[4] / "docs/reference/alarms.md"
    rows = re.findall(r"^\| `([\w-]+)` \|", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(rows) == texts

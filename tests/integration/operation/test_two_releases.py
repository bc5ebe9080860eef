"""A server of one release, and an engine, translators and a hub of another: each killed in the middle, nothing lost.

Slow: it runs two programs. `golden/test_links.py` replays the other release's messages.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from moothall.adapters.store.sqlite_file import FILE_NAME, LogReader, open_for_reading
from moothall.core import commands as do
from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events.codec import decode_event
from moothall.core.kernel.ids import ChannelId
from moothall.testing.scripted import make_script
from moothall_hub.app import COPIES
from moothall_hub.mirror.mirror import Mirror
from support.desks.at_a_desk import act, asked, at_a_desk
from support.halls.process import (
    CLOCK,
    SESSION,
    Logged,
    Witness,
    logged,
    plain,
    require_intact,
    require_nothing_lost,
)
from support.hubs.processes import ask, let_in_questions
from support.releases.house import LANGUAGE, TwoReleases, two_releases
from support.releases.release import COMMITS, WORK, unpacked

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

FLOOR = ChannelId("floor")
WORDS = 150
SCRIPT = make_script(5, WORDS)
LOOK_MS = 100
UNRECORDED_MS = 4_000


@pytest.mark.parametrize("newer", ["server", "peers"])
@pytest.mark.parametrize("release", COMMITS)
async def test_a_server_and_its_peers_of_two_releases_lose_and_double_nothing(
    tmp_path: Path, release: str, newer: str
) -> None:
    other = unpacked(release, tmp_path / "release")
    (folder := tmp_path / "house").mkdir()
    server, peers = (WORK, other) if newer == "server" else (other, WORK)
    async with two_releases(folder, SCRIPT, server=server, peers=peers, number=90) as house:
        await _meeting(house, house.witness)
        log = logged(house.server.data)
        require_nothing_lost(house.witness, log)
        _require_the_words(log)
        await _require_translated(house)
        _require_asked(log, 2)
        await _require_the_same_at_the_hub(house)
    assert house.complaints() == {}
    require_intact(house.server.data)


async def _meeting(house: TwoReleases, witness: Witness) -> None:
    await witness.until(lambda: len(witness.words) > 5)
    await let_in_questions(house.hub, SESSION)
    await ask(house.hub, SESSION, 1)
    await _correct_and_undo(house, witness)
    for killed in (house.engine, house.translators, house.hub):
        await witness.more_words(len(witness.words) + 5)
        await killed.kill()
        await killed.start()
    await witness.more_words(len(witness.words) + 5)
    await house.server.kill()
    await house.server.start()
    await witness.more_words(len(witness.words) + 5)
    await ask(house.hub, SESSION, 2)
    async with at_a_desk(house.server) as (desk, _):
        await act(desk, "unrecorded", do.BeginNotRecorded())
        began = witness.heard
        await witness.until(lambda: witness.heard >= began + UNRECORDED_MS and witness.unrecorded)
        await act(desk, "recorded", do.EndNotRecorded())
    await witness.until(lambda: witness.closed)


async def _correct_and_undo(house: TwoReleases, witness: Witness) -> None:
    await witness.until(lambda: witness.text)
    segment, words = next(
        (event.segment, len(event.text.split()))
        for event in map(decode_event, logged(house.server.data).bodies.values())
        if isinstance(event, le.SegmentEnded) and event.channel == FLOOR
    )
    async with at_a_desk(house.server) as (desk, _):
        # As the page of each release sends it: without fields that only later releases know.
        mended = {"do": "correct", "channel": FLOOR, "segment": segment, "base_revision": 0, "base_words": words}
        await asked(desk, "act", id="mended", commands=[mended | {"text": "Mended."}])
        await asked(desk, "undo", id="mended")


def _require_the_words(log: Logged) -> None:
    """Each word that was said once and in order, but for those of the span that is not recorded."""
    said = [word.text.strip() for word in SCRIPT.words]
    floor = [
        word
        for event in map(decode_event, log.bodies.values())
        if isinstance(event, le.WordsCommitted) and event.channel == FLOOR
        for word in event.words
    ]
    heard = plain(floor)
    missing = [n for n, word in enumerate(said) if word not in set(heard)]
    assert heard == [word for n, word in enumerate(said) if n not in set(missing)]
    assert missing, "Nothing was left out of the record."
    assert missing == list(range(missing[0], missing[-1] + 1)), "Words are missing elsewhere than in the span."


async def _require_translated(house: TwoReleases) -> None:
    """Each line of the floor once; the last ones may come after the close."""
    channel = ChannelId(f"mt-{LANGUAGE}")
    while True:
        events = list(map(decode_event, logged(house.server.data).bodies.values()))
        lines = [event.segment for event in events if isinstance(event, le.SegmentEnded) and event.channel == FLOOR]
        made = [
            source.segment
            for event in events
            if isinstance(event, le.SegmentOpened) and event.channel == channel and event.made_from
            for source in event.made_from.sources
        ]
        if len(made) >= len(lines):
            break
        await CLOCK.sleep(LOOK_MS)
    assert made == lines


def _require_asked(log: Logged, count: int) -> None:
    received = [each for each in map(decode_event, log.bodies.values()) if isinstance(each, qe.InterventionReceived)]
    assert [each.text for each in received] == [f"Is this no. {number}?" for number in range(1, count + 1)]


async def _require_the_same_at_the_hub(house: TwoReleases) -> None:
    mirror = await Mirror.open(house.hub.data / COPIES)
    try:
        reader = LogReader(open_for_reading(house.server.data / FILE_NAME))
        try:
            end = len(reader.read(SESSION, 0, 1_000_000))
            copy = None
            while copy is None or not copy.whole or copy.known is None or copy.offset < end - 5:
                await CLOCK.sleep(LOOK_MS)
                copy = await mirror.copy(SESSION)
            assert copy.broken is None, copy.broken
            written = reader.read(SESSION, 0, 1_000_000, copy.known.lanes)
        finally:
            reader.close()
        held = await mirror.read(SESSION, 0, 1_000_000, copy.known.lanes)
    finally:
        await mirror.close()
    assert list(held) == [record for record in written if record.header.offset <= copy.offset]

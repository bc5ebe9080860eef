"""Records what a release's programs send each other: run once, when the release is cut.

    PYTHONPATH=tests:bench python tests/golden/make_links.py 0.1.0

A server, an engine, translators and a hub of the release hold a short meeting, and the frames on each link become a
file beside this one: `link-RELEASE-NAME.txt` with a line for each frame. `make_release.py` freezes them.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from moothall.core import commands as do
from moothall.core.kernel.ids import NoteId
from moothall.testing.scripted import make_script
from support.desks.at_a_desk import act, at_a_desk
from support.halls.process import CLOCK, SESSION, logged
from support.hubs.processes import ask, let_in_questions
from support.releases.conversations import NAMES, Recorded, write_conversation
from support.releases.house import two_releases
from support.releases.release import unpacked

HERE = Path(__file__).parent
SCRIPT = make_script(7, 30)
"""The words spoken in the meeting."""


async def record(name: str, folder: Path) -> Recorded:
    """Hold the meeting; returns the conversations on its links."""
    recorded = Recorded()
    release = unpacked(name, folder / "release")
    (folder / "house").mkdir()
    async with two_releases(
        folder / "house", SCRIPT, server=release, peers=release, number=90, between=recorded.between
    ) as house:
        await let_in_questions(house.hub, SESSION)
        await ask(house.hub, SESSION, 1)
        await house.witness.until(lambda: house.witness.text)
        async with at_a_desk(house.server) as (desk, _):
            await act(desk, "note", do.LeaveHubNote(note=NoteId("n1"), hub="kisumu", text="We can hear you."))
        await house.witness.until(lambda: house.witness.closed)
        while not any(b"record.checkpoint" in body for body in logged(house.server.data).bodies.values()):
            await CLOCK.sleep(100)
        await CLOCK.sleep(3_000)  # The last messages arrive a moment later.
    return recorded


def main(name: str) -> None:
    """Record a release's links, and write the files."""
    with tempfile.TemporaryDirectory() as folder:
        recorded = asyncio.run(record(name, Path(folder)))
    for path, said in recorded.said.items():
        if path in NAMES:
            write_conversation(HERE / f"link-{name}-{NAMES[path]}.txt", said)


if __name__ == "__main__":
    main(sys.argv[1])

"""A house of the soak with its activity: rooms, a microphone, servers and hubs to read at, and
the checks after a round.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from moothall.core.kernel.ids import SessionId
from moothall.testing.scripted import Script
from recordings import SAMPLE, utterances
from soak_house import House
from soak_microphone import Microphone
from soak_pieces import Struck
from soak_proof import Found, Proof
from soak_readers import Shown, Site
from soak_rooms import Acknowledged, Asker, AskerAtHub, Room
from support.desks.persistent import PersistentDesk

TYPED, HEARD = ("hall", "north", "south", "east"), "main"
"""The rooms where lines are typed, and the room with a microphone."""
REST_S = 240.0
"""Seconds within which every act must be answered: *next* may take a minute, and a killed server has to start first."""
LEAST_S = 60.0
"""The shortest round, in s, in which each engine must hear and each server and hub must show something."""


class Side:
    """A house with its activity."""

    def __init__(self, made: House, script: Script, chance: random.Random, fault: Callable[[str], None]) -> None:
        self.house = made
        self.fault = fault
        self.struck = Struck()
        self.lost = self.doubled = 0
        self._before: dict[str, int] = {}
        """How much had been heard and shown at the end of the previous round."""
        server, token = made.server, made.made.token
        texts = [utterance["text"] for utterance in utterances(SAMPLE / "session.jsonl")]
        self.rooms = [
            Room(
                name,
                PersistentDesk([server.address], token),
                Asker(server.address, chance),
                made.made.sessions[name],
                texts if name in TYPED else (),
                at_hubs=[AskerAtHub(hub.process, chance) for hub in made.hubs],
                fault=fault,
                chance=chance,
            )
            for name in (*TYPED, HEARD)
        ]
        self.microphone = Microphone(server.address, token, HEARD, script, chance)
        self.sites = [
            Site(address, Shown(f"{made.name}/{name}"), self.sessions)
            for name, address in [
                ("server", server.address),
                *((hub.process.data.name, hub.process.address) for hub in made.hubs),
            ]
        ]
        words = [word.text.strip() for word in script.words]
        self.proof = Proof(made, words, [site.shown for site in self.sites])

    def sessions(self) -> list[SessionId]:
        """Return the sessions that are on."""
        return [room.session for room in self.rooms if room.session is not None]

    @property
    def acknowledged(self) -> dict[SessionId, Acknowledged]:
        """Acknowledgements by session, of all rooms; a new dict, from which entries may be deleted."""
        return {session: said for room in self.rooms for session, said in room.acknowledged.items()}

    async def prove(self, lasted_s: float) -> None:
        """Check everything at the end of a round of `lasted_s` seconds; nobody acts meanwhile,
        so that nothing changes.
        """
        try:
            async with asyncio.timeout(REST_S):
                await asyncio.gather(*(room.rest().wait() for room in self.rooms))
            said = self.acknowledged
            sessions = list(said)
            found = await self.proof.held(said)
            for room in self.rooms:
                room.acknowledged = {name: each for name, each in room.acknowledged.items() if name in said}
            wrong = [*found.faults, *self._went_on(lasted_s), *await self.proof.verified()]
            for session in sessions:
                wrong += await self.proof.copied(session)
            self._take(Found(found.lost, found.doubled, wrong))
        except TimeoutError:
            self.fault(f"An act was not answered within {REST_S:.0f} s, so nothing could be compared.")
        finally:
            for room in self.rooms:
                room.go_on()

    def _went_on(self, lasted_s: float) -> list[str]:
        """Return a sentence for each part that heard or showed nothing in the round, or showed
        readers different events.
        """
        wrong = []
        now = {"The engine has heard": self.proof.words}
        now |= {f"{site.shown.where} has shown readers": site.shown.events for site in self.sites}
        if lasted_s >= LEAST_S:
            wrong += [f"{what} nothing for {lasted_s:.0f} s." for what, n in now.items() if n == self._before.get(what)]
        self._before = now
        for site in self.sites:
            if site.shown.differ:
                wrong.append(f"{site.shown.where} has shown {site.shown.differ} events to some readers otherwise.")
                site.shown.differ = 0
        return wrong

    def _take(self, found: Found) -> None:
        self.lost += found.lost
        self.doubled += found.doubled
        for each in found.faults:
            self.fault(each)

"""Kills of a server and its engine, at random or by the clock, and checks of what the log still holds."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import msgspec

from support.halls.process import CLOCK, HallProcess, Witness, logged

KINDS = ("server", "engine", "engine", "server", "start")


class Kill(msgspec.Struct, frozen=True, kw_only=True):
    """One kill."""

    what: str
    """`server`, `engine`, or `start`: a server that was just starting again."""
    after_word: int
    """Media ms between the end of the last committed word and the kill."""
    words: int
    """Words committed so far."""
    events: int
    """Events in the log so far."""
    back: int
    """Ms until the killed process was there again; for a server until its doors were open."""


async def kill_at_random(
    hall: HallProcess,
    witness: Witness,
    rounds: int,
    seed: int,
    *,
    longest_ms: int = 3_000,
    kinds: Sequence[str] = (),
    tell: Callable[[Kill], None] | None = None,
) -> list[Kill]:
    """Kill server or engine again and again, often 1-3 s after a word's end, until it was done `rounds` times.

    The moments are drawn by `seed`: most follow a word that was just shown (it was spoken about a second before), some
    come at any time within `longest_ms`, also while everything is still starting after the kill before. After each kill
    the log must hold everything that it held at the one before. `kinds` says what is killed in each round; without it
    that is drawn too. `tell` is called after each kill. Returns early when the session is closed.
    """
    chance = random.Random(seed)  # noqa: S311  # repeatable is what it has to be
    kills: list[Kill] = []
    held: dict[int, bytes] = {}
    while len(kills) < rounds and not witness.closed:
        if chance.random() < 0.7:
            known = len(witness.words)
            await _within(10.0, witness.more_words(known))
            await CLOCK.sleep(chance.randint(0, 2 * longest_ms // 3))
        else:
            await CLOCK.sleep(chance.randint(0, longest_ms))
        if witness.closed:
            break
        what, before = chance.choice(KINDS), CLOCK.monotonic()
        if kinds:
            what = kinds[len(kills)]
        if what == "engine":
            if not hall.kill_engine():
                continue
            log = logged(hall.data)
        else:
            await hall.kill()
            if what == "start":
                await hall.launch()
                await CLOCK.sleep(chance.randint(0, 1_500))
                await hall.kill()
            log = logged(hall.data)
            before = CLOCK.monotonic()
            await hall.start()
        assert held.items() <= log.bodies.items(), "The log lost or changed what it held."
        held = log.bodies
        spoken = log.words[-1].t1 if log.words else 0
        heard = witness.state.t + witness.state.lag if witness.state is not None else 0
        kills.append(
            Kill(
                what=what,
                after_word=max(0, heard - spoken),
                words=len(log.words),
                events=len(held),
                back=CLOCK.monotonic() - before,
            )
        )
        if tell is not None:
            tell(kills[-1])
    return kills


async def kill_engine_every(
    hall: HallProcess, witness: Witness, every_ms: int, *, tell: Callable[[int, int, int], None]
) -> int:
    """Kill the engine each `every_ms` of wall time until the session is closed; returns the number of kills.

    `tell` is called with each kill's number, the words before it, and the ms until the next words.
    """
    kills, due = 0, CLOCK.monotonic() + every_ms
    while not await _closed_within(witness, due - CLOCK.monotonic()):
        due += every_ms
        words, killed = len(witness.words), CLOCK.monotonic()
        if hall.kill_engine():
            kills += 1
            await _within(every_ms / 2_000, witness.more_words(words))
            tell(kills, words, CLOCK.monotonic() - killed)
    return kills


async def _closed_within(witness: Witness, ms: int) -> bool:
    await _within(max(0, ms) / 1_000, witness.until(lambda: witness.closed))
    return witness.closed


async def _within(seconds: float, waiting: Awaitable[None]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await waiting

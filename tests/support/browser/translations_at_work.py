"""Translators that know one direction, and languages that can be added, in a server of this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moothall.app.hall import RunningServer
from moothall.core.translation.routes import Direction, RouteScore
from moothall.services.translation.adding import AddingLanguages
from moothall.testing.language_store import MemoryLanguageStore
from moothall.testing.translator_link import EchoEnd
from moothall.wire import translation as wire

INTO_PORTUGUESE = Direction(engine="echo", version="1", source="en", target="pt", cost=40.0)
TO_INSTALL = (
    "Translating from and to Spanish is off. Install it and start the server again. "
    "On Debian: sudo apt-get install apertium apertium-es-pt"
)


@asynccontextmanager
async def into_portuguese(running: RunningServer, chrf2: float = 57.8) -> AsyncIterator[None]:
    """Connect translators that know one direction, with this score, and name a package to install for more, for the
    context's duration.
    """
    echo = EchoEnd((INTO_PORTUGUESE,), missing=(TO_INSTALL,))
    translators = running.translation.translators
    serving = [asyncio.ensure_future(each) for each in (translators.serve(echo.server), echo.run())]
    while not translators.connected:  # noqa: ASYNC110  # its hello comes first
        await asyncio.sleep(0)
    score = RouteScore(chrf2=chrf2, ms=15.5, p95_ms=20.4, sentences=40)
    await echo.tell(wire.Scores(scores=(wire.WayScore(directions=(0,), score=score),)))
    try:
        yield
    finally:
        echo.cut()
        await asyncio.gather(*serving)


@asynccontextmanager
async def languages_to_add(running: RunningServer) -> AsyncIterator[None]:
    """Have four languages offered: one is here and has better models, one is being added and stays half done, and one
    waits.
    """
    store = MemoryLanguageStore("ar", "fr", "ru", "zh")
    store.added.append("fr")
    store.better = 62_000_000
    running.translation.adding = orders = AddingLanguages(store)
    working = asyncio.ensure_future(orders.run())
    orders.look()
    store.steps.release()
    while not orders.now.offers:  # noqa: ASYNC110  # the orders tell nobody
        await asyncio.sleep(0)
    orders.add("ar", "zh")
    store.steps.release()
    while not orders.now.done:  # noqa: ASYNC110  # the orders tell nobody
        await asyncio.sleep(0)
    try:
        yield
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await asyncio.gather(working, return_exceptions=True)

"""A chat service like OpenAI's, for tests: it rejects unusual requests, and returns the text
instead of a translation.
"""

from __future__ import annotations

import asyncio
import re
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from aiohttp import web

from moothall_models.translators.service import ServiceTranslator, open_service
from support.links.site import Site
from support.models.transcription_service import KEY, refusal

MODEL = "small-chat"
FIELDS = {"model", "messages", "temperature", "stream"}
LANGUAGES = ("en", "ar", "zh", "ru")


def echo(text: str, target: str) -> str:
    """Return the text after the name of the target language: `[Arabic, ar] text`."""
    return f"[{target}] {text}"


@dataclass(kw_only=True)
class Chat:
    """The service: how it answers, and the requests that it got."""

    says: Callable[[str, str], str] = echo
    """Returns the answer for a text and the target language, as the request names it."""
    key: str = KEY
    first: list[web.Response] = field(default_factory=list)
    """Answers to the first requests, one each."""
    texts: list[str] = field(default_factory=list)
    systems: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        """Answer `POST /v1/chat/completions`."""
        if self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
            return refusal(401, "invalid_api_key")
        asked = await request.json()
        if request.content_type != "application/json" or set(asked) != FIELDS or asked["temperature"] != 0:
            return refusal(400, "unknown_parameter")
        if asked["model"] != MODEL:
            return refusal(404, "model_not_found")
        [system, user] = asked["messages"]
        if (system["role"], user["role"]) != ("system", "user") or not user["content"] or asked["stream"]:
            return refusal(400, "invalid_value")
        self.systems.append(system["content"])
        self.texts.append(user["content"])
        if self.first:
            return self.first.pop(0)
        target = re.search(r" into (.+?)\. ", system["content"])
        assert target is not None
        return completion(self.says(user["content"], target[1]))


def completion(content: object, finish_reason: str | None = "stop") -> web.Response:
    """Return an answer in the service's form."""
    message = {"role": "assistant", "content": content, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}
    body = {"id": "c-1", "object": "chat.completion", "model": MODEL, "choices": [choice], "usage": {"total_tokens": 9}}
    return web.json_response(body)


@asynccontextmanager
async def chatting(chat: Chat, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Run the service on this machine; yields the translator's name."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = Site(runner, tls=tls)
        await site.start()
        port = runner.addresses[0][1]
        yield f"openai:{MODEL}@{'http' if tls is None else 'https'}://127.0.0.1:{port}/v1"
    finally:
        await runner.cleanup()


@contextmanager
def standing(chat: Chat) -> Iterator[str]:
    """Run the service in a thread, for tests without a loop; yields the translator's name."""
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, str]] = Future()

    async def serve() -> None:
        async with chatting(chat) as name:
            end = asyncio.Event()
            begun.set_result((asyncio.get_running_loop(), end, name))
            await end.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    loop, end, name = begun.result(timeout=10)
    try:
        yield name
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()


class Clock:
    """A clock in s that advances only by waiting."""

    def __init__(self) -> None:
        self.now = 100.0

    def seconds(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds


def translator(
    name: str, languages: Sequence[str] = LANGUAGES, *, key: Callable[[], str] = lambda: KEY, clock: Clock | None = None
) -> ServiceTranslator:
    """Return a translator that uses the service of that name, without really waiting between attempts."""
    clock = clock or Clock()
    return open_service(name, languages, key, seconds=clock.seconds, pause=clock.pause)

"""Translators at the other end of a link without a socket: they answer with the target language and the text, or with
words in the script of that language.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Collection, Sequence

from moothall.core.translation.routes import Direction
from moothall.testing.engine_link import Pipe, next_known
from moothall.wire import translation as wire

DIRECTIONS = tuple(
    Direction(engine="echo", version="1", source=source, target=target, cost=cost)
    for source, target, cost in (("en", "pt", 40.0), ("pt", "en", 40.0), ("pt", "es", 4.0), ("es", "pt", 1.0))
)


SCRIPTS = {
    "ar": (
        *("نحن", "في", "هذا", "اجتماع", "المنتدى", "الحكومات", "والمجتمع", "المدني", "يقول", "المتحدث"),
        *("إن", "الوصول", "إلى", "الإنترنت", "حقٌّ", "لكلّ", "إنسان", "غدًا", "نناقش", "التقرير"),
    ),
    "zh": (
        *("我们", "在", "这次", "会议", "论坛", "各国政府", "和", "公民社会", "发言人", "表示"),
        *("互联网", "接入", "是", "每个人的", "权利", "明天", "将", "讨论", "这份", "报告"),
    ),
}
"""Words by language from which texts in a script are made. They are real ones, and their order says nothing."""
MARKS = {"ar": {",": "،", ";": "؛", "?": "؟"}, "zh": {",": "，", ".": "。", "?": "？", "!": "！", ":": "：", ";": "；"}}  # noqa: RUF001  # signs of these writings


def in_script(text: str, language: str) -> str:
    """A text of about the same length in the script of a language of `SCRIPTS`: each word in Latin letters becomes one
    of its words, always the same; numbers stay, and marks are those of the script.
    """
    words, marks = SCRIPTS[language], MARKS[language]
    gap = "" if language == "zh" else " "
    made: list[str] = []
    for part in re.findall(r"[^\W\d_]+|\d+(?:[.,:]\d+)*|[^\w\s]|\s+", text):
        if part.isspace():
            made.append(gap)
        elif part[0].isalpha():
            made.append(words[zlib.crc32(part.lower().encode()) % len(words)])
        else:
            made.append(marks.get(part, part))
    return "".join(made).strip()


class TranslatorServerEnd:
    """The server's end of the link: a `TranslatorConnection`."""

    def __init__(self, to_translators: Pipe, to_server: Pipe, *, own: bool = True) -> None:
        self._to_translators, self._to_server, self._own = to_translators, to_server, own

    @property
    def name(self) -> str:
        """The translators' name for logs."""
        return "echo"

    @property
    def own(self) -> bool:
        """Whether it is a child process of the server."""
        return self._own

    async def receive(self) -> wire.FromTranslators | None:
        """The next message; None when the link was cut. Raises ProtocolError."""
        return await next_known(self._to_server, wire.decode_from_translators)

    async def send(self, message: wire.ToTranslators) -> None:
        """Send a message. Does nothing once the link is cut."""
        await self._to_translators.put(wire.encode(message))

    def abort(self) -> None:
        """End the link at once."""
        self._to_translators.close()
        self._to_server.close()


class EchoEnd:
    """The translators' end: it answers every text with `[pt] text`, unless a test sets something else."""

    def __init__(
        self,
        directions: Sequence[Direction] = DIRECTIONS,
        missing: Sequence[str] = (),
        *,
        own: bool = True,
        life: str = "",
        scripts: bool = False,
    ) -> None:
        """`scripts`: answer into languages of `SCRIPTS` by `in_script`."""
        self._life = life
        self._scripts = scripts
        self._to_translators, self._to_server = Pipe(), Pipe()
        self.server = TranslatorServerEnd(self._to_translators, self._to_server, own=own)
        self.directions = tuple(directions)
        self.missing = tuple(missing)
        self.prepared: list[Direction] = []
        self.asked: list[str] = []
        """The texts that were received, in order."""
        self.fails: int = 0
        """How many of the next texts fail."""
        self.silent = False
        """Whether nothing is answered, as by a hung engine."""
        self.loses: Collection[str] = ()
        """Pieces of text that are left out of every translation."""
        self.unfit: Collection[Direction] = ()
        """Directions that turn out to be unfit when they are prepared."""

    def cut(self) -> None:
        """End the link at once; frames in transit are lost."""
        self._to_translators.close()
        self._to_server.close()

    async def tell(self, message: wire.FromTranslators) -> None:
        """Send a message of any kind to the server."""
        await self._to_server.put(wire.encode(message))

    async def run(self) -> None:
        """Send the hello and answer texts, until the link is cut."""
        hello = wire.TranslatorHello(
            protocol=wire.PROTOCOL, name="echo", directions=self.directions, missing=self.missing, life=self._life
        )
        await self.tell(hello)
        while (frame := await self._to_translators.get()) is not None:
            await self._answer(wire.decode_to_translators(frame))

    async def _answer(self, message: wire.ToTranslators) -> None:
        direction = self.directions[message.direction]
        if isinstance(message, wire.Prepare):
            self.prepared.append(direction)
            if direction in self.unfit:
                await self.tell(wire.Unfit(direction=message.direction, reason="It says nonsense."))
            return
        self.asked.append(message.text)
        if self.silent:
            return
        if self.fails:
            self.fails -= 1
            await self.tell(wire.NotTranslated(id=message.id, reason="It was to fail."))
            return
        await asyncio.sleep(0)
        target = direction.target
        said = in_script(message.text, target) if self._scripts and target in SCRIPTS else f"[{target}] {message.text}"
        for lost in self.loses:
            said = said.replace(lost, "")
        await self.tell(wire.Translated(id=message.id, text=said))

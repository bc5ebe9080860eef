from __future__ import annotations

import msgspec

from moothall.core import commands as do
from moothall.services.desks.translations import TranslationMessages
from moothall.services.translation.text_translation import Made, Terms, TextTranslation
from moothall.testing.loop import run
from moothall.testing.translator_link import DIRECTIONS, EchoEnd
from support.memory.translation import translated_hall


def test_what_is_not_recorded_is_sent_to_no_service() -> None:
    async def story() -> None:
        async with translated_hall(of_record=()) as on:
            texts = TextTranslation(on.translators, ())
            on.connect(
                EchoEnd([*DIRECTIONS, msgspec.structs.replace(DIRECTIONS[0], engine="service", cost=1.0, remote=True)])
            )
            await on.comes(lambda: texts.route("en", "pt") is not None)
            messages = TranslationMessages(texts, lambda live, source, target: Terms())

            async def engine() -> str:
                made = await messages.translated(on.live, "Between us.", "en", "pt")
                assert isinstance(made, Made)
                return made.route.hops[0].engine

            assert await engine() == "service"
            await on.do(do.BeginNotRecorded())
            assert await engine() == "echo"

    run(story())

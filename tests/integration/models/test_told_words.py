from __future__ import annotations

import numpy as np
import pytest

from moothall_models.ports import Window
from moothall_models.recognizers.whisper.drafting_whisper import DraftingWhisper
from moothall_models.store import open_store
from support.sound.hearing import sample_sound

pytestmark = pytest.mark.model
MODEL = "whisper-tiny.en"


async def test_words_are_judged_without_what_the_recogniser_was_told() -> None:
    recognizer = DraftingWhisper(open_store().path(MODEL), model=MODEL)
    pcm = np.frombuffer(await sample_sound(0, 6_400), dtype="<i2")
    audio = (pcm / 32_768).astype(np.float32)
    alone = recognizer.recognise(Window(audio=audio, languages=("en",)))
    told = recognizer.recognise(
        Window(audio=audio, languages=("en",), glossary=("remote participation", "afternoon", "session"))
    )
    assert [word.text for word in told.words] == [word.text for word in alone.words]
    assert alone.words
    assert max(abs(one.p - other.p) for one, other in zip(alone.words, told.words, strict=True)) < 0.1

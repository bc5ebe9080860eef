"""Where recording ends or begins in the middle of speech, half a word never becomes another word.

The real model hears what the server lets it hear, on either side of an edge that moves over a stretch of speech in
steps of 100 ms; its commands pass the server's rule. Each word near the edge was said near its time, or the model hears
it there in the uncut sound too. Further away the model may confuse words, by the rounding of the processor, but invents
none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from moothall.core.commands import CommitWords
from moothall.core.events.lines import Word
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.sessions.parts import Channel
from moothall.core.sessions.state import State
from moothall.services.engines.words import kept_part
from moothall_models.ports import RATE, VAD_FRAME, Samples
from moothall_models.recognizers.silero import SileroVoiceActivity
from moothall_models.recognizers.whisper.drafting_whisper import DraftingWhisper
from moothall_models.speech.channel import Output, SpeechChannel
from moothall_models.speech.utterance import FRAME_MS
from moothall_models.store import open_store
from support.sound.hearing import Change, Heard, changes, heard, reference, sample_sound
from support.sound.talking import attach

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(600)]

MODEL = "whisper-tiny.en"
FLOOR = ChannelId("floor")
FIRST_MS, LAST_MS = 19_100, 28_700
"""Of the sample session: from one pause to another, so that the sound has no edges but the one that moves."""
EDGES = range(3_300, 6_500, 100)
"""Over `the session page, a second or two after it is spoken`, and into the pause behind it."""
NEAR_MS = 500
"""Alignment is up to 0.2 s off, more at the front."""
REACH_MS = 1_000
"""Half a word is heard no further from the edge: of the sample's words only a year lasts longer, and it isn't here."""
PASS_MS = 250
"""What a pass takes on a small machine."""


def commands(recognizer: DraftingWhisper, samples: Samples, begin: int, *, cut: int = 0) -> list[Output]:
    """What the policy sends for sound that begins at media ms `begin`, live, and breaks off."""
    channel, activity = SpeechChannel(attach(audio_from=begin, through=begin, cut=cut)), SileroVoiceActivity()
    out: list[Output] = []
    ready = now = begin
    for first in range(0, len(samples) - VAD_FRAME + 1, VAD_FRAME):
        piece = samples[first : first + VAD_FRAME]
        out += channel.hear(now, piece, activity.probabilities(piece))
        now += FRAME_MS
        if now >= ready and (request := channel.next_pass(now)) is not None:
            ready = now + PASS_MS
            out += channel.passed(request, recognizer.recognise(request.window), now)
    out += channel.end_of_audio()
    while not channel.done:
        request = channel.next_pass(now)
        assert request is not None
        out += channel.passed(request, recognizer.recognise(request.window), now)
    return out


def recorded(outputs: Sequence[Output], *spans: tuple[int, int | None]) -> list[Word]:
    """The words that the server puts into the log while these spans are not recorded."""
    state = State(
        id=SessionId("s"),
        not_recorded=spans,
        channels={FLOOR: Channel(id=FLOOR, kind=ChannelKind.FLOOR, languages=("en",))},
    )
    acts = [output for output in outputs if isinstance(output, CommitWords)]
    kept = [command for act in acts for command in kept_part(state, FLOOR, (act,))]
    return [word for command in kept if isinstance(command, CommitWords) for word in command.words]


def made_up(words: Sequence[Word], edge: int, said: Sequence[Heard], whole: Sequence[Heard]) -> list[Heard | Change]:
    """Near the edge, those that neither were said near their time nor are heard there; elsewhere, those too many."""
    got = heard(words)
    near = [
        word for word in got if abs(word.t - edge) <= REACH_MS and not any(_same(word, it) for it in (*said, *whole))
    ]
    return near + [it for it in changes(said, got) if it.kind == "insert" and abs(it.t - edge) > REACH_MS]


def _same(word: Heard, other: Heard) -> bool:
    return word.text == other.text and abs(word.t - other.t) <= NEAR_MS


async def test_no_word_is_made_up_at_an_edge() -> None:
    recognizer = DraftingWhisper(open_store().path(MODEL), model=MODEL, threads=2)
    samples = (np.frombuffer(await sample_sound(FIRST_MS, LAST_MS), dtype="<i2") / 32_768).astype(np.float32)
    said = reference(FIRST_MS, LAST_MS)
    whole = heard(recorded(commands(recognizer, samples, 0)))
    wrong: dict[str, list[Heard | Change]] = {}
    lost = 0
    for edge in EDGES:
        at = edge * RATE // 1000
        before = recorded(commands(recognizer, samples[:at], 0), (edge, None))
        after = recorded(commands(recognizer, samples[at:], edge, cut=edge), (0, edge))
        assert all(word.t1 <= edge - 300 for word in before)
        assert all(word.t0 >= edge + 300 for word in after)
        for side, words in (("before", before), ("after", after)):
            if found := made_up(words, edge, said, whole):
                wrong[f"{side} {edge}"] = found
        lost += len(said) - len(heard(before)) - len(heard(after))
    assert not wrong, wrong
    assert lost / len(EDGES) <= 4, "words at each edge that are missing"

"""The speaker of the proof by faults: sentences of words that nobody else says, as sound to a microphone's door, and
their comparison with the log.

The sound is `moothall.testing.scripted`: each word has samples of its own, so an engine hears exactly what was said,
and a search finds what any file has of its sound.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from cluster_history import Wrong
from cluster_person import Person, now
from cluster_spans import Spans, secret
from moothall.adapters.sound.sender import PIECE, RATE, Sender
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events.codec import decode_event
from moothall.core.kernel.ids import SessionId
from moothall.testing.scripted import BASE, SAMPLES_A_MS, Script, ScriptWord, make_script, render

WORDS = 4_000
"""Words of a script: more than are said in a round."""
RUN = 20
"""Equal samples in a row by which a word's sound is found; no text has as many equal pairs of bytes of its size."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A word that was said, and when: seconds of the clock of `now`."""

    text: str
    since: float
    until: float


def script_of(seed: int) -> Script:
    """Return a script whose words are secrets: none stands anywhere by chance."""
    chance = random.Random(seed)  # noqa: S311  # repeatable is what it has to be
    words = make_script(seed, WORDS, pause_ms=300).words
    return Script(words=tuple(_secret(word, chance) for word in words))


def _secret(word: ScriptWord, chance: random.Random) -> ScriptWord:
    end = "." if word.text.endswith(".") else ""
    return msgspec.structs.replace(word, text=f" {secret(chance)}{end}")


class _Microphone(Sender):
    """A sender of silence into which words are put."""

    def __init__(self, addresses: Sequence[str], token: str, session: SessionId, chance: random.Random) -> None:
        super().__init__(addresses, token, f"/s/{session}/audio", b"", chance)
        self.sound = bytearray()
        """All samples of the take, from its first on; silence follows."""

    def put(self, pcm: bytes) -> float:
        """Say something from now on; returns when its first sample is heard, by the clock of `now`."""
        heard, at = self._heard(), now()
        position = max(heard + PIECE, len(self.sound) // 2)
        self.sound.extend(bytes(2 * position - len(self.sound)) + pcm)
        return at + (position - heard) / RATE

    def _samples(self, first: int, count: int) -> bytes:
        return bytes(self.sound[2 * first : 2 * (first + count)]).ljust(2 * count, b"\0")


class Speaker(Person):
    """A person who says one sentence after the other into a microphone."""

    def __init__(
        self,
        addresses: Sequence[str],
        token: str,
        session: SessionId,
        script: Script,
        *,
        every_s: float,
        chance: random.Random,
    ) -> None:
        super().__init__(every_s, chance)
        self.said: list[Said] = []
        self.microphone = _Microphone(addresses, token, session, chance)
        self._sentences = _sentences(script.words)
        self._sound = render(script)

    async def once(self) -> None:
        """Say a sentence, and wait until it has been heard."""
        words = next(self._sentences, ())
        if not words:
            self.wrong.say("other", "the script is over")
            return
        begin, end = words[0].t0, words[-1].t1
        at = self.microphone.put(self._sound[2 * SAMPLES_A_MS * begin : 2 * SAMPLES_A_MS * end])
        for word in words:
            since, until = (at + (t - begin) / 1_000 for t in (word.t0, word.t1))
            self.said.append(Said(text=word.text.strip(" ."), since=since, until=until))
        await asyncio.sleep(self.said[-1].until - now())


def _sentences(words: Sequence[ScriptWord]) -> Iterator[Sequence[ScriptWord]]:
    sentence = list[ScriptWord]()
    for word in words:
        sentence.append(word)
        if word.text.endswith("."):
            yield sentence
            sentence = []


def heard(records: Sequence[LogRecord]) -> list[str]:
    """Return the words that the log has of engines, in order."""
    events = (decode_event(each.body) for each in records if each.body is not None)
    return [word.text.strip(" .") for event in events if isinstance(event, le.WordsCommitted) for word in event.words]


def words_against(said: Sequence[Said], spans: Spans, records: Sequence[LogRecord], *, clocks: bool) -> Wrong:
    """Check that each spoken word is in the log once, and in order, unless its time may not be recorded; and that none
    is there whose time certainly isn't.

    `clocks`: whether clocks jump, after which nobody outside knows what a span covers.
    """
    wrong = Wrong()
    has = heard(records)
    times, known = Counter(has), {each.text for each in said}
    for each in said:
        if not times[each.text] and not spans.perhaps(each.since, each.until) and not (clocks and spans.all):
            wrong.say("lost", f"the word {each.text}")
        if times[each.text] and not clocks and spans.surely(each.since, each.until):
            wrong.say("other", f"the word {each.text} is in the log, and was not to be recorded")
    for text, n in times.items():
        if n > 1:
            wrong.say("doubled", f"the word {text} is there {n} times")
        if text not in known:
            wrong.say("other", f"nobody said {text}")
    if list(dict.fromkeys(has)) != [each.text for each in said if times[each.text]]:
        wrong.say("reordered", "words stand in another order than they were said in")
    return wrong


def unheard(said: Sequence[Said], spans: Spans, records: Sequence[LogRecord]) -> list[bytes]:
    """Return the words that the log doesn't have since they were not recorded: no file may have them. Behind the last
    word of the log only those count that were surely said in a span; others may be under way.
    """
    has = set(heard(records))
    last = max((n for n, each in enumerate(said) if each.text in has), default=-1)
    return [
        each.text.encode()
        for n, each in enumerate(said)
        if each.text not in has and (n < last or spans.surely(each.since, each.until))
    ]


def sounds_of(script: Script, words: Sequence[Said], spans: Spans) -> frozenset[int]:
    """Return the sizes of the samples of the words that were certainly not to be recorded: no file may have them."""
    texts = {each.text for each in words if spans.surely(each.since, each.until)}
    return frozenset(BASE + n for n, word in enumerate(script.words) if word.text.strip(" .") in texts)


def sounds_in(data: bytes) -> set[int]:
    """Return the sizes that stand `RUN` times in a row in a file, as samples.

    Samples may begin at an even byte or an odd one. Read from the other one, a row has its two bytes exchanged, which
    may be the size of another word, and is shorter by a sample: what lies within another row is left out.
    """
    even, odd = (_rows(data, skipped) for skipped in (0, 1))
    return _outside(even, odd) | _outside(odd, even)


_Rows = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Rows of equal samples: of each its first byte, the byte after it, and its size."""


def _rows(data: bytes, skipped: int) -> _Rows:
    samples = np.frombuffer(data[skipped : skipped + (len(data) - skipped) // 2 * 2], dtype="<i2")
    edges = np.flatnonzero(np.diff(samples))
    long = np.diff(edges) >= RUN
    begins, ends = edges[:-1][long] + 1, edges[1:][long] + 1
    return skipped + 2 * begins, skipped + 2 * ends, np.abs(samples[begins].astype(np.int64))


def _outside(rows: _Rows, others: _Rows) -> set[int]:
    """Return the sizes of the rows that lie within none of the others."""
    (begins, ends, sizes), (other_begins, other_ends, _) = rows, others
    before = np.searchsorted(other_begins, begins, side="right")  # how many of the others begin by then
    within = before > 0
    within[within] = ends[within] <= other_ends[before[within] - 1]
    return set(np.unique(sizes[~within]).tolist())

"""Targets for the links of engines and translators, in both directions, and for the answers of outside services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fuzz.target import Target
from moothall.core.commands import CommitWords, EndSegment
from moothall.core.events.lines import EndReason, Word
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId, CommandId, SegmentId, SessionId
from moothall.core.translation.routes import Direction
from moothall.wire import engine, pulse, translation
from moothall_models.recognizers.endpoint import Unusable
from moothall_models.recognizers.endpoint_answer import heard_words, read_answer
from moothall_models.translators.service import Untranslated, read_translation

FLOOR, LINE = ChannelId("floor"), SegmentId("s1")
DIRECTION = Direction(engine="x", version="1", source="en", target="es", cost=1.0)
WORD = Word(text="Good", t0=0, t1=200, p=0.9)


def encoded(encode: Callable[[Any], bytes], *messages: object) -> tuple[bytes, ...]:
    """Return encoded messages as ordinary senders send them."""
    return tuple(encode(message) for message in messages)


def notes(data: bytes) -> None:
    """Check that the note beside the audio, cut to the points that are kept, reads the same after a round trip."""
    points = engine.decode_resume_points(data)[: engine.RESUME_POINTS]
    if engine.decode_resume_points(engine.encode_resume_points(points)) != points:
        raise AssertionError("A note that is kept is read as another one.")


def transcription(data: bytes) -> None:
    """Check that the words of a transcription service's answer all lie within the sound."""
    answer = read_answer(data)
    for language in ("en", "zh"):
        words = heard_words(answer, language, 10_000)
        if any(not 0 <= word.t0 <= word.t1 <= 10_000 for word in words):
            raise AssertionError("A word lies outside of the sound.")


TARGETS = (
    Target(
        name="engine-to-server",
        call=engine.decode_to_server,
        declared=(ProtocolError,),
        seeds=encoded(
            engine.encode,
            engine.EngineHello(protocol=1, name="a", model="m", languages=("en",), channels=2),
            engine.PassAct(
                attachment=1,
                id=CommandId("c1"),
                commands=(
                    CommitWords(channel=FLOOR, generation=1, segment=LINE, first=0, words=(WORD,)),
                    EndSegment(channel=FLOOR, generation=1, segment=LINE, t1=200, reason=EndReason.SENTENCE),
                ),
            ),
            engine.SoundsLike(attachment=1, language="de"),
            engine.Capacity(channels=-1, most=2),
            engine.Usage(cpu_ms=1.5, audio_ms=3),
        ),
    ),
    Target(
        name="server-to-engine",
        call=engine.decode_to_engine,
        declared=(ProtocolError,),
        seeds=encoded(
            engine.encode,
            engine.Attach(
                attachment=1,
                session=SessionId("s"),
                channel=FLOOR,
                generation=1,
                languages=("en",),
                committed_through=0,
                last_words=(WORD,),
                open_segment=engine.OpenSegment(segment=LINE, language="en", t0=0, words=(WORD,)),
                audio_from=0,
            ),
            engine.Audio(attachment=1, t=0, pcm=b"\0\0"),
            engine.Glossary(attachment=1, terms=("Kisumu",)),
        ),
    ),
    Target(name="engine-notes", call=notes, seeds=(engine.encode_resume_points(()),)),
    Target(
        name="pulse",
        call=pulse.decode,
        declared=(ProtocolError,),
        seeds=(pulse.encode(pulse.ProcessPulse(life="a", working=True, attachments=(1,))),),
    ),
    Target(
        name="translators-to-server",
        call=translation.decode_from_translators,
        declared=(ProtocolError,),
        seeds=encoded(
            translation.encode,
            translation.TranslatorHello(protocol=2, name="t", directions=(DIRECTION,)),
            translation.Translated(id=1, text="x"),
            translation.NotTranslated(id=1, reason="x"),
        ),
    ),
    Target(
        name="server-to-translators",
        call=translation.decode_to_translators,
        declared=(ProtocolError,),
        seeds=encoded(
            translation.encode, translation.Prepare(direction=0), translation.Translate(id=1, direction=0, text="x")
        ),
    ),
    Target(
        name="transcription-answer",
        call=transcription,
        declared=(Unusable,),
        seeds=(
            (
                b'{"text":"a b","language":"en","segments":[{"text":" A, b.","start":0.5,"end":2,"avg_logprob":-0.2,'
                b'"no_speech_prob":0.1}],"words":[{"word":"a","start":0.5,"end":1},{"word":"b","start":1,"end":1.5}]}'
            ),
            '{"text":"你好","segments":[{"text":"你好","start":0,"end":1e3}]}'.encode(),
        ),
    ),
    Target(
        name="translation-answer",
        call=lambda data: read_translation(data, "Good morning."),
        declared=(Untranslated,),
        seeds=(b'{"choices":[{"message":{"role":"assistant","content":"Buenos dias."},"finish_reason":"stop"}]}',),
    ),
)

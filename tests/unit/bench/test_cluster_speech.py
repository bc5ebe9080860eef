from __future__ import annotations

from itertools import pairwise

from cluster_spans import Span, Spans
from cluster_speech import Said, script_of, sounds_in, sounds_of, unheard, words_against
from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.testing.scripted import BASE, Script, ScriptWord, render
from support.sessions.recorder import Recorder

SAID = [Said(text=text, since=10.0 * n, until=10.0 * n + 1) for n, text in enumerate(("a", "b", "c"), 1)]
WHILE_B = Span(asked=15.0, begun=15.0, ending=25.0, over=25.0)


def log(*texts: str) -> list[LogRecord]:
    words = tuple(le.Word(f" {text}", 0, 0) for text in texts)
    return [
        Recorder().record(le.WordsCommitted(channel=ChannelId("floor"), segment=SegmentId("s"), first=0, words=words))
    ]


def counts(*texts: str, spans: Spans | None = None, clocks: bool = False) -> tuple[int, int, int, int]:
    wrong = words_against(SAID, spans or Spans(), log(*texts), clocks=clocks)
    return wrong.lost, wrong.doubled, wrong.reordered, wrong.other


def test_words_are_there_once_and_in_order() -> None:
    assert counts("a", "b", "c.") == (0, 0, 0, 0)
    assert counts("a", "c") == (1, 0, 0, 0)
    assert counts("a", "b", "b", "c") == (0, 1, 0, 0)
    assert counts("b", "a", "c") == (0, 0, 1, 0)
    assert counts("a", "b", "c", "d")[3] == 1


def test_a_word_of_a_span_is_not_there() -> None:
    spans = Spans()
    spans.all.append(WHILE_B)
    assert counts("a", "c", spans=spans) == (0, 0, 0, 0)
    assert counts("a", "b", "c", spans=spans) == (0, 0, 0, 1)
    assert counts("a", "b", "c", spans=spans, clocks=True) == (0, 0, 0, 0)
    assert counts("a", spans=spans) == (1, 0, 0, 0)
    assert unheard(SAID, Spans(), log("a", "c")) == [b"b"]
    assert unheard(SAID, Spans(), log("a")) == [], "they may be under way"
    assert unheard(SAID, spans, log("a")) == [b"b"]


def test_a_search_finds_the_sound_of_a_word_in_a_file() -> None:
    script = Script(words=(ScriptWord(" a", 100, 300), ScriptWord(" b.", 310, 500)))
    sound = render(script)
    assert {BASE, BASE + 1} <= sounds_in(sound)
    assert {BASE, BASE + 1} <= sounds_in(b"\x01" + sound[1_000:])
    assert not {BASE, BASE + 1} & sounds_in(b"text of a page, and zeros" + bytes(9_000))
    two = Script(words=tuple(ScriptWord(f" {n}", 10 + 20 * n, 25 + 20 * n) for n in range(280)))
    wanted = {BASE + n for n in range(280)}
    assert 0x1110 in wanted, "with its bytes exchanged, it is the size of another word"
    only = render(two)[2 * 16 * (10 + 20 * 0x110) - 100 :][:600]
    assert sounds_in(only) & wanted == sounds_in(b"\x01" + only) & wanted == {0x1110}
    spans = Spans()
    spans.all.append(WHILE_B)
    assert sounds_of(script, SAID, spans) == {BASE + 1}


def test_words_of_a_script_are_found_nowhere_else() -> None:
    words = script_of(7).words
    texts = [word.text.strip(" .") for word in words]
    assert len(set(texts)) == len(texts)
    assert words[-1].text.endswith(".")
    assert all(one.t1 <= two.t0 for one, two in pairwise(words))

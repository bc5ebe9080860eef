"""The law of an overloaded engine: every channel gets its turns, and all speech is committed once."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from moothall.testing.scripted import Script, make_script
from moothall_models.speech.overload import LATEST, LATEST_WIDE
from moothall_models.speech.passes import PATIENCE
from moothall_models.speech.schedule import Stage
from support.models.busy_engine import TICK, Engine, Speaker


@st.composite
def speakers(draw: st.DrawFn) -> list[tuple[Speaker, Script]]:
    """Up to eight channels, whose meetings began at different times, one of them with a backlog."""
    made = []
    for number in range(1, draw(st.integers(2, 8)) + 1):
        script = make_script(draw(st.integers(0, 50)), draw(st.integers(3, 30)))
        begins = draw(st.sampled_from([0, 32_000, 3_600_000]))
        burst = draw(st.sampled_from([0, 0, 20_000]))
        made.append((Speaker(number, script, begins, burst), script))
    return made


@settings(max_examples=max(10, settings().max_examples // 5))
@given(speakers(), st.integers(1, 3), st.sampled_from([50, 150, 300, 700, 1_500]))
def test_every_channel_gets_its_turn_and_every_word_is_committed_once(
    said: list[tuple[Speaker, Script]], workers: int, cost: int
) -> None:
    engine = Engine([speaker for speaker, _ in said], workers, cost)
    for speaker, _ in said:
        engine.session.received(speaker.attach(), 0)
    while not all(speaker.drained for speaker, _ in said):
        for speaker, _ in said:
            speaker.speak(engine.session, engine.now)
        engine.tick()
        assert engine.now < 600_000, "it comes to an end"
    for speaker, script in said:
        assert speaker.words == [word.text.strip() for word in script.words]
    # Only what was asked for less than PATIENCE and so much later goes before: then each other channel once.
    wide = any(max(speaker.stages) >= Stage.WIDER_WINDOWS for speaker, _ in said)
    latest = LATEST_WIDE if wide else LATEST
    rounds = -(-len(said) // workers) + 1
    assert engine.longest_wait <= PATIENCE + latest + rounds * (cost + TICK) + TICK

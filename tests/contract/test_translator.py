"""The contract of every Translator: echo, Bergamot's models, Firefox's, Argos packages with and without the package
argostranslate, a service, Apertium.
"""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import threading
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moothall.core.translation.routes import Direction, Route
from moothall_models.translators.apertium import ApertiumTranslator
from moothall_models.translators.argos import ArgosTranslator, argos_library
from moothall_models.translators.argos_package import ArgosPackage, installed_packages
from moothall_models.translators.bergamot import BergamotTranslator
from moothall_models.translators.echo import EchoTranslator
from moothall_models.translators.firefox import FirefoxTranslator
from moothall_models.translators.port import LONGEST, SAID, Translator, UnusableTranslation
from support.models.argos_packages import put_package
from support.models.firefox_registry import put_model
from support.models.translation_service import Chat, standing, translator


def argos(run: Callable[[Sequence[ArgosPackage]], ArgosTranslator] = ArgosTranslator) -> ArgosTranslator:
    folder = Path(tempfile.mkdtemp(dir=STORE[0]))
    for source, target in (("ar", "en"), ("en", "ar"), ("en", "zh"), ("en", "ru")):
        put_package(folder, source, target)
    return run(installed_packages(folder))


def firefox() -> FirefoxTranslator:
    folder = Path(tempfile.mkdtemp(dir=STORE[0]))
    return FirefoxTranslator([put_model(folder, *pair) for pair in (("en", "pt"), ("pt", "en"))])


ENGINES: dict[str, Callable[[], Translator]] = {
    "echo": EchoTranslator,
    "bergamot": BergamotTranslator,
    "apertium": ApertiumTranslator,
    "argos": argos,
    "firefox": firefox,
    "argostranslate": lambda: argos(argos_library),
    "service": lambda: translator(SERVICE[0]),
}
SERVICE: list[str] = []
"""The name of the one that stands while these tests run."""
STORE: list[Path] = []
"""The folder of models while these tests run."""
HOSTILE = {
    "nothing": "",
    "spaces": "  \t \u3000 ",
    "line ends": "\r\n\n\u2028\u2029",
    "zero bytes": "\0a\0 b\0",
    "control characters": "".join(map(chr, (*range(32), *range(127, 160)))) + "end",
    "half a pair": "\ud83d alone \ude00",
    "begins a word": "^",
    "ends a word": "$",
    "begins a blank": "[",
    "ends a blank": "]",
    "whole blanks": "[] [[t:b:abc]]house[[/]] .[][\n]",
    "an analysed word": "^house/casa<n><f><sg>$ {^a$} @b #c *d ~e ~ +f |g",
    "backslashes": "\\ \\\\ a\\b \\^ \\",
    "tags": "<b>open</b> </s> <unk> &amp; <script>",
    "shell": '\'; $(kill 1) `id` "$HOME" & | > /dev/null',
    "one long word": "a" * 100,
    "long and spaced": "a " * 50,
    "two thousand signs": ("The meeting is open. " * 100)[:2_000],
    "no full stop": "and then we went on and on " * 30,
    "numbers": "1 2 3 " * 300,
    "full stops": "." * 1_000 + "? ! … " * 50,
    "emoji": "😀👩‍👩‍👧‍👦🏳️‍🌈🇵🇹" * 40,
    "emoji and words": "Yes 😀 no 👩‍👩‍👧‍👦 family",
    "right to left": "مرحبا بالعالم. שלום עולם.",
    "turned round": "\u202eabc\u202c \u200fdef\u2066ghi\u2069",
    "mixed scripts": "שלום hello مرحبا Привет 你好 olá नमस्ते",
    "no spaces": "你好世界。今天天气很好。" * 50,
    "marks on marks": "e\u0301\u0302\u0303" * 80 + "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "no characters": "\ufffe\uffff\U0010ffff\ue000\ue07e\ufeff",
    "capitals": "THE NEXT ITEM ON THE AGENDA IS THE BUDGET",
    "kept words": "XQ1X and XQ2X, XQ24X.",
}
LONGER = {
    "a word of three hundred signs": "a" * 300,
    "three hundred signs and spaced": "a " * 150,
    "no full stop for long": "and then we went on and on " * 100,
    "a word of a thousand signs": "a" * 1_000,
    "a thousand signs and spaced": "a " * 500,
    "a longer word": "a" * 10_000,
    "longer and spaced": "a " * 5_000,
    "ten thousand signs": ("The meeting is open. " * 500)[:10_000],
}
"""Bergamot takes 3 to 8 s for each: in `make test-all`."""


@pytest.fixture(scope="module", autouse=True)
def service() -> Iterator[None]:
    with standing(Chat()) as name, tempfile.TemporaryDirectory() as folder:
        SERVICE.append(name)
        STORE.append(Path(folder))
        yield
        SERVICE.clear()
        STORE.clear()


class Subject(msgspec.Struct, frozen=True):
    """An engine and one of its directions, with a sentence for it."""

    translator: Translator
    direction: Direction
    said: str

    def translate(self, *texts: str) -> list[str]:
        return self.translator.translate(texts, self.direction)


def subject_of(translator: Translator) -> Subject:
    if not translator.directions:
        pytest.skip(str(translator.missing))
    direction = translator.directions[0]
    return Subject(translator, direction, SAID[direction.source][0])


@pytest.fixture(scope="module", params=ENGINES)
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """One for all tests, as a server has it: whatever came in one must not show in the next."""
    translator = ENGINES[request.param]()
    yield subject_of(translator)
    translator.close()


def test_it_says_what_it_can_do(subject: Subject) -> None:
    directions = subject.translator.directions
    assert len({(each.source, each.target) for each in directions}) == len(directions)
    for each in directions:
        assert each.source != each.target
        assert each.cost > 0
        assert Route(hops=(each,)).name.isprintable()
        assert each.engine
        assert not set(each.version) & set(" ,>")
    assert subject.translator.directions == directions
    assert subject.translator.missing is None


def test_its_self_test_passes_whenever_it_is_asked(subject: Subject) -> None:
    for _ in range(2):
        subject.translator.check()


def test_a_direction_that_has_rested_translates_as_before(subject: Subject) -> None:
    before = subject.translate(subject.said)
    for _ in range(2):
        subject.translator.rest(subject.direction)
    assert subject.translate(subject.said) == before


def test_every_direction_translates(subject: Subject) -> None:
    for each in subject.translator.directions:
        said = SAID[each.source][0]
        [answer] = subject.translator.translate([said], each)
        assert answer
        assert answer != said


def test_as_many_texts_come_back_in_their_order(subject: Subject) -> None:
    texts = [subject.said, "", "Moothall.", subject.said, "  ", "Lima, 2026."]
    assert subject.translate(*texts) == [subject.translate(text)[0] for text in texts]
    assert subject.translate() == []


def test_blank_text_becomes_empty(subject: Subject) -> None:
    assert subject.translate("", "   ", "\t\n\0", "\u3000") == ["", "", "", ""]


def test_nothing_gets_lost_of_many_sentences(subject: Subject) -> None:
    numbers = [str(number) for number in range(101, 131)]
    [answer] = subject.translate(" ".join(f"{subject.said[:-1]}, {number}." for number in numbers))
    assert [number for number in numbers if number not in answer] == []


@pytest.mark.parametrize(
    "text",
    [
        *(pytest.param(text, id=name) for name, text in HOSTILE.items()),
        *(pytest.param(text, id=name, marks=pytest.mark.slow) for name, text in LONGER.items()),
    ],
)
def test_whatever_comes_in_the_next_text_is_translated_as_ever(subject: Subject, text: str) -> None:
    before = subject.translate(subject.said)
    with contextlib.suppress(UnusableTranslation):
        [answer] = subject.translate(text)
        assert_is_text(answer)
        assert bool(answer) == bool(text.split() and text.strip("\0"))
    assert subject.translate(subject.said) == before


@pytest.mark.parametrize("name", ENGINES)
def test_any_text_at_all(name: str) -> None:
    translator = ENGINES[name]()
    subject = subject_of(translator)
    before = subject.translate(subject.said)

    @settings(max_examples=settings().max_examples * 4 // 5)
    @given(st.lists(st.text(st.characters(), max_size=120), max_size=3))
    def tried(texts: list[str]) -> None:
        answers = subject.translate(*texts)
        assert len(answers) == len(texts)
        for answer in answers:
            assert_is_text(answer)
        assert subject.translate(subject.said) == before

    tried()
    translator.close()


def test_what_is_too_long_is_refused_with_a_sentence_that_does_not_hold_it(subject: Subject) -> None:
    with pytest.raises(UnusableTranslation, match=r"has 20001 characters.*\.$") as caught:
        subject.translate(subject.said, "secret" + "!" * (LONGEST - 5))
    assert "secret" not in str(caught.value)
    assert subject.translate(subject.said)[0]


def test_a_direction_of_somebody_else_is_a_mistake(subject: Subject) -> None:
    other = msgspec.structs.replace(subject.direction, version="another")
    with pytest.raises(ValueError, match=subject.direction.target):
        subject.translator.translate([subject.said], other)


def test_several_threads_may_ask_at_a_time(subject: Subject) -> None:
    texts = [f"{subject.said[:-1]}, {number}." for number in range(20)]
    alone = [subject.translate(text)[0] for text in texts]
    with ThreadPoolExecutor(4) as threads:
        assert [answer for [answer] in threads.map(subject.translate, texts)] == alone


@pytest.mark.parametrize("name", ENGINES)
def test_a_closed_one_translates_nothing_more(name: str) -> None:
    subject = subject_of(ENGINES[name]())
    subject.translate(subject.said)
    for _ in range(2):
        subject.translator.close()
        with pytest.raises(UnusableTranslation):
            subject.translate(subject.said)


class Armed:
    """Timers that are over at once, after `arm()` and until the next but one is made; others take their time."""

    def __init__(self) -> None:
        self.armed = False

    def __call__(self, seconds: float, then: Callable[[], None]) -> threading.Timer:
        at_once, self.armed = self.armed, False
        return threading.Timer(0.0 if at_once else seconds, then)


@pytest.fixture
def apertium() -> Iterator[tuple[ApertiumTranslator, Armed]]:
    timers = Armed()
    translator = ApertiumTranslator(later=timers)
    yield translator, timers
    translator.close()


def test_a_hung_echo_costs_its_call_alone() -> None:
    released = threading.Event()
    echo = EchoTranslator(hangs={2: released}, fails=(4,))
    subject = subject_of(echo)
    good = subject.translate(subject.said)
    with ThreadPoolExecutor(1) as threads:
        hung = threads.submit(subject.translate, subject.said)
        while echo.calls < 2:
            pass
        assert subject.translate(subject.said) == good  # meanwhile
        released.set()
        assert isinstance(hung.exception(), UnusableTranslation)
    with pytest.raises(UnusableTranslation, match="call 4"):
        subject.translate(subject.said)
    assert subject.translate(subject.said) == good


def test_a_hung_apertium_costs_its_call_alone(apertium: tuple[ApertiumTranslator, Armed]) -> None:
    translator, timers = apertium
    subject = subject_of(translator)
    good = subject.translate(subject.said)
    for _ in range(2):
        group = translator.processes()[subject.direction]
        os.killpg(group, signal.SIGSTOP)
        timers.armed = True
        with pytest.raises(UnusableTranslation, match="no answer for pt-es in 10 s"):
            subject.translate("A secret.")
        assert_gone(group)
        assert subject.translate(subject.said) == good


def test_a_killed_apertium_costs_nothing(apertium: tuple[ApertiumTranslator, Armed]) -> None:
    translator, _ = apertium
    subject = subject_of(translator)
    good = subject.translate(subject.said)
    group = translator.processes()[subject.direction]
    os.killpg(group, signal.SIGKILL)
    assert subject.translate(subject.said) == good
    group = translator.processes()[subject.direction]
    for one in programs(group)[1:-1]:  # in the midst of the pipeline
        os.kill(one, signal.SIGKILL)
    assert subject.translate(subject.said) == good


def test_a_closed_apertium_leaves_no_process(apertium: tuple[ApertiumTranslator, Armed]) -> None:
    translator, _ = apertium
    subject = subject_of(translator)
    subject.translate(subject.said)
    group = translator.processes()[subject.direction]
    assert len(programs(group)) > 2
    translator.close()
    assert_gone(group)
    assert translator.processes() == {}


def assert_is_text(answer: str) -> None:
    answer.encode()
    assert answer == answer.strip()
    assert [char for char in answer if unicodedata.category(char) == "Cc"] == []


def assert_gone(group: int) -> None:
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def programs(group: int) -> list[int]:
    """Process ids of a group, in the order in which they were started."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", encoding="utf-8") as stat:
                if stat.read().rpartition(")")[2].split()[2] == str(group):
                    found.append(int(entry))
    return sorted(found)

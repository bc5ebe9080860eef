from __future__ import annotations

import logging
import sys

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from moothall.wire.log_lines import LONGEST, MOST_FRAMES, JsonLogLines, LogLines, formatter, stack_frames

HIDDEN = "mallow"


def record(
    message: object, *args: object, name: str = "moothall.x", error: BaseException | None = None
) -> logging.LogRecord:
    info = None if error is None else (type(error), error, error.__traceback__)
    made = logging.LogRecord(name, logging.WARNING, "x.py", 1, message, args, info)
    made.created = 1_764_352_800.25
    return made


def parsed(made: logging.LogRecord) -> dict[str, object]:
    return msgspec.json.decode(JsonLogLines().format(made), type=dict[str, object])


def raised(depth: int = 1) -> BaseException:
    def fall(left: int) -> None:
        if left:
            fall(left - 1)
        raise ValueError(HIDDEN)

    try:
        fall(depth)
    except ValueError as error:
        return error
    raise AssertionError


def test_a_line_of_json_says_when_how_urgent_who_and_what() -> None:
    assert parsed(record("engine %s: connected, %d channels", "child-1", 2)) == {
        "time": "2025-11-28T18:00:00.250Z",
        "level": "warning",
        "logger": "moothall.x",
        "message": "engine child-1: connected, 2 channels",
        "engine": "child-1",
    }


def test_ids_are_fields_by_the_word_before_them() -> None:
    found = parsed(record("session %s channel %s: 5 %% of %d ms on engine %s, session %s", "s", "floor", 7, "e", "t"))
    assert {key: found[key] for key in ("session", "channel", "engine")} == {
        "session": "s",
        "channel": "floor",
        "engine": "e",
    }
    assert set(found) == {"time", "level", "logger", "message", "session", "channel", "engine"}


def test_a_number_stays_one() -> None:
    assert parsed(record("source %d: gone", 7))["source"] == 7


@pytest.mark.parametrize("made", [record("plain"), record("%(a)s", {"a": 1}), record(ValueError)])
def test_what_names_no_id_has_no_fields(made: logging.LogRecord) -> None:
    assert set(parsed(made)) == {"time", "level", "logger", "message"}


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_exception_is_its_type_and_places_and_never_its_message(form: str) -> None:
    line = formatter("json" if form == "json" else "text").format(record("a task failed", error=raised()))
    assert HIDDEN not in line
    assert "ValueError" in line
    assert "wire/test_log_lines.py" in line
    assert " in fall" in line


def test_of_a_group_the_first_failure_is_told() -> None:
    group = BaseExceptionGroup(HIDDEN, [BaseExceptionGroup(HIDDEN, [raised()]), KeyError(HIDDEN)])
    line = JsonLogLines().format(record("a task failed", error=group))
    assert "in fall" in line
    assert HIDDEN not in line


def test_a_deep_exception_has_so_many_places() -> None:
    assert len(stack_frames(raised(50))) == MOST_FRAMES


def test_info_of_no_exception_is_none() -> None:
    made = record("x")
    made.exc_info = (None, None, None)
    assert "where" not in parsed(made)
    assert LogLines().format(made).endswith(" WARNING moothall.x: x")


@pytest.mark.parametrize("form", ["text", "json"])
def test_of_asyncio_the_first_row_is_told(form: str) -> None:
    said = f"Task exception was never retrieved\nfuture: <Task exception=ValueError('{HIDDEN}')>"
    line = formatter("json" if form == "json" else "text").format(record(said, name="asyncio"))
    assert "never retrieved" in line
    assert HIDDEN not in line


def test_what_another_formatter_has_written_down_of_an_exception_is_not_used() -> None:
    made = record("failed", error=raised())
    logging.Formatter().format(made)
    assert made.exc_text is not None
    assert HIDDEN in made.exc_text
    assert HIDDEN not in LogLines().format(made)


@pytest.mark.parametrize("form", ["text", "json"])
@given(said=st.text(), id_=st.text())
@example(said="", id_="\x85")
def test_a_line_is_one_line_whatever_is_in_it(form: str, said: str, id_: str) -> None:
    line = formatter("json" if form == "json" else "text").format(record("session %s: %s", id_, said))
    assert len(line.splitlines()) == 1


def test_a_long_message_is_cut() -> None:
    assert len(str(parsed(record("x" * 3 * LONGEST))["message"])) == LONGEST


def test_text_begins_with_time_level_and_logger(capsys: pytest.CaptureFixture[str]) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter("text"))
    handler.emit(record("session %s: it is loaded", "s"))
    said = capsys.readouterr().err
    assert said.endswith(" WARNING moothall.x: session s: it is loaded\n")
    assert said[:3] == "202"

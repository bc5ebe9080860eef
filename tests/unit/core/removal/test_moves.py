from __future__ import annotations

from moothall.core.kernel.ids import CommandId, SegmentId, SessionId
from moothall.core.removal.moves import LineKey, Move, Moves, Orphan, arrived, commands_of, returned

MORNING, NOON, NIGHT = SessionId("morning"), SessionId("noon"), SessionId("night")
A, B = SegmentId("a"), SegmentId("b")
HERE, AWAY, BACK = commands_of(CommandId("m"))


def came(session: SessionId, cause: CommandId, *segments: SegmentId, other: SessionId | None = None) -> Move:
    return Move(session=session, cause=cause, segments=segments, other=other)


left = came


def reached(moves: Moves, line_key: LineKey) -> set[LineKey]:
    seen, ahead = {line_key}, [line_key]
    while ahead:
        ahead += (new := moves.neighbours(ahead.pop()) - seen)
        seen |= new
    return seen


def test_the_commands_of_a_move_are_told_apart_however_long_its_id_is() -> None:
    assert (HERE, AWAY, BACK) == ("m:here", "m:away", "m:back")
    names = commands_of(CommandId("x" * 128))
    assert len(set(names)) == 3
    assert max(map(len, names)) < 64


def test_a_line_is_found_in_both_logs_from_either() -> None:
    moves = Moves([came(NOON, HERE, arrived(HERE, A), arrived(HERE, B))], [left(MORNING, AWAY, A, B)])
    pair = {(MORNING, A), (NOON, arrived(HERE, A))}
    assert all(reached(moves, line_key) == pair for line_key in pair)
    assert reached(moves, (NOON, A)) == {(NOON, A)}
    assert moves.orphans == ()
    assert moves.foreign == {(NOON, arrived(HERE, A)), (NOON, arrived(HERE, B))}


def test_a_line_that_was_moved_twice_and_back_is_found_everywhere() -> None:
    here, away, _ = commands_of(CommandId("n"))
    undo_here, undo_away, _ = commands_of(CommandId("undo:n"))
    noon = arrived(HERE, A)
    night = arrived(here, noon)
    moves = Moves(
        [came(NOON, HERE, noon), came(NIGHT, here, night), came(NOON, undo_here, returned(noon))],
        [left(MORNING, AWAY, A), left(NOON, away, noon), left(NIGHT, undo_away, night)],
    )
    everywhere = {(MORNING, A), (NOON, noon), (NIGHT, night), (NOON, returned(noon))}
    assert moves.origins((NOON, noon)) == {(MORNING, A)}
    assert moves.origins((MORNING, A)) == frozenset()
    assert moves.origins((NOON, returned(noon))) == {(NOON, noon)}
    assert all(reached(moves, line_key) == everywhere for line_key in everywhere)
    assert moves.foreign == {(NOON, noon), (NIGHT, night)}


def test_the_same_id_in_sessions_that_name_others_pairs_nothing() -> None:
    arriving = came(NOON, HERE, arrived(HERE, A), other=MORNING)
    for away in (left(NIGHT, AWAY, A), left(MORNING, AWAY, A, other=NIGHT), left(MORNING, AWAY, B, other=NOON)):
        moves = Moves([arriving], [away])
        assert moves.orphans == (Orphan((NOON, arrived(HERE, A)), HERE, MORNING),)
        assert moves.neighbours((NOON, arrived(HERE, A))) == frozenset()
        assert moves.foreign == {(NOON, arrived(HERE, A))}

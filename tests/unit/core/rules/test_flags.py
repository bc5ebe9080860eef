from __future__ import annotations

from asking import MODERATOR, SOMEBODY, ask, asked, name, of, stand
from deciding import carry_out, events, refused
from moothall.core import commands as do
from moothall.core.events import types as ev
from moothall.core.events.question_parts import Standing
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import RefusalCode
from moothall.core.rules.authority import COMMANDS
from moothall.core.rules.flags import MOST_FLAGS, REPORTED
from moothall.core.session.state import evolve


def report(what: str) -> do.ReportAbuse:
    return do.ReportAbuse(intervention=name(what))


def test_readers_report_what_they_can_read_and_it_stays_where_it_was() -> None:
    state = carry_out(asked(), stand(Standing.QUEUED, "a"), actor=MODERATOR)
    told = events(state, report("a"), actor=SOMEBODY)
    assert told == [ev.InterventionFlagged(intervention=name("a"), flags=("reported",))]
    assert told[0].lane() == "staff"
    after = carry_out(state, report("a"), actor=SOMEBODY)
    assert of(after, "a").standing is Standing.QUEUED
    assert of(after, "a").published
    assert refused(after, report("a"), actor=SOMEBODY).code is RefusalCode.CONFLICT


def test_nobody_reports_what_nobody_may_read() -> None:
    assert refused(asked(), report("a"), actor=SOMEBODY).code is RefusalCode.UNKNOWN
    assert refused(asked(), report("none"), actor=SOMEBODY).code is RefusalCode.UNKNOWN
    state = carry_out(asked(), stand(Standing.QUEUED, "a"), actor=MODERATOR)
    was = of(state, "a")
    removed = ev.InterventionRemoved(
        intervention=was.id, number=1, kind=was.kind, language=was.language, origin=was.origin, asker=was.asker, t=was.t
    )
    gone = evolve(state, removed)
    assert gone.floor.numbered(1) == of(gone, "a")
    assert refused(gone, report("a"), actor=SOMEBODY).code is RefusalCode.UNKNOWN


def test_a_report_stands_beside_other_flags() -> None:
    state = carry_out(asked(), ask("d", flags=("blocked-word",)), actor=SOMEBODY)
    state = carry_out(state, stand(Standing.QUEUED, "d"), actor=MODERATOR)
    assert of(carry_out(state, report("d"), actor=SOMEBODY), "d").flags == ("blocked-word", "reported")


def test_flags_are_few_short_names_and_change_something() -> None:
    def flag(*flags: str) -> do.Flag:
        return do.Flag(intervention=name("a"), flags=flags)

    assert events(asked(), flag("abuse", "abuse"), actor=MODERATOR) == [
        ev.InterventionFlagged(intervention=name("a"), flags=("abuse",))
    ]
    assert refused(asked(), flag(), actor=MODERATOR).code is RefusalCode.CONFLICT
    assert refused(asked(), flag("Not a name"), actor=MODERATOR).code is RefusalCode.INVALID
    many = [f"f{n}" for n in range(MOST_FLAGS + 1)]
    assert refused(asked(), flag(*many), actor=MODERATOR).code is RefusalCode.INVALID
    assert len(events(asked(), flag(*many[1:]), actor=MODERATOR)) == 1
    # What readers said beside so many is undone to as well.
    assert len(events(asked(), flag(*many[1:], REPORTED), actor=MODERATOR)) == 1


def test_readers_report_and_the_staff_flags() -> None:
    assert [role for role in Role if do.ReportAbuse in COMMANDS[role]] == [Role.PARTICIPANT]
    assert do.Flag not in COMMANDS[Role.PARTICIPANT]

from __future__ import annotations

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import SYSTEM, Role
from moothall.core.kernel.ids import ChannelId, SegmentId, SpeakerId
from moothall.record.citation.comparing import VersionLine
from moothall.record.citation.history import Declined, LineCheck, shown_lines, version_lines
from support.sessions.history_maker import at, history, offset, seal
from support.sessions.record_maker import CAPTIONER, ENGINE, FLOOR, Telling


def test_a_line_has_all_that_it_read() -> None:
    told = Telling()
    line = told.line(" We where ready. ", 1_000, 2_000)
    heard = offset(told)
    told.correct(line, "We were ready.", words=3)
    mended = offset(told)
    told.correct(line, "We were ready!", words=3, revision=1, by=ENGINE)
    again = offset(told)
    made = history(told)
    assert [(each.offset, each.role, each.text, each.by_person) for each in made.texts[line]] == [
        (heard, Role.ENGINE, "We where ready.", False),
        (mended, Role.CAPTIONER, "We were ready.", True),
        (again, Role.ENGINE, "We were ready!", False),
    ]
    assert made.text_at(line, heard - 1) is None
    assert [made.text_at(line, each) for each in (heard, mended, again)] == list(made.texts[line])
    assert made.text_at(SegmentId("nothing"), again) is None
    assert made.line(SegmentId("nothing")) is None
    assert made.changes == (heard, mended, again)
    assert made.position.offset == again


def test_a_person_may_confirm_what_a_machine_wrote() -> None:
    told = Telling()
    line = told.line("We are ready.", 1_000, 2_000)
    told.correct(line, "We are ready.", words=3, by=ENGINE)
    told.correct(line, "We are ready.", words=3, revision=1)
    made = history(told)
    assert [each.by_person for each in made.texts[line]] == [False, True]
    assert len(made.changes) == 1
    assert made.check_of(line, made.texts[line][1]) == LineCheck(Role.CAPTIONER, at(told))


def test_a_line_says_what_its_speaker_proposed() -> None:
    told = Telling()
    line = told.line("We where ready.", 1_000, 2_000)
    told.tell(
        le.SegmentCorrected(
            channel=FLOOR,
            segment=line,
            base_revision=0,
            base_words=3,
            text="We were ready.",
            tail="",
            proposed=True,
        ),
        by=CAPTIONER,
    )
    made = history(told)
    assert [each.proposed for each in made.texts[line]] == [False, True]
    assert made.declined == {}
    changes = made.changes
    for text in ("We were steady.", "We are ready."):
        told.tell(le.ProposalDeclined(channel=FLOOR, segment=line, text=text, reason="No.", by=Role.CAPTIONER, at=9))
    made = history(told)
    assert made.declined[line] == tuple(
        Declined(at=9, role=Role.CAPTIONER, text=text, reason="No.") for text in ("We were steady.", "We are ready.")
    )
    assert made.changes == changes, "the text is as it was"


def test_what_was_taken_back_or_struck_reads_nothing() -> None:
    told = Telling()
    struck, back = told.line("Heard wrong.", 1_000, 2_000), told.line("Typed.", 3_000, 4_000)
    said = offset(told)
    told.tell(le.ChannelRewound(channel=FLOOR, segments=(struck,), t=1_000))
    told.correct(back, "", words=1)
    made = history(told)
    assert made.text_at(struck, said) is not None
    assert [made.text_at(each, offset(told)) for each in (struck, back)] == [None, None]
    assert shown_lines(made.view) == ()
    found = made.line(struck)
    assert found is not None
    assert found.gone


def test_a_position_with_the_text_of_a_version_is_that_version() -> None:
    told = Telling()
    line = told.line("We where ready.", 1_000, 2_000)
    early = offset(told)
    told.tell(ev.SessionClosed(t=9_000))
    seal(told, ev.SealVersion.RAW, 1, SYSTEM)
    told.correct(line, "We were redy.", words=3)
    between = offset(told)
    told.correct(line, "We were ready.", words=3, revision=1)
    seal(told, ev.SealVersion.CHECKED, 2)
    seal(told, ev.SealVersion.FINAL, 3)
    made = history(told)
    assert [(each.n, each.version, each.role) for each in made.versions] == [
        (1, ev.SealVersion.RAW, Role.SYSTEM),
        (2, ev.SealVersion.CHECKED, Role.RAPPORTEUR),
        (3, ev.SealVersion.FINAL, Role.RAPPORTEUR),
    ]
    found = [made.version_at(each) for each in (1, early, between, offset(told))]
    assert [None if each is None else each.n for each in found] == [None, 1, None, 3]
    assert [version_lines(each.view)[0].text for each in made.versions] == [
        "We where ready.",
        "We were ready.",
        "We were ready.",
    ]


def test_a_line_is_checked_once_it_was_sealed_as_checked() -> None:
    told = Telling()
    line = told.line("We are ready.", 1_000, 2_000)
    told.tell(ev.SessionClosed(t=9_000))
    seal(told, ev.SealVersion.RAW, 1, SYSTEM)
    made = history(told)
    assert made.check_of(line, made.texts[line][0]) is None
    seal(told, ev.SealVersion.CHECKED, 2)
    when = at(told)
    seal(told, ev.SealVersion.FINAL, 3)
    late = told.line("Typed later.", 3_000, 4_000)
    made = history(told)
    assert made.check_of(line, made.texts[line][0]) == LineCheck(Role.RAPPORTEUR, when)
    assert made.check_of(late, made.texts[late][0]) is None


def test_what_was_mended_before_a_text_was_sealed_is_not_checked() -> None:
    told = Telling()
    line = told.line("We where ready.", 1_000, 2_000)
    told.tell(ev.SessionClosed(t=9_000))
    told.correct(line, "We were ready.", words=3)
    seal(told, ev.SealVersion.CHECKED, 1)
    told.correct(line, "We were redy.", words=3, revision=1, by=ENGINE)
    made = history(told)
    wrong, right, again = made.texts[line]
    assert made.check_of(line, wrong) is None
    assert made.check_of(line, right) == LineCheck(Role.RAPPORTEUR, made.versions[1].at)
    assert made.check_of(line, again) is None


def test_the_close_makes_the_version_as_it_came_unless_somebody_seals_it() -> None:
    told = Telling()
    line = told.line("We where ready.", 1_000, 2_000)
    assert history(told).versions == ()
    told.tell(ev.SessionClosed(t=9_000))
    told.tell(ev.SessionReopened(t=9_000))
    told.line("More.", 3_000, 4_000)
    told.tell(ev.SessionClosed(t=9_500))
    closed = offset(told)
    told.correct(line, "We were ready.", words=3)
    seal(told, ev.SealVersion.CHECKED, 1)
    told.tell(ev.SessionReopened(t=9_500), ev.SessionClosed(t=9_500))
    assert [(each.n, each.version, each.offset) for each in history(told).versions] == [
        (0, ev.SealVersion.RAW, closed),
        (1, ev.SealVersion.CHECKED, closed + 2),
    ]
    assert history(told).versions[0].view.lines[0].text == "We where ready."
    seal(told, ev.SealVersion.RAW, 2)
    assert [each.n for each in history(told).versions] == [1, 2]


def test_names_are_a_part_of_a_version() -> None:
    told = Telling()
    line = told.line("We are ready.", 1_000, 2_000, name="Ana")
    told.tell(ev.SessionClosed(t=9_000))
    seal(told, ev.SealVersion.RAW, 1, SYSTEM)
    told.tell(ev.SpeakerIntroduced(speaker=SpeakerId("b"), name="Bob"))
    told.tell(ev.SpeakerAssigned(segments=(line,), speaker=SpeakerId("b")), by=CAPTIONER)
    made = history(told)
    assert made.version_at(offset(told)) is None
    assert version_lines(made.versions[0].view) == (VersionLine(segment=line, text="We are ready.", name="Ana"),)
    assert version_lines(made.view) == (VersionLine(segment=line, text="We are ready.", name="Bob"),)
    assert made.session.speakers == {"p0": "Ana", "b": "Bob"}


def test_names_in_another_text_are_no_change_of_this_one() -> None:
    told = Telling()
    told.line("We are ready.", 1_000, 2_000, name="Ana")
    french = told.line("Nous sommes prêts.", 1_000, 2_000, channel=ChannelId("fr"), language="fr")
    told.tell(ev.SessionClosed(t=9_000))
    seal(told, ev.SealVersion.RAW, 1, SYSTEM)
    told.tell(ev.SpeakerIntroduced(speaker=SpeakerId("b"), name="Bob"))
    told.tell(ev.SpeakerAssigned(segments=(french,), speaker=SpeakerId("b")), by=CAPTIONER)
    assert history(told).version_at(offset(told)) is not None
    assert history(told, ChannelId("fr")).version_at(offset(told)) is None
    told.tell(ev.SpeakerIntroduced(speaker=SpeakerId("p0"), name="Anna"))
    assert history(told).version_at(offset(told)) is None


def test_of_a_removed_line_only_the_place_is_known() -> None:
    told = Telling()
    kept, gone = told.line("Kept.", 1_000, 2_000), told.line("Gone.", 3_000, 4_000)
    told.tell(ev.SessionClosed(t=9_000))
    seal(told, ev.SealVersion.RAW, 1, SYSTEM)
    opened = history(told).begun[gone]
    told.tell(ev.BodyRemoved(offsets=(opened,), reason="request", by="s"))
    made = history(told, without=(gone,))
    assert made.removed == {opened: offset(told)}
    assert (made.line(gone), made.texts.get(gone)) == (None, None)
    assert [each.segment for each in version_lines(made.versions[0].view)] == [kept]

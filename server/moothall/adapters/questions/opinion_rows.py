"""Votes on comments as pages show them: their texts, and plain values for templates and files. Pure.

The keys of the texts are the English texts (`web/locales`, opinions.po).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

import msgspec

from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.events.question_parts import Opinion, OpinionGroup, OpinionSums
from moothall.core.kernel.ids import InterventionId
from moothall.core.kernel.languages import direction
from moothall.core.opinions.shared import SharedComment, shared_first, telling
from moothall.core.opinions.voting_rules import put_to_vote
from moothall.core.programme.table_writing import table
from moothall.core.questions.disclosure import FEWEST
from moothall.core.questions.interventions import Intervention, Questions

CHOICES = {Opinion.AGREE: "I agree", Opinion.DISAGREE: "I disagree", Opinion.PASS: "I pass"}
"""What is on the buttons."""
GROUP = "Group {n}, people: {m}"
SHARED_FOR, SHARED_AGAINST, NOT_SHARED = "All groups agree", "All groups disagree", "Views differ"
NO_GROUPS_FOR, NO_GROUPS_AGAINST = "Most agree", "Most disagree"
TELLING_FOR = "{share} % agree, more than in other groups"
TELLING_AGAINST = "{share} % disagree, more than in other groups"
VOTED = "People who have voted: {n}."
SUMS = "Agree: {agree}. Disagree: {disagree}. Pass: {passed}."
MOST_SHARED = 3
"""Comments that all groups share, on the page of a session's text."""
OpinionRow = dict[str, object]


class SumsRow(msgspec.Struct, frozen=True, kw_only=True):
    """The votes on a comment, in a file."""

    agree: int
    disagree: int
    passed: int


class GroupRow(msgspec.Struct, frozen=True, kw_only=True):
    """A group of opinion, in a file."""

    people: int
    comments: dict[str, SumsRow]
    """Its sums, by the public number of the comment."""


class CommentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A comment with its sums, in a file."""

    number: int
    language: str
    text: str
    sums: SumsRow
    shared: bool
    """Whether in each group more than half agree, or in each more than half disagree."""
    consensus: float
    """The group-informed consensus, for or against the comment."""


class OpinionsFile(msgspec.Struct, frozen=True, kw_only=True):
    """Sums of the votes on a session's comments; those that all groups share first."""

    session: str
    voters: int
    """0 where fewer than `fewest` people have voted."""
    fewest: int
    """The least number of people that a sum concerns; others are left out."""
    comments: tuple[CommentRow, ...]
    groups: tuple[GroupRow, ...]


def counted_comments(questions: Questions) -> list[tuple[Intervention, SharedComment]]:
    """The comments whose votes are told, those first that all groups share. One that was removed, taken back or not put
    to the vote any more is left out.
    """
    there = {each.id: each for each in put_to_vote(questions)}
    found = shared_first(questions.voting.counted)
    return [(there[each.comment], each) for each in found if each.comment in there]


def to_vote_on(questions: Questions, mine: Mapping[InterventionId, Opinion], token: str) -> list[Intervention]:
    """The comments in the order in which a browser is asked about them: those that it hasn't voted on first.

    They begin at another one for each browser, so that the last get as many votes as the first.
    """
    found = put_to_vote(questions)
    if found:
        begin = int.from_bytes(sha256(token.encode("utf-8", "replace")).digest()[:4]) % len(found)
        found = found[begin:] + found[:begin]
    return sorted(found, key=lambda each: each.id in mine)


def result(questions: Questions, ui: Catalogue) -> OpinionRow:
    """The values of `_opinions.html`: the result in tables."""
    counted = questions.voting.counted
    rows = counted_comments(questions)
    texts = {comment.id: comment for comment, _ in rows}
    return {
        "voters": ui.text(VOTED, n=counted.voters) if counted.voters else "",
        "rows": [_row(comment, each, counted.groups, ui) for comment, each in rows],
        "groups": [
            {
                "name": ui.text(GROUP, n=n, m=group.people),
                "telling": [
                    {
                        **_words(texts[each.comment]),
                        "says": ui.text(TELLING_FOR if each.agree else TELLING_AGAINST, share=round(100 * each.share)),
                    }
                    for each in telling(group, [*counted.groups[: n - 1], *counted.groups[n:]])
                    if each.comment in texts
                ],
            }
            for n, group in enumerate(counted.groups, 1)
        ],
    }


def of_session(questions: Questions | None, address: str, ui: Catalogue, *, over: bool) -> OpinionRow | None:
    """What a session's page shows of its votes: the address of the result, and what all groups share. None where nobody
    can vote and too few have.
    """
    if questions is None or not questions.voting.shown(over=over):
        return None
    counted = questions.voting.counted
    shared = [_row(comment, each, counted.groups, ui) for comment, each in counted_comments(questions) if each.shared]
    return {
        "address": address,
        "voters": ui.text(VOTED, n=counted.voters) if counted.voters else "",
        "shared": shared[:MOST_SHARED],
    }


def as_file(session: str, questions: Questions) -> OpinionsFile:
    """The sums as plain values."""
    counted = questions.voting.counted
    rows = counted_comments(questions)
    number = {comment.id: comment.number for comment, _ in rows}
    return OpinionsFile(
        session=session,
        voters=counted.voters,
        fewest=FEWEST,
        comments=tuple(
            CommentRow(
                number=comment.number,
                language=comment.language,
                text=comment.text,
                sums=_sums(each.sums),
                shared=each.shared,
                consensus=round(each.consensus, 4),
            )
            for comment, each in rows
        ),
        groups=tuple(
            GroupRow(
                people=group.people,
                comments={
                    str(number[comment]): _sums(sums) for comment, sums in group.sums.items() if comment in number
                },
            )
            for group in counted.groups
        ),
    )


def as_csv(file: OpinionsFile) -> bytes:
    """The sums as a table: a row for each comment, three columns for all and for each group; empty where nothing is
    told.
    """
    who = ["all", *(f"group {n}" for n in range(1, len(file.groups) + 1))]
    heading = ("number", "language", "text", "shared", *(f"{name} {end}" for name in who for end in _ENDS))
    rows = [
        (
            *(str(each.number), each.language, each.text, "yes" if each.shared else "no"),
            *_cells(each.sums),
            *(cell for group in file.groups for cell in _cells(group.comments.get(str(each.number)))),
        )
        for each in file.comments
    ]
    return table((heading, *rows))


_ENDS = ("agree", "disagree", "pass")


def _cells(sums: SumsRow | None) -> tuple[str, str, str]:
    return ("", "", "") if sums is None else (str(sums.agree), str(sums.disagree), str(sums.passed))


def _sums(sums: OpinionSums) -> SumsRow:
    return SumsRow(agree=sums.agree, disagree=sums.disagree, passed=sums.passed)


def _told(sums: OpinionSums | None, ui: Catalogue) -> str:
    """Sums in words; empty where they are not told."""
    return "" if sums is None else ui.text(SUMS, agree=sums.agree, disagree=sums.disagree, passed=sums.passed)


def _words(each: Intervention) -> OpinionRow:
    return {
        "number": each.number,
        "text": each.text,
        "language": each.language,
        "direction": direction(each.language),
    }


def _row(comment: Intervention, each: SharedComment, groups: Sequence[OpinionGroup], ui: Catalogue) -> OpinionRow:
    some = (SHARED_FOR, SHARED_AGAINST) if groups else (NO_GROUPS_FOR, NO_GROUPS_AGAINST)
    differ = "" if any(comment.id not in group.sums for group in groups) else ui.text(NOT_SHARED)
    return {
        **_words(comment),
        "says": ui.text(some[not each.agreed]) if each.shared else differ,
        "shared": each.shared,
        "sums": _told(each.sums, ui),
        "groups": [_told(group.sums.get(comment.id), ui) for group in groups],
    }

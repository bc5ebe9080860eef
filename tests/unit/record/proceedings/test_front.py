from __future__ import annotations

from moothall.record.proceedings.front import ProceedingsEntry, ProceedingsFront, by_day
from support.record.proceedings import FRONT, WORDS


def entry(title: str, day: str) -> ProceedingsEntry:
    return ProceedingsEntry(title=title, day=day, time="09:00", address="", name=title)


def test_sessions_stand_below_their_days_in_the_order_in_which_they_came() -> None:
    entries = [entry("a", "Monday"), entry("b", "Monday"), entry("c", "Tuesday"), entry("d", ""), entry("e", "Monday")]
    found = [(day, "".join(each.title for each in there)) for day, there in by_day(entries)]
    assert found == [("Monday", "ab"), ("Tuesday", "c"), ("", "d"), ("Monday", "e")]
    assert list(by_day([])) == []


def test_the_title_page_names_days_only_where_they_are_known() -> None:
    assert FRONT.rows(WORDS) == ("Proceedings", "24 to 26 November 2025")
    without = ProceedingsFront(title="A", dates="", address="", withdrawals="https://h/w.json")
    assert without.rows(WORDS) == ("Proceedings",)
    assert without.notices(WORDS) == ("All that was said.", "Look here: https://h/w.json")

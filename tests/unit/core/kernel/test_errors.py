from __future__ import annotations

from moothall.core.kernel.errors import (
    LogMissing,
    LogTrimmed,
    OutcomeUnknown,
    RefusalCode,
    StorageError,
    StorageUnavailable,
    not_allowed,
    refuse,
)


def test_a_log_that_was_trimmed_says_from_where_on_it_is_there() -> None:
    error = LogTrimmed("Redis has the log from event 7 on.", 7)
    assert (str(error), error.first) == ("Redis has the log from event 7 on.", 7)


def test_what_may_succeed_later_is_caught_as_such() -> None:
    assert issubclass(OutcomeUnknown, StorageUnavailable)
    assert issubclass(LogMissing, StorageUnavailable)
    assert not issubclass(LogTrimmed, StorageUnavailable)
    assert issubclass(LogTrimmed, StorageError)


def test_a_role_is_told_what_it_may_not_do() -> None:
    assert not_allowed("reader") == refuse(RefusalCode.FORBIDDEN, "The role 'reader' may not do this.")

"""Sentences that handlers of pages about attendance show: message keys.

They are a module by themselves, since two doors and the view of a report show them.
"""

from __future__ import annotations


class AttendanceText:
    """Message keys."""

    NOT_RELEASED = "This report is not public yet."
    COUNT = "Write how many people there are, as a number from 0 to 100,000."
    NO_LIST = "Nobody can sign in here now: the attendance list is not open."
    FINAL = "The attendance list is final and changes no more."
    NAME = "Write your name, of at most {n} characters, and tick that it may be published."
    REPRESENTING = "Whom you represent is too long: at most {n} characters."
    FULL = "The attendance list is full. Please tell those who run the meeting."
    OTHER_GROUPS = "Other groups: {n}"

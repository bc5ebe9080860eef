"""The sentences for what went wrong. The keys are the English texts (`web/locales`)."""

from __future__ import annotations


class ErrorText:
    """Keys of the sentences for what went wrong."""

    NO_SESSION = "There is no meeting at this address. It may have another address, or not be open to you."
    STAFF = "This page is for the staff. Open the link that you were given."
    NO_CHANNEL = "This meeting has no such text. Choose one of those that it has."
    NOT_HERE = "This text does not come to this computer now. Choose another, or ask whoever coordinates your group."
    LONG = "That was too long to be read. Please write less."
    LANGUAGE = "A translation into that language can't be made here at the moment."
    NOTHING = "There is nothing at this address."
    BEFORE = "This address is not right: “before” must be the number of a line, 1 or more."
    FROM = "This address is not right: “from” must be the number of a line, 1 or more."
    FEED = "This address is not right: “feed” must be “live” or “lines”."
    METHOD = "This address can't be used in this way."
    REQUEST = "The request could not be understood."
    OURS = "Something went wrong on our side. It has been noted; please try again."
    UNAVAILABLE = "The text can't be reached at the moment. Please try again in a minute."
    SLOW = "It took too long to arrive. Please send it again."
    CROWDED = "Many people are opening this page at once. It opens by itself in {n} s."
    AWAY = "The meeting can't be reached at the moment. This page opens by itself in {n} s."
    BROKEN = "The record of this meeting is damaged and can't be shown. Please tell whoever runs this server."

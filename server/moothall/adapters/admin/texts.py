"""Sentences of the pages for the secretariat and the technicians. The English texts are the message keys (admin.po)."""

from __future__ import annotations


class AdminText:
    """Message keys of the sentences that handlers show."""

    NO_LINK = "This link is not valid, or not any more. Ask whoever gave it to you for a new one."
    TAKEN = (
        "This link belongs to another browser, the first that opened it. Ask the secretariat to let this browser in."
    )
    STRANGERS = "This page is for those who run the meetings. Open the link that you were given."
    FORM = "The form was too old or came from elsewhere, and nothing was done. Please send it again."
    ZOOM = "This is no address for captions of Zoom: it begins with https:// and has “closedcaption” in it."
    ZOOM_MANY = "Captions of too many meetings go to Zoom; end some that are over."
    YOUNG_UNSAID = "Say whether young people take part, before anything is imported."
    TITLE = "A meeting needs a title of at most 500 characters."
    LANGUAGES = "Write which languages are spoken, such as English, French."
    NO_LANGUAGE = "Not known as a language: {words}. Check the spelling, or write its code, such as en or fr."
    TIMES = "Write times as 2026-11-24 10:00; a meeting ends after it starts, and within a week."
    MEANWHILE = (
        "Somebody else has changed the same meanwhile, and nothing was saved. Below stands what they saved; "
        "save again to have yours."
    )
    PLACE = "That name can't be taken: it is empty, too long or there already."
    NO_JOB = "Your account has no job here. Ask the secretariat for it, then sign in again."
    SIGN_IN_AGAIN = "Signing in did not work, and nothing was changed. Please try again."
    SIGN_IN_DOWN = (
        "The sign-in can't be reached at the moment. Try again in a minute; "
        "whoever runs the server can let you in without it."
    )
    EXPIRES = "A link has to expire later than now. Write the time as 2026-11-24 10:00."
    TEST_MEETING = "Test meeting"
    NONE_CHOSEN = "Choose at least one meeting and one job."
    TOO_MANY = "These would be {n} links. At most {most} are made at once: choose one day, or fewer jobs."
    PROGRAMME_LARGE = (
        "The programme is larger than a file that can be brought back: {meetings} meetings and {megabytes} MB at most. "
        "Take it day by day, with ?day={day} behind the address."
    )
    NAME_LONG = "The name may have {n} characters at most."
    NO_COLOUR = "{typed} is no colour. Write it as #0d4a57."
    COLOUR_POOR = (
        "{theme}: {colour} can't be read there. Its contrast is {ratio}:1, and {least}:1 is the least. "
        "The nearest colour that will do is {near}."
    )
    COLOUR_FAIR = "{theme}: contrast {ratio}:1 can be read. {good}:1 would be better, as with {near}."
    NO_PICTURE = "The logo has to be a PNG picture of at most {kilobytes} KB and {side} × {side} pixels."
    LOOK_MEANWHILE = (
        "Somebody else has changed the look meanwhile, and nothing was saved. What you typed stands below; "
        "save again to have it."
    )
    MAIL = "That is no e-mail address, and nothing was assigned."
    CONFLICT = "That does not fit how the meeting stands now, and nothing was done."
    QUICKER = "{who} has started “{title}” already."
    QUICKER_NOBODY = "Somebody else has started “{title}” already."
    POLICY = "A meeting has at most 20 policy questions, of up to 500 characters each."
    FILE = "The file could not be read."
    PLACE_TAKEN = "“{title}” is on in that place, and nothing was changed. Close it first, or choose another place."
    CUTS_TO_LINK = "Everybody who reads without a reader's link is sent away at once."
    CUTS_TO_STAFF = "Everybody who reads without a link for those who work here is sent away at once."
    ERASES_SOUND = "What has been recorded of the sound is deleted, and does not come back."
    GONE = "That is not there any more."
    ZONE = "That time zone is not known. Write it as Africa/Nairobi."
    BUSY = "It could not be stored at the moment. Please try again in a minute."
    EVERYTHING = "Everything"
    SOUND_FROM_HERE = "Send sound from here"
    CAPTION = "Caption as it is said"
    WORK = "Work on the text"
    QUESTIONS = "Questions and comments"
    PODIUM = "Questions for the podium"
    READ = "Read the text"
    ASK = "Ask or comment"
    READERS_PAGE = "The text, for everybody who reads"
    READERS_LINK = "The text, for whoever has this link"

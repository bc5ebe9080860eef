# ruff: noqa: RUF001 (texts as they are written)
"""The golden session: one meeting with everything that makes a record hard, for every format and every referee.

It has lines in the six languages of the UN and in Portuguese, an interpretation, translations (one of record, one that
only gives the gist), names that try to break out of a file, people who speak at the same time, corrections by people
and machines, a gap, a span that is not recorded, a break, removed and struck words, questions with answers, and a seal.
Beside it is an imported part: a text from a file of others, which is a session of its own, as all imported texts are.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from html import escape

import msgspec

from moothall.core.chain import LogRecord
from moothall.core.events import hubs as he
from moothall.core.events import lines as le
from moothall.core.events import notes_and_tags as ne
from moothall.core.events import questions as qe
from moothall.core.events import types as ev
from moothall.core.events.codec import decode_event
from moothall.core.events.question_parts import InterventionKind, InterventionStatus
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, InterventionId, PolicyQuestionId, SegmentId
from moothall.core.translation.lines import line_of
from moothall.record.model import Record, RecordFold
from support.record.imported import imported
from support.sessions.record_maker import CAPTIONER, FLOOR, Questions, Telling, timed
from support.sessions.recorder import EPOCH, Recorder

FRENCH, ENGLISH, ARABIC, CHINESE = ChannelId("fr"), ChannelId("mt-en"), ChannelId("mt-ar"), ChannelId("mt-zh")
CHANNELS = (FLOOR, FRENCH, ENGLISH, ARABIC, CHINESE)
IMPORTED = ChannelId("imported")
"""The name of the imported part in `golden_records`."""
PARTS = (*CHANNELS, IMPORTED)
LANGUAGES = ("en", "ar", "zh", "fr", "ru", "es", "pt")
TRANSLATOR = Actor(Role.TRANSLATOR, "mt")

TITLE = 'Rights & <duties> --> "online" \u202eevil\u202c · الحقوق · 数字权利 🌍'
CHAIR = 'Ms. Añez, "the <Chair>" & co'
AHMED = "أحمد بن سالم"
LI = "李伟 🎤"
IVAN = "Иван Петров"
TURNED = "\u202eMr. Otieno --> x\u202c"
BROKEN = "]]></p><script>alert('name')</script>"
LONG = "Dr. " + "Maximiliana-" * 22 + "Sánchez"
NAMES = (CHAIR, AHMED, LI, IVAN, TURNED, BROKEN, LONG)

REMOVED = "marmalade"
"""A word that was removed on request. Nothing that is made of the session may have it; nor the next three."""
UNKEPT = "gooseberry"
"""A word that was said in the span that is not recorded, which somebody set back."""
STRUCK = "rhubarb"
"""A word of a line that was struck, since its sound was recognised again."""
HELD = "elderberry"
"""A word of a question that was never published, of a note of the staff, and of a question that was taken back."""
GONE = (REMOVED, UNKEPT, STRUCK, HELD)

NONCHARACTERS = "\ufffe\uffff"
"""Characters that are valid in a log, and forbidden in XML 1.0."""


class Golden(Telling):
    """A session that is told with translations and removals."""

    def translate(
        self,
        source: SegmentId,
        text: str,
        channel: ChannelId,
        route: str,
        *,
        rough: bool = False,
        among: Sequence[LogRecord] | None = None,
    ) -> None:
        """Log the translation of a line of the floor. The route is empty for a text that is copied unchanged. `among`
        are the records in which the line is looked for; all, unless given.
        """
        about = [event for _, event in self._about(source, self.records if among is None else among)]
        opened = next(event for event in about if isinstance(event, le.SegmentOpened))
        ended = next(event for event in about if isinstance(event, le.SegmentEnded))
        corrections = [event for event in about if isinstance(event, le.SegmentCorrected)]
        segment = line_of(source, channel)
        made = le.MadeFrom(sources=(le.SourceSegment(source, len(corrections)),), route=route, rough=rough)
        self.tell(
            le.SegmentOpened(
                channel=channel,
                segment=segment,
                t0=opened.t0,
                language=channel.removeprefix("mt-"),
                origin=le.Origin.TRANSLATED if route else opened.origin,
                speaker=opened.speaker,
                made_from=made,
                tool=opened.tool,
            ),
            le.SegmentEnded(channel=channel, segment=segment, t1=ended.t1, reason=ended.reason, text=text),
            by=TRANSLATOR,
        )

    def remove(self, *segments: SegmentId, reason: str = "request") -> None:
        """Remove all words of lines, as the server does: their bodies are erased, and the log says so."""
        offsets = {offset for segment in segments for offset, _ in self._about(segment, self.records)}
        self._erase(offsets)
        self.tell(ev.BodyRemoved(offsets=tuple(sorted(offsets)), reason=reason, by="s1"))

    def remove_question(self, asked: InterventionId, number: int) -> None:
        """Remove the words and the name of a question."""
        published = [
            (record.header.offset, event)
            for record in self.records
            if record.body is not None
            and isinstance(event := decode_event(record.body), qe.InterventionPublished)
            and event.intervention == asked
        ]
        self._erase({offset for offset, _ in published})
        emptied = msgspec.structs.replace(published[-1][1], text="", name="", removed=True)
        assert emptied.number == number
        self.tell(emptied, ev.BodyRemoved(offsets=tuple(offset for offset, _ in published), reason="request", by="s1"))

    def _erase(self, offsets: set[int]) -> None:
        self.records = [
            msgspec.structs.replace(record, body=None, salt=None) if record.header.offset in offsets else record
            for record in self.records
        ]

    @staticmethod
    def _about(segment: SegmentId, records: Sequence[LogRecord]) -> list[tuple[int, le.SegmentFact]]:
        """The events of a line, each with its offset."""
        found: list[tuple[int, le.SegmentFact]] = []
        for record in records:
            event = None if record.body is None else decode_event(record.body)
            if isinstance(event, le.SegmentFact) and event.segment == segment:
                found.append((record.header.offset, event))
        return found


def golden_session() -> Golden:
    """Return the golden session: closed, sealed as checked, and corrected once after that."""
    told = Golden(TITLE, LANGUAGES)
    kind = ev.ChannelKind.TRANSLATION
    told.tell(
        ev.ChannelAdded(channel=ENGLISH, kind=kind, languages=("en",), of_record=True),
        ev.ChannelAdded(channel=ARABIC, kind=kind, languages=("ar",), of_record=True),
        ev.ChannelAdded(channel=CHINESE, kind=kind, languages=("zh",), requested=1_764_000_090_000),
        ne.PolicyQuestionsListed(
            questions=(ne.PolicyQuestion(id=PolicyQuestionId("access"), text='Who is "connected" & <why>?'),)
        ),
        he.HubPresenceChanged(hub="kisumu", title="Kisumu & <hub>", people=23, here=True, since=1_764_000_000_000, t=0),
    )
    lines = _said(told)
    _asked(told, lines)
    _translated(told, lines)
    told.tell(ev.SessionClosed(t=400_000), ev.RecordSealed(version=ev.SealVersion.CHECKED, n=1))
    told.correct(lines["es"], "El agua es un derecho humano.", words=6)
    return told


@cache
def golden_records() -> dict[ChannelId, Record]:
    """Return the record of each channel of the golden session."""
    told = golden_session()
    return {**{channel: told.record(channel) for channel in CHANNELS}, IMPORTED: _imported()}


_FILE = f"""\
WEBVTT - Rights &amp; <duties>

one
00:00:01.000 --> 00:00:04.000
<v {escape(CHAIR, quote=False)}>A água é um direito &amp; um dever.</v>

00:00:03.000 --> 00:00:06.500
<v {AHMED}><lang ar>شكرا سيدتي الرئيسة، 3 &lt; 5.</lang></v>

00:00:05.000 --> 00:00:09.000
<v {escape(TURNED)}>Falo &lt;ao mesmo tempo&gt; que os outros.
E continuo.</v>

00:00:10.000 --> 00:00:12.000
<v {LI}><lang zh>数字治理需要各国合作。</lang></v>

00:00:13.000 --> 00:00:15.000
<v {LI}>O meu vizinho faz {REMOVED}.</v>

00:00:16.000 --> 00:00:18.000
<lang not_a_tag>&lt;script&gt;alert('x')&lt;/script&gt; ]]&gt; &lrm;{NONCHARACTERS}</lang>
"""


def _imported() -> Record:
    """Return the record of the file of others, from which a line was removed later."""
    found = imported(_FILE, "2019-05-06 10.00 Antes de nós (pt).vtt")
    recorder = Recorder(found.meeting.session)
    records = [recorder.record(event) for event in found.events]
    gone = {record.header.offset for record in records if REMOVED.encode() in (record.body or b"")}
    records = [
        msgspec.structs.replace(record, body=None, salt=None) if record.header.offset in gone else record
        for record in records
    ]
    records.append(recorder.record(ev.BodyRemoved(offsets=tuple(sorted(gone)), reason="request", by="s1")))
    fold = RecordFold(found.meeting.session, EPOCH, found.meeting.channel)
    fold.take([record for record in records if record.header.lane in fold.feed.lanes])
    return fold.record()


def _said(told: Golden) -> dict[str, SegmentId]:
    """Log what is said; returns the lines that others refer to, most of them by their language."""
    person, speaker = le.Origin.PERSON, le.Origin.SPEAKER
    lines = {
        "en": told.spoken("Good morning, and welcome to this open session on water & rights.", 1_000, name=CHAIR),
        "ar": told.line("شكرا سيدتي الرئيسة، 3 < 5 في هذه الحالة.", 8_000, 12_000, name=AHMED, language="ar"),
        "zh": told.line("数字治理需要各国合作；我们支持开放的互联网。", 13_000, 18_000, name=LI, language="zh"),
        "fr": told.line("L’accès à l’eau, c’est « un droit », pas un luxe.", 19_000, 23_000, name=CHAIR, language="fr"),
        "ru": told.line("Доступ к воде — это право каждого человека.", 24_000, 28_000, name=IVAN, language="ru"),
        "es": told.line(
            "El agua es un derecho humanos.", 29_000, 33_000, name=LONG, language="es",
            words=timed("El agua es un derecho humanos.", 29_000),
        ),
        "pt": told.line("A água é um direito de todos.", 34_000, 38_000, name=TURNED, language="pt-BR"),
    }  # fmt: skip
    # Two speak at the same time, and a third types what begins before both of them end.
    told.spoken("May I come in here, while the others still speak?", 39_000, name=TURNED)
    told.line("No, please, let me end my sentence first.", 40_000, 43_000, name=CHAIR)
    told.line("[typed] I agree with both -->", 41_500, 41_500, name=BROKEN, origin=speaker)
    wrong = told.spoken("We where ready to sine the agreement.", 46_000, name=CHAIR)
    told.correct(wrong, "We were ready to sign the agreement.", words=7)
    half = told.spoken("The committee on IGF meets at ten.", 52_000, name=CHAIR)
    told.tell(
        le.SegmentCorrected(
            channel=FLOOR, segment=half, base_revision=0, base_words=4, text="The committee on internet governance",
            tail=" meets at ten.", machine=True,
        ),
        le.SegmentCorrected(
            channel=FLOOR, segment=half, base_revision=1, base_words=7,
            text="The committee on Internet governance meets at ten.", tail="", accepted=True,
        ),
        by=CAPTIONER,
    )  # fmt: skip
    family = "👩\u200d👩\u200d👧"
    hostile = f'<p xml:id="x">&lt;b&gt; ]]> --> {{\\an8}} "quoted" \u202ereversed\u202c {family} {NONCHARACTERS}'
    told.line(hostile, 58_000, 62_000, name=BROKEN, origin=person)
    told.line("1984\n\n00:00:01,000 --> 00:00:02,000\u2028NOTE\x00\x1b", 63_000, 66_000, origin=person)
    lines["gone"] = told.spoken(f"My neighbour makes {REMOVED} at home.", 67_000, name=AHMED)
    told.remove(lines["gone"])
    struck = told.spoken(f"Something about {STRUCK} was misheard.", 71_000, name=AHMED)
    told.tell(le.ChannelRewound(channel=FLOOR, t=71_000, segments=(struck,)))
    told.spoken("Something about rubber was misheard.", 71_000, name=AHMED)
    told.tell(ev.GapNoted(channel=FLOOR, t0=78_000, t1=90_000, reason=ev.GapReason.SOURCE_LOST))
    unkept = told.spoken(f"Off the record: {UNKEPT}.", 92_000, name=LI)
    told.tell(ev.NotRecordedBegan(t0=92_000))
    told.remove(unkept, reason="not-recorded")
    told.tell(ev.NotRecordedEnded(t1=150_000))
    lines["answer"] = told.spoken("To the first question: because water can’t wait.", 152_000, name=CHAIR)
    told.tell(ev.SessionPaused(t=170_000, t0=165_000), ev.SessionResumed(t=260_000, t1=240_000))
    told.line("数字" * 90 + "。", 262_000, 280_000, name=LI, language="zh")
    told.line("x" * 3_000, 282_000, 290_000, name=LONG)
    told.line("كلمة " * 150 + "أخيرة.", 292_000, 330_000, name=AHMED, language="ar")
    told.line("", 331_000, 332_000, origin=speaker)
    lines["last"] = told.spoken("The meeting is closed. Thank you, merci, 谢谢, شكرا!", 334_000, name=CHAIR)
    for t0, text in ((1_000, "Bonjour et bienvenue à cette séance publique."), (8_000, "Merci, Madame la Présidente.")):
        told.line(
            text, t0 + 1_500, t0 + 5_000, name="Interprète", language="fr", origin=le.Origin.INTERPRETER, channel=FRENCH
        )
    return lines


def _translated(told: Golden, lines: dict[str, SegmentId]) -> None:
    """Log the translations, each by another way."""
    through = "bergamot 0.2.0 es>en, argos 1.9 en>zh"
    texts = {
        ENGLISH: {
            "en": ("Good morning, and welcome to this open session on water & rights.", ""),
            "ar": ("Thank you, Madam Chair, 3 < 5 in this case.", "argos 1.9 ar>en"),
            "zh": ("Digital governance needs cooperation; we support an open Internet.", "argos 1.9 zh>en"),
            "fr": ("Access to water is “a right”, not a luxury.", "bergamot 0.2.0 fr>en"),
            "ru": ("Access to water is every human being’s right.", "bergamot 0.2.0 ru>en"),
            "es": ("Water is a human right.", "bergamot 0.2.0 es>en"),
            "pt": ("Water is a right of all.", "bergamot 0.2.0 pt>en"),
            "last": ("The meeting is closed. Thank you, merci, 谢谢, شكرا!", ""),
        },
        ARABIC: {
            "en": ("صباح الخير، ومرحبا بكم في هذه الجلسة المفتوحة عن المياه & الحقوق.", "argos 1.9 en>ar"),
            "ar": ("شكرا سيدتي الرئيسة، 3 < 5 في هذه الحالة.", ""),
            "es": ("الماء حق من حقوق الإنسان.", "bergamot 0.2.0 es>en, argos 1.9 en>ar"),
            "last": ("رفعت الجلسة. شكرا (Thank you) للجميع!", "argos 1.9 en>ar"),
        },
        CHINESE: {
            "en": ("早上好，欢迎参加关于水与权利的公开会议。", "argos 1.9 en>zh"),
            "es": ("水是一项人权。", through),
            "last": ("会议结束。谢谢大家！", "argos 1.9 en>zh"),
        },
    }  # fmt: skip
    for channel, of_channel in texts.items():
        for name, (text, route) in of_channel.items():
            told.translate(lines[name], text, channel, route, rough=route == through)


def _asked(told: Golden, lines: dict[str, SegmentId]) -> None:
    """Log questions with every outcome, in several languages."""
    made = Questions(told)
    aloud = made.ask('Why <now>?\n\nWhy & "how"?', 5_000, name="Ana <x> & \u202ey\u202c")
    made.stand(aloud, InterventionStatus.CALLED, 151_000)
    made.stand(aloud, InterventionStatus.ANSWERED, 160_000, segment=lines["answer"])
    written = made.ask("من يدفع ثمن الشبكة؟", 6_000, language="ar", kind=InterventionKind.COMMENT, name=AHMED)
    made.write(written, "الدول الأعضاء.\nAnd <the> others & more.", "ar")
    made.write(made.ask("谁来付费？", 7_000, language="zh"), "各国。", "zh")
    made.stand(made.ask(f"{HELD} then taken back", 7_500, name=HELD), InterventionStatus.WITHDRAWN)
    made.stand(made.ask("Où ?", 8_000, language="fr"), InterventionStatus.DECLINED)
    made.stand(made.ask("How?", 9_000), InterventionStatus.JOINED, into=aloud)
    told.remove_question(made.ask(f"Who ate the {REMOVED}?", 9_500, name=REMOVED), 7)
    made.ask("Кто следит за этим?" + NONCHARACTERS, 10_000, language="ru", kind=InterventionKind.REQUEST)
    hidden = made.hidden(11_000)
    told.tell(
        qe.InterventionReceived(
            intervention=hidden, number=9, kind=InterventionKind.QUESTION, text=f"{HELD}?", language="en", name=HELD,
            origin="remote", asker="a1", t=11_000,
        ),
        ne.NoteLeft(text=f"{HELD}, says the staff"),
        qe.SupportCounted(counts={aloud: 3}),
    )  # fmt: skip

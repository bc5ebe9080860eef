from __future__ import annotations

from moothall.adapters.pages.catalogues import Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.reading.page_address import BILINGUAL, FORMATS, TextAddresses
from moothall.adapters.reading.page_menu import downloads
from moothall.adapters.record.forms import TYPES
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import ChannelId, SessionId
from moothall.core.views.captions import ReaderChannel, Session

EN = Catalogues(find_web_folder() / "locales")["en"]
FLOOR, SPANISH, FRENCH = ChannelId("floor"), ChannelId("mt-es"), ChannelId("fr")
SESSION = Session(
    id=SessionId("plenary"),
    channels={
        FLOOR: ReaderChannel(kind=ChannelKind.FLOOR, languages=("en",)),
        SPANISH: ReaderChannel(kind=ChannelKind.TRANSLATION, languages=("es",)),
        FRENCH: ReaderChannel(kind=ChannelKind.INTERPRETATION, languages=("fr",)),
    },
)


def offered(channel: ChannelId | None, *, pdf: bool = True, session: Session = SESSION) -> list[tuple[str, str]]:
    links = downloads(session, TextAddresses(session.id, channel=channel), EN, pdf=pdf)
    return [(link["address"], link["text"]) for link in links]


def test_every_form_of_the_door_is_offered() -> None:
    assert sorted(FORMATS) == sorted(TYPES)
    addresses = [address for address, _ in offered(FLOOR)]
    assert addresses == [f"/s/plenary/record.{form}?channel=floor" for form in FORMATS]
    assert [address for address, _ in offered(None)] == [f"/s/plenary/record.{form}" for form in FORMATS]


def test_of_a_translation_there_are_files_with_its_original() -> None:
    both = offered(SPANISH)[len(FORMATS) :]
    assert both == [
        ("/s/plenary/record.html?channel=floor&beside=mt-es", "Web page, complete in one file, the original beside it"),
        ("/s/plenary/record.docx?channel=floor&beside=mt-es", "Word document, the original beside it"),
        ("/s/plenary/record.pdf?channel=floor&beside=mt-es", "For printing (PDF), the original beside it"),
    ]
    assert len(offered(FRENCH)) == len(FORMATS)
    alone = Session(id=SESSION.id, channels={SPANISH: SESSION.channels[SPANISH]})
    assert len(offered(SPANISH, session=alone)) == len(FORMATS)


def test_where_pdf_cannot_be_made_it_is_not_offered() -> None:
    assert [address for address, _ in offered(SPANISH, pdf=False) if ".pdf" in address] == []
    assert len(offered(SPANISH, pdf=False)) == len(FORMATS) - 1 + len(BILINGUAL) - 1

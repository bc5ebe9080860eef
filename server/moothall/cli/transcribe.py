"""`moothall transcribe`: write the text of recordings, without a server, as fast as the machine can."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from moothall.adapters.record.transcript import FORMS, Transcript
from moothall.adapters.store.files import explained
from moothall.adapters.system.clock import SystemClock
from moothall.cli.journal import Journal, head_of, write_whole
from moothall.cli.playing import languages_of, require_model
from moothall.cli.progress import RecordingProgress
from moothall.cli.transcriber import RecordingTranscript, cores, transcribe
from moothall.core.kernel.errors import ConfigurationError, MoothallError
from moothall.core.kernel.times import media_time
from moothall.wire.transcribing import HeardPiece, Reached, TranscriberMessage, TranscriptionRequest

MODEL = "whisper-base"
MOST_THREADS = 8
"""More threads hardly speed up a decoder."""
SAMPLES_A_MS = 16
STOPPED = 130
JOURNAL = ".transcribing"
"""The ending of a journal's name."""
FAILED = 1


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done with all files."""

    order: TranscriptionRequest
    """The request to the recogniser, without what is known already."""
    forms: tuple[str, ...]
    out: Path | None
    """The folder of the texts; None: each is written beside its recording."""
    again: bool
    """Whether to make existing texts again."""

    def texts(self, file: Path) -> dict[str, Path]:
        """The paths of a recording's texts, by format."""
        folder = self.out or file.parent
        return {form: folder / f"{file.stem}.{form}" for form in self.forms}

    def journal(self, file: Path) -> Path:
        """The path of the journal from which a stopped run is resumed."""
        return (self.out or file.parent) / f"{file.name}{JOURNAL}"


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "transcribe",
        help="recordings to text, as fast as the machine goes",
        description="Write the text of recordings beside them, without a server. Stopped or killed, the same command "
        "goes on where it was; a recording that has its text already is passed over.",
    )
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="a recording in any usual format, or a folder of them"
    )
    add_recognising(parser)
    parser.add_argument("--format", default="vtt", help=f"one or several of {', '.join(FORMS)}: vtt,txt")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the texts (default: each recording's own)")
    parser.add_argument("--again", action="store_true", help="make texts that are there already once more")
    parser.set_defaults(run=_run)


def add_recognising(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a recording is recognised."""
    parser.add_argument("--model", default=MODEL, help="recogniser; see moothall models list")
    parser.add_argument("--language", default="en", help="what is spoken: en, or several: en,de")
    parser.add_argument("--threads", type=int, default=min(MOST_THREADS, cores()), help="cores to use (all, up to 8)")
    parser.add_argument("--beam", type=int, default=5, help="hypotheses that the decoder follows, 1 to 10 (5)")


def order_of(arguments: argparse.Namespace, languages: tuple[str, ...]) -> TranscriptionRequest:
    """The request that these options make."""
    return TranscriptionRequest(
        model=arguments.model, languages=languages, threads=arguments.threads, beam=arguments.beam
    )


def forms_of(text: str) -> tuple[str, ...]:
    """Parse `vtt,txt` into ("vtt", "txt"); raises ConfigurationError."""
    forms = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not forms or not set(forms) <= set(FORMS):
        msg = f"'{text}' names no format; write one or several of {', '.join(FORMS)} with commas between."
        raise ConfigurationError(msg)
    return forms


def require_right(arguments: argparse.Namespace) -> None:
    """Check the options. Raises ConfigurationError when a number is out of range or the model is missing."""
    if not 1 <= arguments.beam <= 10 or not 1 <= arguments.threads <= 256:
        raise ConfigurationError("--beam takes 1 to 10, and --threads 1 to 256.")
    require_model(arguments.model)


def _run(arguments: argparse.Namespace) -> int:
    work = Work(
        order=order_of(arguments, languages_of(arguments.language)),
        forms=forms_of(arguments.format),
        out=arguments.out,
        again=arguments.again,
    )
    require_right(arguments)
    if work.out is not None:
        with explained(f"The folder {work.out} can't be made"):
            work.out.mkdir(parents=True, exist_ok=True)
    given = recordings(arguments.files)
    files = _of_their_own(work, given)
    made = passed_over = 0
    for file in files:
        try:
            if asyncio.run(_transcribe(file, work)):
                made += 1
            else:
                passed_over += 1
        except KeyboardInterrupt:
            print("Stopped. The same command goes on from here.", file=sys.stderr)
            return STOPPED
        except MoothallError as error:
            print(f"moothall: {error}", file=sys.stderr)
    failed = len(given) - made - passed_over
    if len(given) > 1:
        print(f"Texts made: {made}. There already: {passed_over}. Not made: {failed}.", file=sys.stderr)
    return FAILED if failed else 0


def recordings(given: Sequence[Path]) -> list[Path]:
    """Return the files, and for each folder the files in it, by name, without hidden ones and texts that this command
    writes.

    Raises ConfigurationError when a folder cannot be read or has no recordings.
    """
    found: list[Path] = []
    for path in given:
        if not path.is_dir():
            found.append(path)
            continue
        with explained(f"The folder {path} can't be read"):
            inside = sorted(each for each in path.iterdir() if _may_be_recording(each))
        if not inside:
            raise ConfigurationError(f"The folder {path} holds no recordings.")
        found += inside
    return list(dict.fromkeys(found))


def _may_be_recording(path: Path) -> bool:
    ours = {f".{form}" for form in FORMS} | {JOURNAL}
    return path.is_file() and not path.name.startswith(".") and path.suffix not in ours


def _of_their_own(work: Work, files: Sequence[Path]) -> list[Path]:
    """Leave out files whose texts would overwrite those of another one, and print a sentence on each."""
    seen: dict[Path, Path] = {}
    apart: list[Path] = []
    for file in files:
        texts = [text.absolute() for text in work.texts(file).values()]
        other = next((seen[text] for text in texts if text in seen), None)
        if other is None:
            seen |= dict.fromkeys(texts, file)
            apart.append(file)
        else:
            name = next(iter(work.texts(file).values()))
            print(f"moothall: {other} and {file} would both become {name}: the second is left out.", file=sys.stderr)
    return apart


async def _transcribe(file: Path, work: Work) -> bool:
    """Transcribe one recording, or resume it where an earlier run stopped. False: it was skipped, its texts exist."""
    texts, journal_path = work.texts(file), work.journal(file)
    if not work.again:
        texts = {form: path for form, path in texts.items() if not path.exists()}
    if not texts:
        print(f"{file}: its text is there already; --again makes it once more.", file=sys.stderr)
        return False
    head = head_of(file, work.order)
    with Journal(journal_path, head) as journal:
        progress = RecordingProgress(file.name, sys.stderr, SystemClock())
        heard = await recognise(file, work.order, journal, progress)
        of = work.order
        transcript = Transcript(
            title=file.stem, languages=of.languages, model=of.model, lines=heard.lines, rough=heard.rough
        )
        for form, path in texts.items():
            write_whole(path, transcript.write(form))
        journal.remove()
    length, names = media_time(heard.samples // SAMPLES_A_MS), ", ".join(map(str, texts.values()))
    nobody = "" if heard.lines else " Nobody is heard to speak in it."
    said = f"{names}: {len(heard.lines)} lines of {length}, at {progress.speed:.1f} times real time.{nobody}"
    print(said, file=sys.stderr)
    if heard.warning is not None:
        print(heard.warning, file=sys.stderr)
    return True


async def recognise(
    file: Path, order: TranscriptionRequest, journal: Journal, progress: RecordingProgress
) -> RecordingTranscript:
    """Recognise a recording, and keep what is heard in the journal. Raises AudioError, ConfigurationError."""
    known = journal.heard

    def hear(answer: TranscriberMessage) -> None:
        match answer:
            case HeardPiece():
                journal.add(answer)
                progress.at(answer.last // SAMPLES_A_MS)
            case Reached():
                progress.at(answer.sample // SAMPLES_A_MS)
            case _:
                pass

    def begin(length: int | None) -> None:
        progress.begin(length, known[-1].last // SAMPLES_A_MS if known else 0)

    try:
        return await transcribe(file, msgspec.structs.replace(order, known=known), hear, begin)
    finally:
        progress.end()

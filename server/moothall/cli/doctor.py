"""`moothall doctor`: check whether a server has all that it needs; each finding is *fine* or says what to do."""

from __future__ import annotations

import argparse
import asyncio
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from moothall import __version__
from moothall.adapters.engines.child_owner import start_child, to_the_end
from moothall.adapters.metrics.traces import check_traces
from moothall.adapters.operation.disk_facts import disk_facts, owner_facts
from moothall.adapters.operation.findings_page import Subject, findings_page
from moothall.adapters.operation.machine_facts import (
    available_memory,
    clock_synchronised,
    file_facts,
    port_facts,
    python_facts,
    removals_facts,
)
from moothall.adapters.operation.outside_facts import certificate_facts, off_ms, reach_facts
from moothall.adapters.system.clock import SystemClock
from moothall.cli.conference import add_house, house_settings, running
from moothall.core.kernel.decoding import Unreadable, read_json
from moothall.core.kernel.errors import ConfigurationError, MoothallError
from moothall.services.operation.findings import Finding, Verdict, all_well, fine, mend, unseen
from moothall.services.operation.machine_checks import (
    ClockFacts,
    MemoryFacts,
    check_clock,
    check_files,
    check_memory,
    check_owner,
    check_port,
    check_python,
    check_removals,
    check_room,
    check_sync,
)
from moothall.services.operation.model_checks import ModelFacts, check_engine, check_model, check_translators
from moothall.services.operation.outside_checks import outside
from moothall.services.operation.redis_checks import needed_memory, redis_findings
from moothall.services.operation.status import ServerStatus
from moothall.settings.sections import Settings
from moothall.wire.trial import ModelTrial, TrialOrder, TrialResult

PROGRAM = (sys.executable, "-m", "moothall_models.trial")
TRIAL_S = 180.0
"""The most seconds that models may take to be loaded and tried."""
TO_DO = 1
_WIDTH = max(len(each) for each in Verdict)


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    doctor = commands.add_parser(
        "doctor",
        help="whether everything is as a server needs it",
        description="Look at the machine, the models and, while the server runs, at its public address as visitors "
        "see it. Each thing is fine, or the line says what to do. Status 0 when nothing has to be done, else 1.",
    )
    doctor.add_argument("--print", action="store_true", dest="page", help="write a page (HTML) to print or to send")
    doctor.add_argument("--quick", action="store_true", help="load no model and no translator")
    add_house(doctor)
    doctor.set_defaults(run=_doctor)


def _doctor(arguments: argparse.Namespace) -> int:
    settings = house_settings(arguments)
    findings = asyncio.run(examine(settings, quick=arguments.quick))
    if arguments.page:
        subject = Subject(
            machine=platform.node(),
            release=__version__,
            public=_public(settings),
            data=str(Path(settings.server.data).absolute()),
            settings="" if arguments.config is None else str(arguments.config.absolute()),
            when=f"{datetime.fromtimestamp(SystemClock().wall() / 1000, UTC):%Y-%m-%d %H:%M} UTC",
        )
        sys.stdout.write(findings_page(findings, subject))
    else:
        print("\n".join(f"{each.verdict:<{_WIDTH}}  {each.topic}: {each.sentence}" for each in findings))
    return 0 if all_well(findings) else TO_DO


async def examine(settings: Settings, *, quick: bool) -> list[Finding]:
    """Return all findings, in the order of the checks. With `quick` no model is loaded."""
    data = Path(settings.server.data)
    caller = await running(data)
    status = None if caller is None else await caller.status()
    clock, public = SystemClock(), _public(settings)
    disk = await asyncio.to_thread(disk_facts, data)
    found = [check_python(python_facts())]
    found += await asyncio.to_thread(_ports, settings, running=status is not None)
    files = file_facts(settings.server.max_readers, None if status is None else status.open_files)
    found += [check_files(files), check_room(disk), check_sync(disk)]
    found.append(check_owner(await asyncio.to_thread(owner_facts, data)))
    found.append(check_removals(await asyncio.to_thread(removals_facts, settings.server.removals, data)))
    found.append(check_memory(_memory(settings, running=status is not None)))
    named = bool(settings.server.public_address)
    apart = await off_ms(public, clock) if named else None
    found.append(check_clock(ClockFacts(synchronised=clock_synchronised(), off_ms=apart)))
    if settings.tracing.endpoint:
        found.append(_traces(settings.tracing.endpoint))
    if settings.cluster.redis:
        found += await _redis(settings)
    found += await _models(settings, status, quick=quick)
    if not named:
        found.append(unseen("Public address", "public_address of [server] is empty: there is no outside to look from."))
    elif status is not None and status.node is not None and not status.node.keeps:
        found.append(
            unseen("Public address", "This node stands by. The doctor of the node that keeps the house looks.")
        )
    elif caller is None:
        found.append(unseen("Public address", "No server runs with this data folder. Start it, then look again."))
    else:
        proxied = status is not None and status.address != public and not settings.server.tls_certificate
        reached = await reach_facts(public, await caller.new_probe(), clock, proxied=proxied)
        found += outside(await certificate_facts(public, clock), reached)
    return found


def _traces(endpoint: str) -> Finding:
    """Check whether this environment has what traces need: each release has an environment of its own."""
    try:
        check_traces(endpoint)
    except ConfigurationError as error:
        return mend("Traces", str(error))
    return fine("Traces", "What they need is installed.")


async def _redis(settings: Settings) -> list[Finding]:
    """Check the Redis server that the nodes of a house share."""
    from moothall.adapters.cluster.redis_facts import redis_facts
    from moothall.app.cluster.house import MEETINGS, redis_server  # Only a node has these modules' requirements.

    try:
        server = redis_server(settings)
    except ConfigurationError as error:
        return [mend("Redis", str(error))]
    try:
        return redis_findings(await redis_facts(server), needed_memory(MEETINGS))
    finally:
        await server.close()


def _public(settings: Settings) -> str:
    """The address that visitors use."""
    server = settings.server
    scheme = "https" if server.tls_certificate else "http"
    return server.public_address.rstrip("/") or f"{scheme}://{server.host}:{server.port}"


def _ports(settings: Settings, *, running: bool) -> list[Finding]:
    server, engine = settings.server, settings.engine
    pages = port_facts("pages", "port of [server]", server.host, server.port, ours=running)
    engines = port_facts("engines", "listen_port of [engine]", engine.listen_host, engine.listen_port, ours=running)
    return [check_port(pages), check_port(engines)]


def _memory(settings: Settings, *, running: bool) -> MemoryFacts:
    here = not settings.engine.model.startswith("openai:")
    return MemoryFacts(
        available=available_memory(),
        running=running,
        engines=settings.engine.count if here else 0,
        translators=bool(settings.translation.translators),
    )


async def _models(settings: Settings, status: ServerStatus | None, *, quick: bool) -> list[Finding]:
    engine, wanted = settings.engine, settings.translation.translators
    facts = await asyncio.to_thread(_model_facts, engine.model, engine.count)
    connected = None if status is None else status.engines
    found = [check_model(facts)]
    if quick:
        return [*found, unseen("Engine and translators", "No model was loaded (--quick).")]
    order = TrialOrder(
        model=engine.model if engine.count and not facts.faults else "",
        device=engine.device,
        compute_type=engine.compute_type,
        threads=engine.threads,
        key_file=engine.key_file,
        translators=wanted,
    )
    tried = await trial(order) if order.model or order.translators else TrialResult()
    return [*found, check_engine(facts, tried.model, connected), *check_translators(wanted, tried.translators)]


def _model_facts(name: str, count: int) -> ModelFacts:
    """Verify a model of the store by hashing its files."""
    if not count or name.startswith(("openai:", "scripted:")):
        return ModelFacts(name=name, count=count)
    try:
        from moothall_models.store import open_store

        store = open_store()
        faults = tuple(store.verify(name))
        model = store.manifest.model(name)
        return ModelFacts(name=name, count=count, faults=faults, files=len(model.files), errors=model.said_errors)
    except ImportError:
        faults = ("This installation has no recogniser. Install moothall with the extra 'engine'.",)
    except MoothallError as error:
        faults = (str(error),)
    return ModelFacts(name=name, count=count, faults=faults)


async def trial(order: TrialOrder, program: Sequence[str] = PROGRAM) -> TrialResult:
    """Try the models in a process of its own, and return what it reports. If it breaks down or hangs, that is reported
    as a trouble of the model.
    """
    process = await start_child(
        *program,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    said = b""
    try:
        async with asyncio.timeout(TRIAL_S):
            said, _ = await process.communicate(msgspec.json.encode(order))
        return read_json(said, TrialResult)
    except TimeoutError:
        trouble = f"It wasn't loaded within {TRIAL_S:.0f} s."
    except Unreadable:
        trouble = f"The process that loads it broke down (status {process.returncode})."
    finally:
        if process.returncode is None:
            process.kill()
            await to_the_end(process.wait())
    return TrialResult(
        model=ModelTrial(model=order.model, trouble=f"{trouble} Try `moothall models verify {order.model}`.")
    )

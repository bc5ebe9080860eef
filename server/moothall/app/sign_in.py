"""Check the settings of the staff's sign-in, and open its doors where the settings name a provider."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web

from moothall.adapters.http.limits import AddressGate
from moothall.adapters.sign_in.provider import Client, Provider, is_safe, new_client
from moothall.adapters.sign_in.sign_in_door import BACK, SignInDoor
from moothall.adapters.store.files import read_text
from moothall.app.backend import Backend
from moothall.app.parts import Entrance, Services
from moothall.core.kernel.actors import Role
from moothall.core.kernel.errors import ConfigurationError
from moothall.services.sessions.link_terms import HOUR_MS
from moothall.services.sessions.sign_in import SignIns, roles_of
from moothall.settings.sections import SignIn
from moothall.wire.token_bucket import Allowance

TRIES = Allowance(per_second=1, burst=100)
"""Sign-ins that one address may try: 30 people behind one address may each go there and back three times a minute."""


def check_sign_in(settings: SignIn) -> dict[str, list[Role]]:
    """Return the roles of each group. Raises ConfigurationError for settings that do not fit together."""
    try:
        roles = roles_of(settings.roles)
    except ValueError as error:
        msg = f"[sign_in]: roles has '{error}'; a line is a staff role and a group, such as 'secretariat=mh-office'."
        raise ConfigurationError(msg) from error
    if not settings.issuer:
        if settings.required_for_admin:
            raise ConfigurationError("[sign_in]: required_for_admin needs a provider: set issuer, client_id and roles.")
        return roles
    if not is_safe(settings.issuer):
        raise ConfigurationError("[sign_in]: issuer has to begin with https://; http is for this machine alone.")
    if not settings.client_id or not roles:
        raise ConfigurationError("[sign_in]: issuer needs client_id, and roles that say which group gives which role.")
    if settings.required_for_admin and not any(Role.SECRETARIAT in each for each in roles.values()):
        msg = "[sign_in]: required_for_admin needs a group of the secretariat in roles, or nobody could open /admin."
        raise ConfigurationError(msg)
    if importlib.util.find_spec("jwt") is None:
        raise ConfigurationError("[sign_in]: the sign-in needs the extra oidc: pip install 'moothall[oidc]'.")
    return roles


async def open_sign_in(stack: AsyncExitStack, services: Services, entrance: Entrance) -> Sequence[web.RouteDef]:
    """The routes of the sign-in, which work until the stack unwinds; empty where the settings name no provider.

    Raises ConfigurationError, StorageUnavailable.
    """
    backend: Backend = services.backend
    settings = backend.settings.sign_in
    roles = check_sign_in(settings)
    if not settings.issuer:
        return ()
    sign_ins = SignIns(
        backend.links,
        book=backend.book,
        clock=backend.clock,
        randomness=backend.randomness,
        roles=roles,
        lifetime_ms=settings.hours * HOUR_MS,
    )
    await sign_ins.load()
    secret = read_text(Path(settings.client_secret_file)).strip() if settings.client_secret_file else ""
    client = Client(
        issuer=settings.issuer,
        id=settings.client_id,
        secret=secret,
        scopes=settings.scopes,
        claim=settings.claim,
        redirect=f"{entrance.address.public}{BACK}",
    )
    http = await stack.enter_async_context(new_client())
    door = SignInDoor(
        sign_ins=sign_ins,
        provider=Provider(client, http, backend.clock),
        staff=entrance.staff,
        pages=services.pages,
        gate=AddressGate(backend.clock, backend.randomness, TRIES),
        address_of=entrance.address_of,
        secure=entrance.address.public.startswith("https://"),
    )
    return door.routes()

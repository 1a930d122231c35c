"""Pictures of the dashboard: attached to a running engine, as SVG."""

from __future__ import annotations

import asyncio
import html
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from browser import photograph
from shop import HERE, PATIENCE
from streams import NOON, PIN, SHOWN

from dynaport_tui.control.async_client import AsyncClient
from dynaport_tui.model.machine import State
from dynaport_tui.tui.app import Dashboard
from dynaport_tui.tui.opening import Opening

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shop import Shop
    from textual.pilot import Pilot

    from dynaport_tui.model.view import ServiceStatus
    from dynaport_tui.tui.opening import Ending

SIZE = (120, 35)
PROBES = 8
"""Of every service before the first picture: as many as the table has room for."""
TAG = re.compile(r"<[^>]+>")
CLOCK = re.compile(r"\b\d\d:\d\d:\d\d\b")
_SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
_RIGHT = "VAT_PERCENT = 19"
_WRONG = 'VAT_PERCENT = int(os.environ["VAT_PERCENT"])'
_BUYS = ((2, 1), (4, 3), (1, 2), (5, 1))
"""Products and users of the orders."""


class Picture(NamedTuple):
    """Its name, and what is done for it: keys, and a text that they bring to the screen."""

    name: str
    steps: tuple[tuple[str, str], ...]


AT_WORK = (
    Picture("dashboard", (("", "GET / 200"),)),
    Picture("search", (("slash p a i d enter", "hit "),)),
    Picture("requests", (("3", "requests · catalog"), ("", "p95"))),
)
BEHIND = (
    Picture("broken", (("exclamation_mark", "Enter opens"), ("enter", "▾"))),
    Picture("why", (("home w", "why · billing"), ("", "last traceback"))),
)
BROKEN = Picture("graph", (("home g", "billing broken"),))


class Studio:
    """Takes pictures of one engine; the first time of day in them is a little after noon."""

    def __init__(self, shop: Shop, socket: Path) -> None:
        self._shop = shop
        self._source = AsyncClient(socket)
        self._began = 0.0

    async def make(self) -> None:
        """All pictures of the dashboard."""
        services = (await self._source.snapshot()).services
        self._began = time.time() - max(status.uptime_s or 0.0 for status in services) - 1
        await self._work()
        for picture in AT_WORK:
            await self._take(picture)
        with self._shop.edited("billing/billing.py", _RIGHT, _WRONG):
            await self._until("billing", lambda status: status.reload_error is not None)
            await self._ask("web")
            for picture in BEHIND:
                await self._take(picture)
            await self._source.act("stop", ["billing"])
            await self._until("billing", lambda status: status.state is State.STOPPED)
            await self._source.act("start", ["billing"])
            await self._until("billing", lambda status: status.state is State.FAILED)
            await self._ask("web")
            await self._take(BROKEN)
            await self._page()
        await self._until("billing", lambda status: status.state is State.READY)

    # ---- what happens in the shop

    async def _work(self) -> None:
        """Somebody looks at the page and buys something, until there are enough probes."""
        deadline = time.monotonic() + PATIENCE
        while not await self._probed():
            if time.monotonic() > deadline:
                raise SystemExit("the services were not probed often enough")
            await self._ask("web")
            await asyncio.sleep(3)
        for product, user in _BUYS:
            paid = (await self._status("worker")).log_lines
            await self._ask("web", "/orders", {"product_id": product, "user_id": user})
            await self._until("worker", lambda status: status.log_lines > paid)  # noqa: B023
        await self._ask("users", "/users/7")
        await self._ask("catalog", "/orders/99")
        await self._ask("web")

    async def _probed(self) -> bool:
        services = (await self._source.snapshot()).services
        return all(len(s.health.recent) >= PROBES for s in services if s.port)

    async def _ask(
        self, service: str, path: str = "/", order: dict[str, int] | None = None
    ) -> None:
        """Whatever it answers."""
        url = f"{(await self._status(service)).url}{path}"
        data = urllib.parse.urlencode(order).encode() if order else None

        def ask() -> None:
            with suppress(urllib.error.HTTPError), urllib.request.urlopen(url, data) as answer:
                answer.read()

        await asyncio.to_thread(ask)

    async def _status(self, service: str) -> ServiceStatus:
        services = (await self._source.snapshot()).services
        return next(status for status in services if status.id == service)

    async def _until(self, service: str, holds: Callable[[ServiceStatus], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds(await self._status(service)):
            if time.monotonic() > deadline:
                raise SystemExit(f"{service} is not as the next picture needs it")
            await asyncio.sleep(0.1)

    # ---- what is seen of it

    async def _take(self, picture: Picture) -> None:
        app = Dashboard(await self._opening(picture.name))
        app.animation_level = "none"
        async with app.run_test(size=SIZE) as pilot:
            await _shows(pilot, "logs · all")
            await _shows(pilot, " lines")
            for keys, text in picture.steps:
                await pilot.press(*keys.split())
                await _shows(pilot, text)
            await pilot.pause(0.5)
            svg = app.export_screenshot(title="~/shop")
        file = HERE / f"{picture.name}.svg"
        file.write_text(self._neutral(svg, picture.name), encoding="utf-8")

    async def _page(self) -> None:
        """What a browser shows on the port of the broken service."""
        asked = urllib.request.Request(
            str((await self._status("billing")).url), headers={"Accept": "text/html"}
        )
        page = _SCRIPT.sub("", await asyncio.to_thread(_answer, asked))  # nobody to be asked again
        page = PIN.sub("123-456-789", page.replace(str(self._shop.folder), SHOWN))
        page = page.replace(str(self._shop.folder.parent), "/home/ann/.local/state")
        photograph(self._moved(page), HERE / "outage.png", self._shop.folder.parent)

    async def _opening(self, name: str) -> Opening:
        first = await self._source.snapshot()
        return Opening(
            source=self._source,
            file=self._shop.folder / "services.toml",
            state=self._shop.folder.parent / name,
            first=first,
            owner=None,
            start_again=None,
            command=["dynaport"],
        )

    def _neutral(self, svg: str, name: str) -> str:
        """The same with a neutral folder, as if it had begun at noon, and with lasting ids."""
        svg = re.sub(r"\bterminal-\d+-", f"{name}-", svg)
        svg = PIN.sub("123-456-789", svg.replace(str(self._shop.folder), SHOWN))
        return self._moved(svg)

    def _moved(self, text: str) -> str:
        """The same as if it had begun at noon."""
        began = datetime.fromtimestamp(self._began)

        def moved(found: re.Match[str]) -> str:
            at = datetime.combine(began, datetime.strptime(found[0], "%H:%M:%S").time())
            return (NOON + (at - began)).strftime("%H:%M:%S")

        return CLOCK.sub(moved, text)


def _answer(asked: urllib.request.Request) -> str:
    """The body, also of an error."""
    try:
        with urllib.request.urlopen(asked) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return str(error.read().decode())


async def _shows(pilot: Pilot[Ending], text: str) -> None:
    """Wait until some line of the screen holds a text."""
    deadline = time.monotonic() + PATIENCE
    while text not in _said(pilot.app.export_screenshot()):
        if time.monotonic() > deadline:
            raise SystemExit(f"{text!r} was not shown")
        await pilot.pause(0.05)


def _said(svg: str) -> str:
    """The text of a picture."""
    return html.unescape(TAG.sub("", svg)).replace("\xa0", " ")


def make(shop: Shop, socket: Path) -> None:
    """Make all of them, of the engine behind a control socket."""
    os.environ.update(COLORTERM="truecolor", TERM="xterm-256color")
    asyncio.run(Studio(shop, socket).make())

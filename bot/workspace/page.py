"""The addresses the web page calls, all below a token that only its reader knows."""

from __future__ import annotations

import asyncio
import hmac
import json
from pathlib import Path

from aiohttp import web

from .core import Core
from .errors import PageError
from .interactions import Interactions, Press
from .json_values import JsonObject, is_array, is_object
from .page_state import page_state
from .people import People

STATIC = Path(__file__).parent / "static"
_INLINE_IMAGES = {"image/gif", "image/jpeg", "image/png", "image/webp"}
_HEARTBEAT_S = 15.0


class Page:
    """Handles what the web page sends and streams changes to it."""

    def __init__(self, core: Core, people: People, interactions: Interactions) -> None:
        self._core = core
        self._people = people
        self._interactions = interactions

    def routes(self) -> list[web.RouteDef]:
        """Paths and their handlers; `{token}` is checked by each."""
        root = "/w/{token}"
        posts = {
            "message": self.message,
            "edit": self.edit,
            "delete": self.delete,
            "upload": self.upload,
            "react": self.react,
            "press": self.press,
            "submit": self.submit,
            "dismiss": self.dismiss,
            "command": self.command,
            "shortcut": self.shortcut,
            "home": self.home,
            "stop": self.stop,
        }
        return [
            web.get("/", self.door),
            web.get(f"{root}/", self.index),
            web.get(f"{root}/state", self.state),
            web.get(f"{root}/events", self.events),
            web.get(f"{root}/files/{{file_id}}/{{name}}", self.file),
            web.get(f"{root}/static/{{name}}", self.static),
            *(web.post(f"{root}/ui/{name}", handler) for name, handler in posts.items()),
        ]

    async def door(self, request: web.Request) -> web.Response:
        """What an address without the token shows."""
        del request
        return web.Response(text="Open the whole address that was printed in the terminal.\n")

    async def index(self, request: web.Request) -> web.StreamResponse:
        """The page."""
        self._check(request)
        return web.FileResponse(STATIC / "index.html")

    async def static(self, request: web.Request) -> web.StreamResponse:
        """A file of the page."""
        self._check(request)
        name = request.match_info["name"]
        if name not in {path.name for path in STATIC.iterdir()}:
            raise web.HTTPNotFound
        return web.FileResponse(STATIC / name)

    async def state(self, request: web.Request) -> web.Response:
        """The whole workspace, as the page starts with it."""
        self._check(request)
        return web.json_response(page_state(self._core))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: every change, from now on."""
        self._check(request)
        response = web.StreamResponse()
        response.content_type = "text/event-stream"
        queue = self._core.changes.subscribe()
        try:
            await response.prepare(request)
            await response.write(b"retry: 1000\n\n")
            while True:
                try:
                    change = await asyncio.wait_for(queue.get(), _HEARTBEAT_S)
                except TimeoutError:
                    await response.write(b": alive\n\n")
                    continue
                if change is None:
                    break
                await response.write(f"data: {json.dumps(change)}\n\n".encode())
        except ConnectionError:
            pass  # the page went away
        finally:
            self._core.changes.unsubscribe(queue)
        return response

    async def file(self, request: web.Request) -> web.Response:
        """A file's bytes; anything but a plain image is only ever downloaded."""
        self._check(request)
        file_id = request.match_info["file_id"]
        content = self._core.state.contents.get(file_id)
        if content is None:
            raise web.HTTPNotFound
        mimetype = self._core.state.files[file_id].mimetype
        if mimetype in _INLINE_IMAGES:
            return web.Response(body=content, content_type=mimetype)
        headers = {"Content-Disposition": "attachment"}
        return web.Response(body=content, content_type="application/octet-stream", headers=headers)

    async def message(self, request: web.Request) -> web.Response:
        """Post a message as a person."""
        body = await self._body(request)
        message = self._people.say(
            _text(body, "user"),
            _text(body, "channel"),
            _text(body, "text"),
            body.get("thread_ts") or None,
            _strings(body.get("file_ids")),
        )
        return web.json_response({"ok": True, "ts": message.ts})

    async def edit(self, request: web.Request) -> web.Response:
        """Change one's own message."""
        body = await self._body(request)
        place = (_text(body, "user"), _text(body, "channel"), _text(body, "ts"))
        self._people.edit(*place, _text(body, "text"))
        return _done()

    async def delete(self, request: web.Request) -> web.Response:
        """Delete one's own message."""
        body = await self._body(request)
        self._people.delete(_text(body, "user"), _text(body, "channel"), _text(body, "ts"))
        return _done()

    async def upload(self, request: web.Request) -> web.Response:
        """A file's raw bytes; its name and owner are in the query."""
        self._check(request)
        name, user = request.query.get("name", "file"), request.query.get("user", "")
        file = self._people.upload(user, name, await request.read())
        return web.json_response({"ok": True, "file": self._core.wire.file(file)})

    async def react(self, request: web.Request) -> web.Response:
        """Toggle a reaction."""
        body = await self._body(request)
        place = (_text(body, "user"), _text(body, "channel"), _text(body, "ts"))
        self._people.react(*place, _text(body, "name"))
        return _done()

    async def press(self, request: web.Request) -> web.Response:
        """Use a button or another element of a message or a modal."""
        body = await self._body(request)
        press = Press(
            user_id=self._people.user(_text(body, "user")).user_id,
            block_id=_text(body, "block_id"),
            action_id=_text(body, "action_id"),
            selection=_object(body, "selection"),
            values=_object(body, "values"),
        )
        if body.get("view_id"):
            await self._interactions.press_in_view(press, _text(body, "view_id"))
        else:
            channel = self._people.channel(press.user_id, _text(body, "channel"))
            await self._interactions.press(press, channel.channel_id, _text(body, "ts"))
        return _done()

    async def submit(self, request: web.Request) -> web.Response:
        """Submit a modal; complaints come back by block id."""
        body = await self._body(request)
        errors = await self._interactions.submit(_text(body, "view_id"), _object(body, "values"))
        return web.json_response({"ok": True, "errors": errors})

    async def dismiss(self, request: web.Request) -> web.Response:
        """Close a modal."""
        body = await self._body(request)
        await self._interactions.dismiss(_text(body, "view_id"))
        return _done()

    async def command(self, request: web.Request) -> web.Response:
        """Run a slash command."""
        body = await self._body(request)
        user = self._people.user(_text(body, "user"))
        channel = self._people.channel(user.user_id, _text(body, "channel"))
        words = (_text(body, "command"), _text(body, "text"))
        await self._interactions.command(user, channel, *words)
        return _done()

    async def shortcut(self, request: web.Request) -> web.Response:
        """Use a message shortcut."""
        body = await self._body(request)
        user = self._people.user(_text(body, "user"))
        channel = self._people.channel(user.user_id, _text(body, "channel"))
        which = (_text(body, "ts"), _text(body, "callback_id"))
        await self._interactions.shortcut(user.user_id, channel.channel_id, *which)
        return _done()

    async def home(self, request: web.Request) -> web.Response:
        """Look at a tab of the bot's home."""
        body = await self._body(request)
        user = self._people.user(_text(body, "user"))
        self._people.open_home(user.user_id, _text(body, "tab") or "home")
        return _done()

    async def stop(self, request: web.Request) -> web.Response:
        """Press Stop."""
        body = await self._body(request)
        place = (_text(body, "channel"), _text(body, "thread_ts"))
        self._people.stop(_text(body, "user"), *place)
        return _done()

    async def _body(self, request: web.Request) -> JsonObject:
        self._check(request)
        try:
            body: object = json.loads(await request.text())
        except json.JSONDecodeError as exc:
            raise PageError("The request is not JSON.") from exc
        if not is_object(body):
            raise PageError("The request is not a JSON object.")
        return body

    def _check(self, request: web.Request) -> None:
        sent = request.match_info["token"].encode()
        if not hmac.compare_digest(sent, self._core.access.page_token.encode()):
            raise web.HTTPNotFound


def _done() -> web.Response:
    return web.json_response({"ok": True})


def _text(body: JsonObject, name: str) -> str:
    value = body.get(name, "")
    return value if isinstance(value, str) else ""


def _object(body: JsonObject, name: str) -> JsonObject:
    value = body.get(name)
    return value if is_object(value) else {}


def _strings(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if is_array(value) else ()

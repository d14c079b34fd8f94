"""Socket Mode: tickets, envelopes, acknowledgements, redelivery."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
import uuid
from collections import deque

import structlog
from aiohttp import WSMsgType, web

from .changes import Changes
from .errors import DeliveryError
from .json_values import JsonObject, is_object
from .seed import APP_ID
from .timing import Timing
from .traffic import Delivery, Traffic

_MAX_SOCKETS = 10
_ACK_PAYLOAD = {"interactive", "slash_commands"}


class SocketMode:
    """Hands envelopes to connected bots, each envelope to one of them."""

    def __init__(self, timing: Timing, traffic: Traffic, changes: Changes) -> None:
        self._timing = timing
        self._traffic = traffic
        self._changes = changes
        self._tickets: set[str] = set()
        self._sockets: deque[web.WebSocketResponse] = deque()
        self._transports: dict[web.WebSocketResponse, asyncio.BaseTransport | None] = {}
        self._waiting: dict[str, asyncio.Future[JsonObject]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def n_connections(self) -> int:
        """Bots that are connected now."""
        return len(self._sockets)

    def issue_ticket(self) -> str:
        """A ticket that opens one socket, once."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One bot's websocket, from hello to close."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=404, text="unknown or used ticket")
        self._tickets.discard(ticket)
        if self.n_connections >= _MAX_SOCKETS:
            return web.Response(status=429, text="too many websockets")
        socket = web.WebSocketResponse(heartbeat=30)
        await socket.prepare(request)
        await socket.send_json(self._hello())
        self._sockets.append(socket)
        self._transports[socket] = request.transport
        self._changes.announce("connections", count=self.n_connections)
        try:
            await self._read(socket)
        finally:
            self._forget(socket)
            self._transports.pop(socket, None)
            self._changes.announce("connections", count=self.n_connections)
        return socket

    def send_event(self, payload: JsonObject) -> None:
        """Deliver an event in the background, again and again until it is acknowledged."""
        task = asyncio.get_running_loop().create_task(self._deliver_event(payload))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def send_interaction(self, kind: str, payload: JsonObject) -> JsonObject:
        """Deliver an interaction or a slash command, once.

        Returns:
            The payload of the ack, empty when it had none.

        Raises:
            DeliveryError: No bot is connected, or none acknowledged in time.
        """
        answer, failure = await self._attempt(kind, payload, 0, "")
        if failure == "not_connected":
            raise DeliveryError("opsbot is not connected; nothing was sent.")
        if answer is None:
            raise DeliveryError("opsbot did not answer in 3 seconds; it may still act on this.")
        return answer

    async def disconnect(self, reason: str) -> None:
        """Ask every bot to reconnect, as Slack does before it refreshes a socket."""
        for socket in list(self._sockets):
            self._forget(socket)
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {}})

    def drop(self) -> None:
        """Cut every connection without a word."""
        for socket in list(self._sockets):
            self._forget(socket)
            transport = self._transports[socket]
            if transport is not None:
                transport.close()

    async def stop(self) -> None:
        """End redeliveries and close sockets."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for socket in list(self._sockets):
            await socket.close()

    def _forget(self, socket: web.WebSocketResponse) -> None:
        if socket in self._sockets:
            self._sockets.remove(socket)

    def _hello(self) -> JsonObject:
        return {
            "type": "hello",
            "num_connections": self.n_connections + 1,
            "debug_info": {"host": "local", "approximate_connection_time": 18060},
            "connection_info": {"app_id": APP_ID},
        }

    async def _read(self, socket: web.WebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                continue
            try:
                message: object = json.loads(frame.data)
            except json.JSONDecodeError:
                continue
            if is_object(message):
                self._acknowledge(message)

    def _acknowledge(self, message: JsonObject) -> None:
        waiting = self._waiting.get(str(message.get("envelope_id")))
        if waiting is not None and not waiting.done():
            payload = message.get("payload")
            waiting.set_result(payload if is_object(payload) else {})

    async def _deliver_event(self, payload: JsonObject) -> None:
        failure: str | None = ""
        for attempt, delay_s in enumerate((0.0, *self._timing.redelivery_delays_s)):
            await asyncio.sleep(delay_s)
            _, failure = await self._attempt("events_api", payload, attempt, failure or "")
            if failure is None:
                return
        log = structlog.get_logger()
        log.warning("event_given_up", event_id=payload["event_id"], failure=failure)

    async def _attempt(
        self, kind: str, payload: JsonObject, attempt: int, reason: str
    ) -> tuple[JsonObject | None, str | None]:
        """One delivery: the ack's payload, or why there is none."""
        envelope_id = str(uuid.uuid4())
        delivery = Delivery(
            number=self._traffic.next_number(),
            envelope_id=envelope_id,
            kind=kind,
            payload=payload,
            at=time.time(),
            attempt=attempt,
        )
        self._traffic.add_delivery(delivery)
        envelope: JsonObject = {
            "envelope_id": envelope_id,
            "type": kind,
            "payload": payload,
            "accepts_response_payload": kind in _ACK_PAYLOAD,
        }
        if kind == "events_api":
            envelope.update(retry_attempt=attempt, retry_reason=reason)
        answer = await self._hand_over(envelope, delivery)
        self._traffic.show(delivery)
        return answer, delivery.failure

    async def _connected(self) -> bool:
        """Whether a bot is connected, or connects within the time of one ack."""
        try:
            limit_s = self._timing.ack_timeout_s
            return await self._changes.wait_for(lambda: self.n_connections > 0, limit_s)
        except TimeoutError:
            return False

    async def _hand_over(self, envelope: JsonObject, delivery: Delivery) -> JsonObject | None:
        if not await self._connected():
            delivery.failure = "not_connected"
            return None
        self._sockets.rotate(-1)
        socket = self._sockets[-1]
        waiting: asyncio.Future[JsonObject] = asyncio.get_running_loop().create_future()
        self._waiting[delivery.envelope_id] = waiting
        started = time.monotonic()
        try:
            await socket.send_json(envelope)
            async with asyncio.timeout(self._timing.ack_timeout_s):
                answer = await waiting
        except TimeoutError:
            delivery.failure = "timeout"
            return None
        except ConnectionError:
            delivery.failure = "connection_failed"
            return None
        finally:
            self._waiting.pop(delivery.envelope_id, None)
        delivery.acknowledged_ms = round((time.monotonic() - started) * 1000, 1)
        delivery.ack_payload = answer
        return answer

"""The orders database: a line protocol over TCP with a fixed number of connection slots.

Run as `python -m bot.demo.orders --home DIR`. Speaks what `protocol.py` describes; an
administrator may ask `SESSIONS` and `TERMINATE-IDLE <seconds>`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from .places import LOOPBACK, Places
from .process import announce, open_log, run_until_parent_ends
from .sessions import Session, SessionRow, SessionTable

N_SLOTS = 20
_QUERY_MS = {"RESERVE": (3.0, 12.0), "SCAN": (30.0, 90.0)}
_SLOW_MS = 80.0


class OrdersServer:
    """Serves sessions and administrators; keeps every slot's state for them to see."""

    def __init__(self, log: logging.Logger, n_slots: int = N_SLOTS) -> None:
        self._log = log
        self._table = SessionTable(n_slots)
        self._turns: dict[int, tuple[str, asyncio.Future[Session]]] = {}
        self._next_ticket = 0
        self._writers: dict[int, asyncio.StreamWriter] = {}

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one TCP connection until either side closes it."""
        # NOTE: a handler is only cancelled when the server ends, and asyncio would log that.
        with suppress(ConnectionError, asyncio.CancelledError):
            hello = (await reader.readline()).decode().split()
            if hello[:1] == ["ADMIN"]:
                await self._administrate(reader, writer)
            elif len(hello) == 3 and hello[0] == "CONNECT":
                await self._serve_client(hello[1], float(hello[2]), reader, writer)
            else:
                await _answer(writer, "ERROR protocol expected CONNECT <client> <wait_s>")
        writer.close()

    async def _serve_client(
        self, client: str, wait_s: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        session = await self._get_slot(client, wait_s)
        if session is None:
            used = f"{self._table.n_used} of {self._table.n_slots} slots in use"
            self._log.error("too many connections: %s, refused client=%s", used, client)
            await _answer(writer, f"ERROR refused too many connections: {used}")
            return
        self._writers[session.session_id] = writer
        self._log.info(
            "session %d opened client=%s slots=%d/%d",
            session.session_id,
            client,
            self._table.n_used,
            self._table.n_slots,
        )
        try:
            await _answer(writer, f"OK session {session.session_id}")
            while line := (await reader.readline()).decode().strip():
                await _answer(writer, await self._query(session, line))
        finally:
            self._end(session)

    async def _get_slot(self, client: str, wait_s: float) -> Session | None:
        if self._table.has_room:
            return self._table.open(client, time.monotonic())
        if wait_s <= 0:
            return None
        ticket = self._next_ticket
        self._next_ticket += 1
        turn: asyncio.Future[Session] = asyncio.get_running_loop().create_future()
        self._turns[ticket] = (client, turn)
        self._table.wait(ticket)
        try:
            return await asyncio.wait_for(turn, wait_s)
        except TimeoutError:
            self._table.leave_queue(ticket)
            return None
        finally:
            self._turns.pop(ticket, None)

    def _end(self, session: Session) -> None:
        # NOTE: a terminated session has given its slot back already.
        if self._writers.pop(session.session_id, None) is None:
            return
        rolled_back = ", open transaction rolled back" if session.in_transaction else ""
        self._log.info(
            "session %d closed client=%s%s", session.session_id, session.client, rolled_back
        )
        self._table.close(session.session_id)
        self._call_next()

    def _call_next(self) -> None:
        while (ticket := self._table.next_waiting()) is not None:
            client, turn = self._turns[ticket]
            if not turn.done():
                turn.set_result(self._table.open(client, time.monotonic()))

    async def _query(self, session: Session, line: str) -> str:
        started = time.monotonic()
        self._table.start_query(session, line, started)
        low, high = _QUERY_MS.get(line.split(maxsplit=1)[0].upper(), (0.2, 0.8))
        # S311: not a secret, only how long the work takes.
        await asyncio.sleep(random.uniform(low, high) / 1000)  # noqa: S311
        now = time.monotonic()
        self._table.end_query(session, now)
        ms = (now - started) * 1000
        level = logging.WARNING if ms > _SLOW_MS else logging.INFO
        self._log.log(
            level,
            "session %d client=%s query %r %.1f ms",
            session.session_id,
            session.client,
            line,
            ms,
        )
        return "OK done"

    async def _administrate(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await _answer(writer, "OK admin")
        while line := (await reader.readline()).decode().strip():
            await _answer(writer, self._admin_answer(line.split()))

    def _admin_answer(self, words: Sequence[str]) -> str:
        now = time.monotonic()
        if words[0] == "SESSIONS":
            return self._listing(self._table.rows(now))
        if words[0] == "TERMINATE-IDLE" and len(words) == 2:
            ended = self._table.idle_in_transaction(float(words[1]), now)
            rows = self._table.rows(now, ended)
            for row in rows:
                self._terminate(row)
            return self._listing(rows)
        return f"ERROR protocol unknown administrator's command {words[0]}"

    def _terminate(self, row: SessionRow) -> None:
        self._log.warning(
            "session %d terminated by administrator client=%s idle in transaction for %.1f s",
            row.session_id,
            row.client,
            row.age_s,
        )
        writer = self._writers.pop(row.session_id)
        writer.write(b"ERROR terminated session terminated by administrator\n")
        writer.close()
        self._table.close(row.session_id)
        self._call_next()

    def _listing(self, rows: tuple[SessionRow, ...]) -> str:
        listing = {
            "n_slots": self._table.n_slots,
            "n_used": self._table.n_used,
            "sessions": [asdict(row) for row in rows],
        }
        return "OK " + json.dumps(listing)


async def _answer(writer: asyncio.StreamWriter, line: str) -> None:
    writer.write(line.encode() + b"\n")
    await writer.drain()


async def _serve(places: Places) -> None:
    log = open_log(places, "orders")
    server = await asyncio.start_server(OrdersServer(log).handle, LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    log.info("listening on %s:%d with %d slots", LOOPBACK, port, N_SLOTS)
    announce(places, "orders", port)
    async with server:
        await server.serve_forever()


def main() -> None:
    """Serve until the parent ends."""
    parser = argparse.ArgumentParser(prog="orders")
    parser.add_argument("--home", type=Path, required=True)
    places = Places(parser.parse_args().home)
    run_until_parent_ends(lambda: _serve(places))


if __name__ == "__main__":
    main()

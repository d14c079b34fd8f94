"""The reports batch job: small reports all the time, and a full export that hurts.

Run as `python -m bot.demo.reports --home DIR --orders-port PORT --healthy-s S`. The full export
reads 24 partitions at once, each in a transaction that stays open while its upload to the archive
hangs: every slot of orders ends up "idle in transaction". When an administrator terminates one of
its sessions the export gives up, rolls back the rest and does not try again by itself. A
connection that says `CONTROL` may ask for another one with `START-EXPORT`.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
from contextlib import suppress
from pathlib import Path

from .errors import DemoError, OrdersRefusedError, SessionTerminatedError
from .places import LOOPBACK, Places
from .process import announce, open_log, run_until_parent_ends
from .protocol import OrdersConnection

N_EXPORT_WORKERS = 24
_UPLOAD_WARNING_S = 5.0
_SMALL_REPORT_EVERY_S = 2.0
_SLOT_WAIT_S = 30.0


class Reports:
    """The job: `run` makes reports for ever, `start_export` begins a full export."""

    def __init__(self, log: logging.Logger, orders_port: int) -> None:
        self._log = log
        self._orders_port = orders_port
        self._export: asyncio.Task[None] | None = None
        self._n_exports = 0

    async def run(self, healthy_s: float) -> None:
        """Make small reports; the first full export begins after `healthy_s` seconds."""
        asyncio.get_running_loop().call_later(healthy_s, self.start_export)
        while True:
            if not self.is_exporting:
                await self._small_report()
            await asyncio.sleep(_SMALL_REPORT_EVERY_S)

    @property
    def is_exporting(self) -> bool:
        """Whether a full export is under way."""
        return self._export is not None and not self._export.done()

    def start_export(self) -> str:
        """Begin a full export unless one is running; says which in one phrase."""
        if self.is_exporting:
            return f"full export {self._n_exports} is already running"
        self._n_exports += 1
        self._export = asyncio.create_task(self._run_export(self._n_exports))
        return f"full export {self._n_exports} started with {N_EXPORT_WORKERS} workers"

    async def _small_report(self) -> None:
        try:
            connection = await OrdersConnection.open(self._orders_port, "reports")
        except DemoError as exc:
            self._log.warning("sales report skipped: %s", exc)
            return
        try:
            for line in ("BEGIN", "SCAN today", "COMMIT"):
                await connection.query(line)
            self._log.info("sales report done, 1 transaction committed")
        except DemoError as exc:
            self._log.warning("sales report failed: %s", exc)
        finally:
            await connection.close()

    async def _run_export(self, number: int) -> None:
        self._log.info(
            "full export %d started: %d partitions, %d workers, one transaction each",
            number,
            N_EXPORT_WORKERS,
            N_EXPORT_WORKERS,
        )
        try:
            async with asyncio.TaskGroup() as workers:
                for partition in range(1, N_EXPORT_WORKERS + 1):
                    workers.create_task(self._export_partition(partition))
        except* DemoError as group:
            self._log.error(
                "full export %d gave up: %s; open transactions rolled back, not retried until "
                "somebody starts it again",
                number,
                group.exceptions[0],
            )

    async def _export_partition(self, partition: int) -> None:
        connection = await self._connect(partition)
        try:
            await connection.query("BEGIN")
            await connection.query(f"SCAN partition-{partition:02d}")
            ending = asyncio.ensure_future(connection.wait_for_end())
            try:
                raise await self._upload(partition, ending)
            finally:
                ending.cancel()
        finally:
            connection.abandon()

    async def _connect(self, partition: int) -> OrdersConnection:
        while True:
            try:
                return await OrdersConnection.open(self._orders_port, "reports", _SLOT_WAIT_S)
            except OrdersRefusedError:
                self._log.warning("partition %d: no free slot in orders, waiting", partition)

    async def _upload(self, partition: int, ending: asyncio.Future[DemoError]) -> DemoError:
        """Wait on an archive that takes nothing, until the database session ends."""
        waited_s = 0.0
        while True:
            done, _ = await asyncio.wait({ending}, timeout=_UPLOAD_WARNING_S)
            if done:
                break
            waited_s += _UPLOAD_WARNING_S
            self._log.warning(
                "partition %d: upload to archive stalled for %.0f s, transaction stays open",
                partition,
                waited_s,
            )
        reason = ending.result()
        if isinstance(reason, SessionTerminatedError):
            self._log.error("partition %d: %s", partition, reason)
        return reason

    async def control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one control connection."""
        with suppress(ConnectionError, asyncio.CancelledError):
            while line := (await reader.readline()).decode().strip():
                if line == "CONTROL":
                    answer = "OK reports"
                elif line == "START-EXPORT":
                    answer = f"OK {self.start_export()}"
                else:
                    answer = "ERROR protocol expected CONTROL or START-EXPORT"
                writer.write(answer.encode() + b"\n")
                await writer.drain()
        writer.close()


async def _serve(places: Places, orders_port: int, healthy_s: float) -> None:
    reports = Reports(open_log(places, "reports"), orders_port)
    server = await asyncio.start_server(reports.control, LOOPBACK, 0)
    announce(places, "reports", server.sockets[0].getsockname()[1])
    async with server:
        await reports.run(healthy_s)


def main() -> None:
    """Work until the parent ends."""
    parser = argparse.ArgumentParser(prog="reports")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--orders-port", type=int, required=True)
    parser.add_argument("--healthy-s", type=float, required=True)
    arguments = parser.parse_args()
    places = Places(arguments.home)
    run_until_parent_ends(lambda: _serve(places, arguments.orders_port, arguments.healthy_s))


if __name__ == "__main__":
    main()

# ruff: noqa: RUF001 - letters of several scripts look alike
"""The line that tells the cause is shown, whatever wrote the log and in whichever language."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from bot.skills.logs.analysis import analyse
from bot.skills.logs.digest import build
from bot.skills.logs.sources import TextStream

NOW = datetime(2026, 3, 3, tzinfo=UTC)
N_LINES = 1500
HEX = "0123456789abcdef"

Stamp = Callable[[datetime], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a program writes when all is well, and the one line that tells what went wrong.

    Attributes:
        stamp: What stands before every line.
        noise: Usual lines; "#" stands for a number, "@" for an identifier, "~" for a word.
        cause: The telling line.
        told: The part of it that has to be shown.
    """

    stamp: Stamp
    noise: tuple[str, ...]
    cause: str
    told: str


def _iso(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03d} "


def _zulu(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}Z "


def _none(at: datetime) -> str:
    return ""


def _klog(at: datetime) -> str:
    return f"{at:%m%d %H:%M:%S}.{at.microsecond:06d}"


def _syslog(at: datetime) -> str:
    return f"{at:%b %d %H:%M:%S} web3 "


KINDS = {
    "ci build": Kind(
        stamp=_zulu,
        noise=(
            "[#/1500] Building C object src/~/~.c.o",
            "-- Looking for ~_error.h - not found",
            "-- Performing Test HAVE_~ - Failed",
            "npm warn deprecated ~@#.#.#: this package is no longer supported",
            "Downloading ~-#.#.tar.gz (# kB)",
            "test_~_error_handling ... ok",
            "0 errors, # warnings in ~.c",
        ),
        cause="src/net/socket.c:412:9: error: implicit declaration of function 'accept4'",
        told="implicit declaration of function 'accept4'",
    ),
    "kubernetes events": Kind(
        stamp=_zulu,
        noise=(
            "Normal   Scheduled  pod/~-@  Successfully assigned default/~-@ to node-#",
            "Normal   Pulled     pod/~-@  Container image ~:v# already present on machine",
            "Normal   Created    pod/~-@  Created container ~",
            "Normal   Started    pod/~-@  Started container ~",
            "Warning  Unhealthy  pod/~-@  Readiness probe failed: connection refused",
        ),
        cause="Warning  FailedMount  pod/db-0  MountVolume.SetUp failed for volume certs : "
        "secret ledger-tls not found",
        told="secret ledger-tls not found",
    ),
    "postgres": Kind(
        stamp=lambda at: f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} UTC [4711] ",
        noise=(
            "LOG:  checkpoint complete: wrote # buffers (#.#%); 0 WAL file(s) added",
            "LOG:  connection authorized: user=~ database=~",
            "LOG:  duration: #.# ms  statement: SELECT * FROM error_log WHERE id = #",
            'ERROR:  duplicate key value violates unique constraint "~_pkey"',
            "LOG:  automatic vacuum of table ~.public.~: index scans: 0",
        ),
        cause="PANIC:  could not write to file pg_wal/xlogtemp.77: No space left on device",
        told="No space left on device",
    ),
    "nginx": Kind(
        stamp=_none,
        noise=(
            '10.0.0.# - - [02/Mar/2026:09:00:00 +0000] "GET /errors/~.png HTTP/1.1" 200 #',
            '10.0.0.# - - [02/Mar/2026:09:00:00 +0000] "POST /api/~ HTTP/1.1" 201 #',
            '10.0.0.# - - [02/Mar/2026:09:00:01 +0000] "GET /~ HTTP/1.1" 404 #',
        ),
        cause="2026/03/02 09:00:01 [error] 31#31: *7 connect() failed (111: Connection refused) "
        "while connecting to upstream, upstream: http://10.0.9.9:8080/pay",
        told="while connecting to upstream",
    ),
    "spring": Kind(
        stamp=_iso,
        noise=(
            "INFO  [http-nio-8080-exec-#] c.a.shop.~Controller : GET /~/# took # ms",
            "DEBUG [scheduling-#] c.a.shop.ErrorReporter : no errors to report",
            "WARN  [pool-2-thread-#] c.a.shop.RetryTemplate : attempt # failed, retrying",
            "INFO  [pool-2-thread-#] c.a.shop.RetryTemplate : attempt # succeeded",
        ),
        cause="ERROR [main] c.a.shop.LedgerService : schema version 7 expected but 6 found",
        told="schema version 7 expected but 6 found",
    ),
    "klog": Kind(
        stamp=lambda at: "I" + _klog(at) + "       1 ",
        noise=(
            'reconciler.go:#] "Reconciled" key="default/~" failures=0',
            "trace.go:#] Trace[#]: List etcd3 (total time: #ms)",
            'controller.go:#] "Error count reset" count=0',
        ),
        cause='E0302 09:05:00.000001       1 leader.go:330] "Lost lease" err="certificate expired"',
        told="certificate expired",
    ),
    "journald": Kind(
        stamp=_syslog,
        noise=(
            "systemd[1]: Started Session # of User ~.",
            "CRON[#]: (root) CMD (run-parts /etc/cron.hourly)",
            "sshd[#]: Failed password for invalid user ~ from 10.1.#.# port # ssh2",
            "kernel: [#.#] audit: type=# audit(#.#:#): apparmor=ALLOWED",
        ),
        cause="kernel: [881.1] Out of memory: Killed process 991 (java) total-vm:9811kB",
        told="Out of memory: Killed process",
    ),
    "windows": Kind(
        stamp=lambda at: f"{at:%m/%d/%Y %I:%M:%S %p} ",
        noise=(
            "Information Service Control Manager 7036 The ~ service entered the running state.",
            "Information Microsoft-Windows-Security 4624 An account was logged on: ~ #",
            "Warning DNS Client Events 1014 Name resolution for ~.local timed out",
        ),
        cause="Error Disk 7 The device, \\Device\\Harddisk1\\DR1, has a bad block.",
        told="has a bad block",
    ),
    "german": Kind(
        stamp=_iso,
        noise=(
            "Auftrag # von ~ angenommen",
            "Prüfung von ~ beendet: keine Fehler, 0 Fehler insgesamt",
            "Rechnung # an ~ verschickt in # ms",
        ),
        cause="Verbindung zum Drucker lager-3 fehlgeschlagen: Zertifikat abgelaufen",
        told="Zertifikat abgelaufen",
    ),
    "chinese": Kind(
        stamp=_iso,
        noise=("用户 ~ 登录成功 编号 #", "订单 # 已发送给 ~", "检查完成 没有错误 共 # 项"),
        cause="写入数据库失败 表 ledger 磁盘空间不足",
        told="磁盘空间不足",
    ),
    "spanish": Kind(
        stamp=_iso,
        noise=("Pedido # de ~ recibido", "Revisión de ~ terminada sin errores", "Correo # enviado"),
        cause="Fallo al abrir la base de datos ledger: permiso denegado",
        told="permiso denegado",
    ),
    "russian": Kind(
        stamp=_iso,
        noise=("Заказ # принят от ~", "Проверка ~ завершена без ошибок", "Письмо # отправлено"),
        cause="Не удалось открыть журнал ledger, сбой диска",
        told="сбой диска",
    ),
    "japanese": Kind(
        stamp=_iso,
        noise=("注文 # を受け付けました ~", "検査終了 エラーなし # 件", "~ に送信しました #"),
        cause="データベースへの接続に失敗しました 証明書の期限切れ",
        told="証明書の期限切れ",
    ),
    "french": Kind(
        stamp=_iso,
        noise=("Commande # de ~ reçue", "Contrôle de ~ terminé, aucune erreur", "Courriel # parti"),
        cause="Échec de la connexion au serveur ledger : certificat expiré",
        told="certificat expiré",
    ),
    "json lines": Kind(
        stamp=lambda at: f'{{"ts":"{at:%Y-%m-%dT%H:%M:%S}Z",',
        noise=(
            '"level":"info","msg":"request served","path":"/~","status":200,"error":null}',
            '"level":"info","msg":"job done","failed":0,"errors":[],"id":"@"}',
            '"level":"warn","msg":"retrying upstream","attempt":#}',
        ),
        cause='{"ts":"2026-03-02T09:05:00Z","level":"error","msg":"cannot load model",'
        '"error":"checksum of weights differs"}',
        told="checksum of weights differs",
    ),
    "logfmt": Kind(
        stamp=lambda at: f"time={at:%Y-%m-%dT%H:%M:%S}Z ",
        noise=(
            'level=info msg="query done" error_count=0 org=~ duration=#ms',
            'level=info msg="no errors found" shard=#',
            'level=warn msg="slow query" duration=#ms user=~',
        ),
        cause='time=2026-03-02T09:05:00Z level=error msg="tsdb lock held" err="lock owned by 9"',
        told="tsdb lock held",
    ),
    "syslog 5424": Kind(
        stamp=lambda at: f"<134>1 {at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z ",
        noise=(
            "edge-# haproxy # - - 10.0.#.#:# [~] ~/~ 0/0/#/# 200 #",
            'edge-# app # ID# [meta seq="#"] session @ opened for ~',
            "edge-# app # ID# - health check passed, errors=0",
        ),
        cause="<131>1 2026-03-02T09:05:00.000Z edge-4 app 91 ID9 - backend pay-2 has no addresses",
        told="backend pay-2 has no addresses",
    ),
    "interleaved": Kind(
        stamp=_none,
        noise=(
            "web.1     | GET /~ 200 #ms",
            "worker.2  | processed job @ in #ms (errors: 0)",
            "worker.1  | retry #/5 for job @ after timeout",
            "worker.1  | job @ succeeded on retry #",
            "clock.1   | tick #",
        ),
        cause="db.1      | fatal: data directory has wrong ownership",
        told="data directory has wrong ownership",
    ),
}
WORDS = (
    "alpha",
    "basket",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "harbor",
    "iris",
    "juniper",
)


def _filled(text: str, dice: random.Random) -> str:
    out: list[str] = []
    for char in text:
        if char == "#":
            out.append(str(dice.randrange(1, 250)))
        elif char == "@":
            out.append("".join(dice.choices(HEX, k=9)) + "7")
        elif char == "~":
            out.append(dice.choice(WORDS))
        else:
            out.append(char)
    return "".join(out)


def log_of(kind: Kind, place: float, seed: int) -> str:
    dice = random.Random(seed)  # noqa: S311 - no secret
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    lines: list[str] = []
    for number in range(N_LINES):
        at += timedelta(milliseconds=dice.randrange(10, 900))
        if number == int(place * N_LINES):
            has_own_stamp = kind.stamp is _none or kind.cause[:1] in "{<E" or "time=" in kind.cause
            lines.append(kind.cause if has_own_stamp else kind.stamp(at) + kind.cause)
        lines.append(kind.stamp(at) + _filled(dice.choice(kind.noise), dice))
    return "\n".join(lines)


@pytest.mark.parametrize("place", [0.03, 0.5, 0.97])
@pytest.mark.parametrize("name", KINDS)
def test_the_cause_is_in_a_thousand_tokens(name: str, place: float) -> None:
    kind = KINDS[name]
    stream = TextStream(name="log", text=log_of(kind, place, seed=len(name)))
    analysis = analyse({"log": (stream,)}, None, NOW)
    digest = build(analysis, budget_tokens=1000, zone=UTC, only_telling=False, max_entries=200)
    # Among many other lines that look alarming, it is one of the first two messages.
    assert any(kind.told in entry.quote for entry in digest.entries[:2])
    assert kind.told in digest.text
    assert digest.n_lines == N_LINES + 1 == digest.n_shown + digest.n_folded + digest.n_skipped

# ruff: noqa: RUF001 - letters of several scripts look alike
"""Levels as programs write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.skills.logs.alarm_words import BAD, DOUBTFUL, GRAVE, may_alarm
from bot.skills.logs.severity import Severity, severity_of


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("2026-11-21T08:15:02.113Z WARNING checkout slow", Severity.WARN),
        ("[Sun Dec 04 04:47:44 2005] [error] mod_jk child", Severity.ERROR),
        ('{"level":"fatal","msg":"x"}', Severity.FATAL),
        ("ts=1 level=info msg=started", Severity.INFO),
        ("E0102 15:04:05.123456 1 main.go:12] no route", Severity.ERROR),
        ("03-17 16:13:38.811 1702 2395 W WindowManager: x", Severity.WARN),
        ("2015-07-29 17:41:44,747 - INFO  [main] - An error was avoided", Severity.INFO),
        ("error: cannot find module", Severity.ERROR),
        ("kernel: Out of memory: Killed process 17", Severity.FATAL),
        ("Failed password for root", Severity.WARN),
        ("all 0 jobs done", Severity.INFO),
        ("write /var/x: No space left on device", Severity.WARN),
        ("pod checkout is in CrashLoopBackOff", Severity.WARN),
        ("accept4: too many open files", Severity.WARN),
        ("x509: certificate has expired", Severity.WARN),
        ("deadlock detected", Severity.WARN),
        ("session of user 7 expired", Severity.INFO),
        ("kernel.panic = 0", Severity.INFO),
        ("current error rate 0.00%", Severity.INFO),
        ("current error rate 0.04%", Severity.ERROR),
    ],
)
def test_a_line_has_its_stated_level_else_one_from_its_words(line: str, severity: Severity) -> None:
    assert severity_of(line) is severity


@pytest.mark.parametrize(
    "line",
    [
        "Process completed with exit code 1.",
        "= 45 failed, 162298 passed in 759.43s =",
        "FAIL test/config/get.ts (17 s)",
        "not ok 7 - parses",
        "\N{CROSS MARK} unit tests",
        "  \N{MULTIPLICATION X} saves the cart (20 ms)",
        "  1 failing",
        "PASSED: 3, FAILED: 2",
        "PASS tests/a.js but 3 failed",
        "error in main.go: it stopped",
    ],
)
def test_work_that_did_not_succeed_is_an_error(line: str) -> None:
    assert severity_of(line) is Severity.ERROR


@pytest.mark.parametrize("line", ["finished with 0 errors", "exit code 0", "no errors found"])
def test_the_absence_of_errors_is_no_error(line: str) -> None:
    assert severity_of(line) is Severity.INFO


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Verbindung zur Datenbank fehlgeschlagen", Severity.ERROR),
        ("Netzwerkfehler beim Lesen", Severity.ERROR),
        ("FEHLER:  Relation fehlt", Severity.ERROR),
        ("Zugriff verweigert", Severity.WARN),
        ("Échec de la connexion", Severity.ERROR),
        ("ERREUR:  relation absente", Severity.ERROR),
        ("La conexión falló", Severity.ERROR),
        ("no se pudo abrir el archivo", Severity.WARN),
        ("Falha ao abrir o arquivo", Severity.ERROR),
        ("Не удалось открыть файл", Severity.ERROR),
        ("ПРЕДУПРЕЖДЕНИЕ: места мало", Severity.WARN),
        ("критический сбой диска", Severity.FATAL),
        ("连接数据库失败", Severity.ERROR),
        ("请求超时", Severity.WARN),
        ("接続エラーが発生しました", Severity.ERROR),
        ("연결 실패", Severity.ERROR),
        ("[错误] 磁盘已满", Severity.ERROR),
        ('msg="tsdb closed" error="lock is owned"', Severity.ERROR),
        ("nie udało się połączyć z bazą danych", Severity.ERROR),
        ("Nem sikerült csatlakozni", Severity.ERROR),
        ("Yhteys epäonnistui", Severity.ERROR),
        ("Kết nối thất bại", Severity.ERROR),
        ("Αποτυχία σύνδεσης", Severity.ERROR),
        ("فشل الاتصال بقاعدة البيانات", Severity.ERROR),
        ("שגיאה בחיבור", Severity.ERROR),
        ("[信息] 上次失败后重试", Severity.INFO),
    ],
)
def test_failure_is_understood_in_other_languages(text: str, expected: Severity) -> None:
    assert severity_of(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "keine Fehler gefunden",
        "fertig ohne Fehler",
        "terminado sin errores",
        "terminé, aucune erreur",
        "завершено без ошибок",
        "检查完成 没有错误",
        "エラーなし",
        "query done error_count=0 rows=7",
        "summary: errors: 0, failed: 0",
        '"error":null,"path":"x"',
        "no errors found",
        "zadanie zakończone, błędów: 0",
        "订单处理成功,失败 0 条",
        "エラー数: 0",
        '"GET /errors/failed?fatal=1 HTTP/1.1" 200 12',
        'served "/errors/500.png" well',
        "looking for strerror.h",
        "compiled check_error.c",
    ],
)
def test_saying_that_nothing_failed_is_no_failure(text: str) -> None:
    assert severity_of(text) is Severity.INFO


@pytest.mark.parametrize(
    "line",
    [
        "2026-04-22T16:11:47.9324523Z         PASS [ 0.006s] (282/396) mycrate::panic poll",
        "        PASS [   0.01s] mycrate::panic handles_panic",
        "--- PASS: TestPanicRecovery/fatal_error (0.00s)",
        "ok  \tgithub.com/x/panic\t0.1s",
        "ok 91 - fatal case",
        "test errors::panic_1 ... ok",
        "test_error (pkg.test_fatal.Case) ... ok",
        "tests/test_errors.py::test_fatal_exit PASSED [ 59%]",
        "ErrorHandlerTest > handlesFatalError() PASSED",
        "  \N{CHECK MARK} handles fatal exception (3 ms)",
        "49/50 Test #49: error paths ...............   Passed    0.01 sec",
        "[  OK  ] Started Crash Reporter",
        "retry succeeded after 2 failed attempts",
        "reconnected to the broker after a timeout",
    ],
)
def test_a_thing_that_passed_does_not_alarm_by_its_name(line: str) -> None:
    assert severity_of(line) is Severity.INFO


@pytest.mark.parametrize(
    "line",
    [
        "ok so far, then a fatal error",
        "passed the wrong value: error",
        "okay it crashed",
        "panic: PASS is not set",
        "the panic is not OK with us",
        "recovered 3 parts after 2 failed checks: error",
    ],
)
def test_a_failure_that_speaks_of_passing_still_alarms(line: str) -> None:
    assert severity_of(line) >= Severity.ERROR


@pytest.mark.parametrize(
    "line",
    [
        "cc -Werror -Wfatal-errors -c panic.c -o panic.o",
        "running tool --no-error --fail-fast",
        "web1 : ok=41 changed=0 unreachable=0 failed=0",
    ],
)
def test_names_options_and_empty_counts_are_no_failure(line: str) -> None:
    assert severity_of(line) is Severity.INFO


def test_a_deprecation_is_a_warning_at_most() -> None:
    assert severity_of("npm warn deprecated foo@3: fatal bugs in old versions") is Severity.WARN


def test_a_count_that_begins_with_zero_is_not_nothing() -> None:
    assert severity_of("失败 0.5 秒") is Severity.ERROR
    assert severity_of("失败 12 条") is Severity.ERROR


@pytest.mark.parametrize("word", ["BAŞARISIZ", "başarısız", "başarısIz", "FAİLED"])
def test_letters_without_a_dot_are_no_hiding_place(word: str) -> None:
    assert may_alarm(word)


@given(st.one_of([st.from_regex(each) for each in (GRAVE, BAD, DOUBTFUL)]))
def test_the_quick_look_misses_no_word_of_failure(text: str) -> None:
    assert may_alarm(text)


def test_the_quick_look_spares_what_is_usual() -> None:
    assert not may_alarm("session 4711 opened for user alpha after 12 ms")

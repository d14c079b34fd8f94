"""The timeline shows errors where they were; the report counts every line."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta

from bot.messages import Actor, Request, ThreadRef
from bot.skills.logs.analysis import Analysis, Window, analyse
from bot.skills.logs.digest import build
from bot.skills.logs.files import attached
from bot.skills.logs.looked import Looked
from bot.skills.logs.marks import Marking, apply
from bot.skills.logs.report import report_of
from bot.skills.logs.scope import Scope
from bot.skills.logs.sources import TextStream
from bot.skills.logs.timeline import Timeline, timeline_of
from bot.skills.logs.timeline_chart import describe, draw

START = datetime(2026, 11, 21, 8, tzinfo=UTC)
END = START + timedelta(seconds=300)
WINDOW = Window(start=START, end=END, baseline_s=0.0)
REQUEST = Request(
    request_id="r1",
    text="why is `shop` failing?",
    actor=Actor(user_id="U1", team_id="T1", name="Maya"),
    thread=ThreadRef("C1", "1.0"),
    received_at=END,
)


def log(*, bad_from: int = 200, n_seconds: int = 300) -> str:
    lines: list[str] = []
    for second in range(n_seconds):
        at = f"{START + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S}Z"
        lines.append(f"{at} INFO app GET /x 200 {second} ms")
        if second >= bad_from:
            lines.append(f"{at} ERROR app pool exhausted, password=hunter2secret")
            lines.append("Traceback (most recent call last):")
            lines.append('  File "a.py", line 1, in x')
    return "\n".join(lines) + "\n"


def analysed(window: Window | None = WINDOW, /, **logs: str) -> Analysis:
    streams = {name: (TextStream(name=f"{name}.log", text=text),) for name, text in logs.items()}
    return analyse(streams, window, END)


def looked_at(analysis: Analysis) -> Looked:
    marking = Marking()
    return Looked(
        scope=Scope(services=("shop",)),
        marked=apply(marking, analysis),
        marking=marking,
        digest=build(analysis, budget_tokens=900, zone=UTC),
        zone=UTC,
    )


def seen(analysis: Analysis) -> Timeline:
    timeline = timeline_of(analysis)
    assert timeline is not None
    return timeline


def test_errors_are_counted_in_the_bins_they_were_written_in() -> None:
    timeline = seen(analysed(shop=log(), quiet=log(bad_from=300)))
    (series,) = timeline.series
    assert series.service == "shop"
    assert series.n_errors == 100
    first = next(index for index, count in enumerate(series.counts) if count)
    at = timeline.start_at + timedelta(seconds=timeline.bin_s * first)
    assert abs((at - START).total_seconds() - 200) <= timeline.bin_s


def test_rates_are_lines_per_named_unit() -> None:
    timeline = seen(analysed(shop=log()))
    rates = timeline.rates(timeline.series[0])
    assert timeline.per_s == 1
    assert max(rates) <= 1.5
    assert abs(sum(rates) * timeline.bin_s - 100) < 1e-6


def test_few_errors_steady_errors_or_no_times_are_nothing_to_see() -> None:
    assert timeline_of(analysed(shop=log(bad_from=297))) is None
    assert timeline_of(analysed(shop=log(bad_from=0))) is None
    assert timeline_of(analysed(None, shop="ERROR a\n" * 50)) is None
    assert timeline_of(analysed(None, shop="")) is None


def test_a_text_without_a_window_is_shown_from_its_first_to_its_last_line() -> None:
    timeline = seen(analysed(None, shop=log()))
    assert timeline.start_at == START
    assert timeline.series[0].n_errors >= 95


def test_many_services_become_few_lines_and_no_error_is_lost() -> None:
    timeline = seen(analysed(**{f"s{n}": log(bad_from=200 + n) for n in range(9)}))
    assert len(timeline.series) == 6
    assert timeline.series[-1].service == "4 others"
    assert sum(each.n_errors for each in timeline.series) == sum(100 - n for n in range(9))


def test_the_picture_is_a_png_of_a_readable_size() -> None:
    from matplotlib.image import imread

    content = draw(seen(analysed(shop=log(), **{"_odd$name": log(bad_from=250)})), UTC)
    height, width = imread(io.BytesIO(content), format="png").shape[:2]
    assert content.startswith(b"\x89PNG")
    assert (width, height) >= (800, 300)


def test_the_description_says_who_when_and_how_much() -> None:
    words = describe(seen(analysed(shop=log())), UTC)
    assert words.startswith("Error lines per second from 08:00:00 to 08:05:00 (UTC).")
    assert "shop: 100 error lines, most at 08:03" in words


def test_the_report_counts_every_line_and_quotes_every_finding() -> None:
    analysis = analysed(shop=log())
    text = report_of(looked_at(analysis), "why?", "Maya", END)
    rows = re.findall(r"^\| ([^|]+) \| ([\d,]+) \|$", text, re.MULTILINE)
    counts = [int(count.replace(",", "")) for _, count in rows]
    assert rows[-1][0] == "all lines of the window"
    assert sum(counts[:-1]) == counts[-1] == analysis.n_lines == 600
    assert min(counts) >= 0
    assert "shop.log:" in text
    assert "pool exhausted" in text
    assert "hunter2secret" not in text


def test_the_same_look_gives_the_same_report() -> None:
    first = report_of(looked_at(analysed(shop=log())), "why?", "Maya", END)
    assert report_of(looked_at(analysed(shop=log())), "why?", "Maya", END) == first


def test_a_line_in_the_report_cannot_end_its_block() -> None:
    text = report_of(looked_at(analysed(None, a="ERROR ```\u2028# not a title\n")), "x", "y", END)
    assert "\n# not a title" not in text


def test_files_have_safe_names_and_the_picture_has_words() -> None:
    files = attached(REQUEST, looked_at(analysed(**{"../shop log": log()}))).make()
    picture, report = files
    assert picture.name == "errors-shop-log-20261121-080500.png"
    assert picture.alt_text
    assert report.name == "log-report-shop-log-20261121-080500.md"
    assert report.content.startswith(b"# Log report: ../shop log")


def test_without_anything_to_see_the_report_comes_alone() -> None:
    (report,) = attached(REQUEST, looked_at(analysed(shop=log(bad_from=297)))).make()
    assert report.name.endswith(".md")

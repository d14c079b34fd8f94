from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from bot.benchmarks.errors import BenchmarkError
from bot.benchmarks.llama_bench import LlamaBench, parse_rates
from inference.backends.options import KvType, LlamaOptions

TESTS = [
    {"n_prompt": 512, "n_gen": 0, "avg_ts": 120.5, "samples_ts": [120.5]},
    {"n_prompt": 0, "n_gen": 128, "avg_ts": 30.25},
]


def bench(program: Path) -> LlamaBench:
    return LlamaBench(
        program=program,
        model=Path("m.gguf"),
        options=LlamaOptions(n_threads=3, kv_type_k=KvType.Q8_0, repack_weights=True),
        n_prefill=515,
        n_decode=64,
        n_chunk=128,
    )


def program(folder: Path, script: str) -> Path:
    path = folder / "llama-bench"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_it_runs_with_the_settings_of_our_engine() -> None:
    arguments = bench(Path("llama-bench")).arguments()
    chosen = dict(zip(arguments[::2], arguments[1::2], strict=True))
    assert chosen == {
        "-m": "m.gguf",
        "-p": "515",
        "-n": "64",
        "-t": "3",
        "-b": "128",
        "-ub": "128",
        "-ctk": "q8_0",
        "-ctv": "f16",
        "-fa": "auto",
        "-ngl": "-1",
        "-mg": "0",
        "-ts": "0",
        "--repack": "1",
        "-r": "1",
        "-o": "json",
    }


async def test_its_rates_are_read_from_what_it_prints(tmp_path: Path) -> None:
    printed = tmp_path / "printed.json"
    printed.write_text(json.dumps(TESTS), encoding="utf-8")
    rates = await bench(program(tmp_path, f"cat '{printed}'")).measure()
    assert (rates.prefill_per_s, rates.decode_per_s) == (120.5, 30.25)


async def test_a_program_that_fails_is_quoted(tmp_path: Path) -> None:
    failing = bench(program(tmp_path, "echo no such quant >&2; exit 3"))
    with pytest.raises(BenchmarkError, match="llama-bench failed: no such quant"):
        await failing.measure()
    with pytest.raises(BenchmarkError, match=r"cannot be run: No such file"):
        await bench(tmp_path / "missing").measure()


def test_output_of_something_else_is_refused() -> None:
    with pytest.raises(BenchmarkError, match="printed no results: usage"):
        parse_rates(b"usage: llama-bench")
    with pytest.raises(BenchmarkError, match="ran 1 tests instead of two"):
        parse_rates(json.dumps(TESTS[:1]).encode())

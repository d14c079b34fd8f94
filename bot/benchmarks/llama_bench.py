"""llama.cpp's own llama-bench, run with the settings that our engine runs with."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from inference.backends.options import LlamaOptions

from .errors import BenchmarkError

_WITHIN_S = 900.0
_N_QUOTED = 500


class _Test(BaseModel):
    n_prompt: int
    n_gen: int
    avg_ts: float


_TESTS = TypeAdapter(list[_Test])


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRates:
    """Tokens a second."""

    prefill_per_s: float
    decode_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LlamaBench:
    """A way to call the program.

    Attributes:
        n_chunk: Rows per call and per computation, as our engine's prefill has them.
    """

    program: Path
    model: Path
    options: LlamaOptions
    n_prefill: int
    n_decode: int
    n_chunk: int

    def arguments(self) -> list[str]:
        """Its arguments: one repetition after its own warm-up, JSON on standard output."""
        options = self.options
        values = {
            "-m": self.model,
            "-p": self.n_prefill,
            "-n": self.n_decode,
            "-t": options.threads,
            "-b": self.n_chunk,
            "-ub": self.n_chunk,
            "-ctk": options.kv_type_k.value,
            "-ctv": options.kv_type_v.value,
            "-fa": options.flash_attention.value,
            "-ngl": options.n_gpu_layers,
            "-mg": options.main_gpu,
            "-ts": "/".join(f"{share:g}" for share in options.tensor_split) or "0",
            "--repack": int(options.repack_weights),
            "-r": 1,
            "-o": "json",
        }
        return [str(word) for pair in values.items() for word in pair]

    async def measure(self) -> BenchRates:
        """Run it once.

        Raises:
            BenchmarkError: It cannot be run, failed, took too long or printed something else.
        """
        return parse_rates(await _output([str(self.program), *self.arguments()]))


def parse_rates(output: bytes) -> BenchRates:
    """Read what the program printed.

    Raises:
        BenchmarkError: It is not the JSON of one prefill and one decode test.
    """
    try:
        tests = _TESTS.validate_json(output)
    except ValidationError as exc:
        raise BenchmarkError(f"llama-bench printed no results: {_quoted(output)}") from exc
    prefill = [test.avg_ts for test in tests if test.n_prompt and not test.n_gen]
    decode = [test.avg_ts for test in tests if test.n_gen and not test.n_prompt]
    if len(prefill) != 1 or len(decode) != 1:
        raise BenchmarkError(f"llama-bench ran {len(tests)} tests instead of two")
    return BenchRates(prefill_per_s=prefill[0], decode_per_s=decode[0])


async def _output(command: Sequence[str]) -> bytes:
    pipe = asyncio.subprocess.PIPE
    try:
        process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise BenchmarkError(f"{command[0]} cannot be run: {reason}") from exc
    try:
        async with asyncio.timeout(_WITHIN_S):
            output, errors = await process.communicate()
    except TimeoutError as exc:
        raise BenchmarkError(f"llama-bench did not end within {_WITHIN_S:g} s") from exc
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise BenchmarkError(f"llama-bench failed: {_quoted(errors)}")
    return output


def _quoted(output: bytes) -> str:
    return output.decode(errors="replace").strip()[-_N_QUOTED:] or "it wrote nothing"

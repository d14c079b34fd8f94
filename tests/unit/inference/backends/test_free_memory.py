from __future__ import annotations

from pathlib import Path

import psutil

from inference.backends.free_memory import available_bytes, total_bytes


def cgroup(folder: Path, limit: str, used: str, cached: str = "inactive_file 0") -> Path:
    (folder / "memory.max").write_text(f"{limit}\n", encoding="ascii")
    (folder / "memory.current").write_text(f"{used}\n", encoding="ascii")
    (folder / "memory.stat").write_text(f"anon 5\n{cached}\n", encoding="ascii")
    return folder


def test_a_container_may_take_no_more_than_its_limit(tmp_path: Path) -> None:
    limited = cgroup(tmp_path, "1000000", "700000")
    assert available_bytes(limited) == 300_000
    assert total_bytes(limited) == 1_000_000


def test_cached_files_count_as_free(tmp_path: Path) -> None:
    assert available_bytes(cgroup(tmp_path, "1000000", "900000", "inactive_file 400000")) == 500_000


def test_without_a_limit_the_machine_is_the_limit(tmp_path: Path) -> None:
    for folder in (cgroup(tmp_path, "max", "7"), tmp_path / "nothing"):
        assert available_bytes(folder) > 0
        assert total_bytes(folder) == psutil.virtual_memory().total


def test_over_the_limit_nothing_is_free(tmp_path: Path) -> None:
    assert available_bytes(cgroup(tmp_path, "1000", "2000")) == 0

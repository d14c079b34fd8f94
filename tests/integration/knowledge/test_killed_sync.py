"""A sync killed by the system, at any moment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from knowledge import FolderSource, KnowledgeBase, SyncBusyError
from knowledge.hash_embedder import HashEmbedder

_N_PAGES = 200
_ROOT = Path(__file__).parents[3]
_PROGRAM = "tests.integration.knowledge.killed_sync"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(_N_PAGES):
        text = f"# Page {number}\n\nThe number of this page is word{number}.\n"
        (folder / f"{number:03}.md").write_text(text)
    return folder


def started(home: Path, docs: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", _PROGRAM, str(home), str(docs)],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def killed_at(home: Path, docs: Path, line: str) -> None:
    """Start a sync and kill it when its progress says this."""
    with started(home, docs) as process:
        assert process.stdout is not None
        for shown in process.stdout:
            if shown.startswith(line):
                break
        else:
            pytest.fail(f"{line!r} was never shown")
        process.kill()


async def test_a_killed_first_sync_is_gone_on_with(tmp_path: Path, docs: Path) -> None:
    home = tmp_path / "kb"
    killed_at(home, docs, "embedding 96 ")
    base = KnowledgeBase(home, HashEmbedder())
    assert (await base.search("word7")).hits == ()
    report = await base.sync([])
    assert (report.n_documents, report.n_chunks) == (_N_PAGES, _N_PAGES)
    assert 0 < report.n_embedded <= _N_PAGES - 96
    assert (await base.search("word7", 1)).hits[0].path == "007.md"
    await base.close()


@pytest.mark.parametrize("moment", ["reading 50 ", "embedding 32 ", "writing 0 "])
async def test_the_old_index_serves_after_a_kill_and_the_next_sync_completes(
    tmp_path: Path, docs: Path, moment: str
) -> None:
    home = tmp_path / "kb"
    base = KnowledgeBase(home, HashEmbedder())
    (docs / "sub").mkdir()
    (docs / "sub" / "old.md").write_text("# Old\n\nThis was here before.\n")
    await base.sync([FolderSource(docs / "sub")])
    killed_at(home, docs, moment)
    assert (await base.search("here before", 1)).hits[0].path == "old.md"
    report = await base.sync([FolderSource(docs)])
    assert report.n_documents == _N_PAGES + 2
    assert (await base.search("word7", 1)).hits[0].path == "007.md"
    (generation,) = [one for one in (home / "generations").iterdir() if one.name == _current(home)]
    assert len(list((home / "generations").iterdir())) <= 2
    assert (generation / "manifest.json").is_file()
    await base.close()


def _current(home: Path) -> str:
    return (home / "current").read_text().strip()


async def test_a_sync_in_another_process_is_busy_work(tmp_path: Path, docs: Path) -> None:
    home = tmp_path / "kb"
    base = KnowledgeBase(home, HashEmbedder())
    with started(home, docs) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        with pytest.raises(SyncBusyError, match="another sync of this knowledge base is running"):
            await base.sync([FolderSource(docs)])
        process.kill()
    assert (await base.sync([FolderSource(docs)])).n_documents == _N_PAGES
    await base.close()

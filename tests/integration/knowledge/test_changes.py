"""Documents that come, change and go: an index patched again and again misses none of them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from knowledge import FolderSource, KnowledgeBase
from knowledge.hash_embedder import HashEmbedder
from knowledge.retriever import Methods

_WORDS = [f"word{number}" for number in range(200)]
_N_DOCUMENTS = 40
_BY_WORDS = Methods(meaning=False)


class Folder:
    """Files that each hold one word of their own."""

    def __init__(self, place: Path, rng: random.Random) -> None:
        self._place = place
        self._rng = rng
        self._n_written = 0
        self.own: dict[str, str] = {}
        self.gone: set[str] = set()

    def write(self, name: str) -> None:
        self._forget(name)
        self._n_written += 1
        self.own[name] = "zq" + "".join("abcdefghij"[int(n)] for n in f"{self._n_written:03}") + "q"
        filler = " ".join(self._rng.choices(_WORDS, k=120))
        (self._place / name).write_text(f"# {name}\n\n{filler}\n\nThe {self.own[name]} runs.\n")

    def delete(self, name: str) -> None:
        self._forget(name)
        (self._place / name).unlink()

    def _forget(self, name: str) -> None:
        if name in self.own:
            self.gone.add(self.own.pop(name))


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_change_is_found_and_nothing_that_is_gone(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    docs = tmp_path / "docs"
    docs.mkdir()
    folder = Folder(docs, rng)
    names = [f"d{number}.md" for number in range(_N_DOCUMENTS)]
    for name in names:
        folder.write(name)
    base = KnowledgeBase(tmp_path / "kb", HashEmbedder(2048))
    await base.sync([FolderSource(docs)])
    for _ in range(8):
        for name in rng.sample(names, 2):
            folder.write(name)
        folder.delete(rng.choice(list(folder.own)))
        report = await base.sync([FolderSource(docs)])
        assert report.n_documents == len(folder.own)
        for name, word in folder.own.items():
            for methods in (Methods(), _BY_WORDS):
                found = await base.search(word, 1, methods=methods)
                assert [hit.path for hit in found.hits] == [name]
        for word in folder.gone:
            assert not (await base.search(word, 1, methods=_BY_WORDS)).hits
    assert not (await base.status()).trouble
    await base.close()

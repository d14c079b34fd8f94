"""A git repository as a source, with the real program and repositories on disk."""

from __future__ import annotations

import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from knowledge import OWNER, KnowledgeBase, SourceError
from knowledge.documents import Document
from knowledge.hash_embedder import HashEmbedder
from knowledge.sources.git import GitSource
from knowledge.sources.git_program import Git, without_credentials


class Repository:
    """One that others are cloned from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, at: str = "2024-01-01T00:00:00Z") -> None:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        subprocess.run(
            ["env", f"GIT_COMMITTER_DATE={at}", "git", *who, *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
        )

    def commit(self, path: str, text: str, at: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-qm", "change", at=at)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "remote")
    made.commit("docs/pool.md", "# Pool\n\nEnd idle sessions.\n", "2024-01-01T00:00:00Z")
    made.commit("docs/ü b.md", "# Backup\n\nEvery night.\n", "2024-02-01T00:00:00Z")
    made.commit("notes.md", "# Notes\n\nOthers.\n", "2024-03-01T00:00:00Z")
    return made


def source(repository: Repository, tmp_path: Path, under: str = "", branch: str = "") -> GitSource:
    return GitSource(
        name="ops docs",
        remote=f"file://{repository.folder}",
        checkouts=tmp_path / "git",
        under=under,
        branch=branch,
    )


def documents(from_: GitSource) -> dict[str, Document]:
    return {one.path: one for one in from_.read({}) if isinstance(one, Document)}


def test_documents_carry_the_time_of_their_last_commit(
    repository: Repository, tmp_path: Path
) -> None:
    found = documents(source(repository, tmp_path))
    assert {path: one.metadata.updated_at for path, one in found.items()} == {
        "docs/pool.md": datetime(2024, 1, 1, tzinfo=UTC),
        "docs/ü b.md": datetime(2024, 2, 1, tzinfo=UTC),
        "notes.md": datetime(2024, 3, 1, tzinfo=UTC),
    }


def test_a_folder_of_a_branch_follows_its_commits(repository: Repository, tmp_path: Path) -> None:
    from_ = source(repository, tmp_path, under="docs", branch="main")
    assert set(documents(from_)) == {"pool.md", "ü b.md"}
    repository.commit("docs/pool.md", "# Pool\n\nNew advice.\n", "2024-04-01T00:00:00Z")
    repository.git("rm", "-q", "docs/ü b.md")
    repository.git("commit", "-qm", "gone", "--amend")
    found = documents(from_)
    assert set(found) == {"pool.md"}
    assert "New advice" in found["pool.md"].text


def test_a_damaged_checkout_is_made_anew(repository: Repository, tmp_path: Path) -> None:
    from_ = source(repository, tmp_path)
    documents(from_)
    (checkout,) = (one for one in (tmp_path / "git").iterdir() if one.is_dir())
    (checkout / ".git" / "index.lock").touch()
    (checkout / ".git" / "index").write_bytes(b"garbage")
    assert len(documents(from_)) == 3
    (checkout / ".git" / "HEAD").write_text("garbage")
    assert len(documents(from_)) == 3


def test_links_and_hooks_of_a_repository_do_nothing(repository: Repository, tmp_path: Path) -> None:
    (repository.folder / "leak.md").symlink_to("/etc/passwd")
    repository.commit(".gitattributes", "*.md filter=evil\n", "2024-05-01T00:00:00Z")
    found = {one.path: one for one in source(repository, tmp_path).read({})}
    assert not isinstance(found["leak.md"], Document)
    assert len(documents(source(repository, tmp_path))) == 3


@pytest.mark.parametrize(
    ("remote", "reason"),
    [
        ("https://me:s3cret@127.0.0.1:9/x.git", "its server does not answer"),
        ("file:///nowhere/at/all", "there is no such repository"),
        ("ext::sh -c true", "its kind of address is not allowed"),
        ("--upload-pack=true", "blocked"),
    ],
)
def test_a_remote_that_cannot_be_read_is_an_error_without_credentials(
    remote: str, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceError, match=reason) as caught:
        list(GitSource(name="x", remote=remote, checkouts=tmp_path).read({}))
    assert "s3cret" not in str(caught.value)


def test_missing_branches_and_folders_are_named(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such branch"):
        documents(source(repository, tmp_path, branch="nope"))
    for under in ("nope", "../.."):
        with pytest.raises(SourceError, match="it has no folder"):
            documents(source(repository, tmp_path, under=under))


def test_git_ends_at_its_time_limit(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        remote = f"http://127.0.0.1:{silent.getsockname()[1]}/x.git"
        from_ = GitSource(name="x", remote=remote, checkouts=tmp_path, git=Git(remote, limit_s=1.0))
        with pytest.raises(SourceError, match="git took longer than 1 s"):
            list(from_.read({}))


def test_addresses_lose_what_stands_before_the_host() -> None:
    text = "fatal: https://u:p@h/x and ssh://git@h/y"
    assert without_credentials(text) == "fatal: https://h/x and ssh://h/y"


async def test_what_was_read_is_still_found_when_the_remote_is_gone(
    repository: Repository, tmp_path: Path
) -> None:
    base = KnowledgeBase(tmp_path / "kb", HashEmbedder(64))
    await base.open()
    try:
        first = await base.sync([source(repository, tmp_path)])
        assert first.n_documents == 3
        repository.folder.rename(tmp_path / "gone")
        second = await base.sync([source(repository, tmp_path)])
        assert "no such repository" in second.sources[0].trouble
        assert second.n_documents == 3
        found = await base.search("idle sessions", reader=OWNER)
        assert "docs/pool.md" in {hit.path for hit in found.hits}
    finally:
        await base.close()

"""The index that questions are scored on: made once per folder of documents, then kept."""

from __future__ import annotations

import hashlib
from pathlib import Path


def index_folder(home: Path, documents: Path) -> Path:
    """Where the index of these documents is kept.

    Args:
        home: The bot's data directory.
        documents: The folder that is indexed.
    """
    digest = hashlib.sha256(str(documents.resolve()).encode()).hexdigest()[:12]
    return home / "evaluation" / f"knowledge-{digest}"


def question_files(data: Path, named: Path | None) -> list[Path]:
    """The files of labelled questions: the one named, else all beside the documents.

    Raises:
        FileNotFoundError: There are none.
    """
    if named is not None:
        return [named]
    files = sorted((data / "kb-eval").glob("*.jsonl"))
    if not files:
        raise FileNotFoundError(f"{data} has no kb-eval/*.jsonl; name a file with --questions")
    return files

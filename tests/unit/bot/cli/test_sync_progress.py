"""What the bar of a sync says."""

from __future__ import annotations

from bot.cli.sync_progress import unit_of
from knowledge import SyncProgress, SyncStage


def test_embedding_says_passages_documents_and_speed() -> None:
    progress = SyncProgress(
        stage=SyncStage.EMBEDDING, done=64, total=500, n_documents=40, n_tokens=12_000
    )
    assert unit_of(progress, 4.0) == "passages of 40 documents, 3,000 tokens/s"
    assert unit_of(progress, 0.0) == "passages of 40 documents"


def test_reading_says_documents() -> None:
    progress = SyncProgress(stage=SyncStage.READING, done=7, total=7)
    assert unit_of(progress, 0.0) == "documents"

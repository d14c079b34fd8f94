"""What others may import."""

from __future__ import annotations

from bot import workspace


def test_the_package_offers_these_names() -> None:
    assert workspace.__all__ == ["Timing", "Workspace", "running_workspace"]

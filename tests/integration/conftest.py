"""Real models for the tests that need them: pulled once, kept outside the checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import load_settings
from inference.models.catalog import find
from inference.models.errors import ModelError
from inference.models.pull import pull, sources_for


def _pulled(name: str, models_dir: Path) -> Path:
    """A verified model file; without one the test is skipped, and says why."""
    try:
        return pull(find(name), models_dir, sources=sources_for("auto")).path
    except ModelError as exc:
        pytest.skip(str(exc))


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The folder that the bot itself uses; `OPSBOT_MODELS_DIR` chooses another."""
    return load_settings().models_dir


@pytest.fixture(scope="session")
def smollm2(models_dir: Path) -> Path:
    """A real generating model that is small enough for tests, 98 MB."""
    return _pulled("smollm2-135m", models_dir)


@pytest.fixture(scope="session")
def qwen_small(models_dir: Path) -> Path:
    """The smallest model whose answers are worth reading, 491 MB."""
    return _pulled("qwen2.5-coder-0.5b", models_dir)


@pytest.fixture(scope="session")
def minilm(models_dir: Path) -> Path:
    """The embedding model, 46 MB."""
    return _pulled("all-minilm-l6-v2", models_dir)

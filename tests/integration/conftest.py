from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import load_settings


@pytest.fixture(scope="session")
def smollm2_path() -> Path:
    """A real generating model that is small enough for tests."""
    path = load_settings().models_dir / "SmolLM2-135M-Instruct.Q4_1.gguf"
    if not path.is_file():
        pytest.skip(f"{path} is missing; pull the model smollm2-135m to run this test")
    return path

"""`opsbot route` as a script runs it: standard output holds the answer and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.model


def test_what_the_encoder_logs_while_it_loads_is_not_in_the_answer(
    tmp_path: Path, minilm: Path
) -> None:
    asked = [sys.executable, "-m", "bot", "route", "how do we fail over?", "--json"]
    done = subprocess.run(
        asked,
        cwd=tmp_path,
        env=os.environ | {"OPSBOT_HOME": str(tmp_path), "OPSBOT_INFERENCE__ENCODER": str(minilm)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert json.loads(done.stdout)["intent"] == "knowledge"

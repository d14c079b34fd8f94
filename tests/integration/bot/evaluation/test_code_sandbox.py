from __future__ import annotations

from pathlib import Path

import pytest

from bot.evaluation.code_case import CodeCase, read_cases
from bot.evaluation.code_check import check_answer
from bot.evaluation.code_sandbox import run_inside, sandbox_fault
from bot.skills.code.languages import Language

pytestmark = pytest.mark.skipif(bool(sandbox_fault()), reason=sandbox_fault())
_CASES = [each for each in read_cases() if each.language in (Language.BASH, Language.PYTHON)]


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_an_executed_answer_is_judged_by_what_it_does(case: CodeCase) -> None:
    right = check_answer(case, case.right)
    assert (right.passed, right.reason) == (True, "")
    wrong = check_answer(case, case.wrong)
    assert wrong.passed is False
    assert wrong.reason


def test_an_answer_sees_neither_the_home_nor_the_network_and_writes_nothing_outside(
    tmp_path: Path,
) -> None:
    outside = tmp_path / "outside"
    root = tmp_path / "root"
    (root / "work").mkdir(parents=True)
    code = f"ls /home; echo x > {outside}; echo x > /usr/x; cat /proc/net/dev; echo y > /work/y"
    ran = run_inside(("/bin/bash", "-c", code), root, cwd="/work")
    assert not outside.exists()
    assert "cannot access '/home'" in ran.errors
    assert "Read-only file system" in ran.errors
    assert "eth" not in ran.output
    assert (root / "work" / "y").read_text("utf-8") == "y\n"


def test_what_fills_the_disk_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    ran = run_inside(("/bin/bash", "-c", "head -c 1G /dev/zero"), tmp_path, cwd="/work")
    assert ran.code != 0
    assert len(ran.output) <= 1_000_000

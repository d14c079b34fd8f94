from __future__ import annotations

import re
from pathlib import Path

from runbooks.lint import lint
from runbooks.loader import parse
from runbooks.policy_loader import parse_policy
from runbooks.schema import Risk

PAGE = Path(__file__).parents[3] / "docs" / "runbooks.md"
POLICY_PAGE = PAGE.with_name("policy.md")


def test_the_documented_example_is_a_runbook() -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    runbook = parse(example.group(1).encode(), Path("example.yaml"))
    assert (runbook.name, len(runbook.steps)) == ("queue-backlog", 3)


def test_the_documented_markdown_is_a_runbook() -> None:
    example = re.search(r"````markdown\n(.*?)````", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    runbook = parse(example.group(1).encode(), Path("stuck-worker.md"))
    assert [step.risk for step in runbook.steps] == [Risk.READ_ONLY, Risk.MEDIUM]
    assert [parameter.name for parameter in runbook.parameters] == ["unit"]


def test_every_documented_runbook_has_no_doubts(tmp_path: Path) -> None:
    found = re.findall(r"```yaml\n(name: .*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(found) == 2
    for number, text in enumerate(found):
        (tmp_path / f"{number}.yaml").write_text(text, encoding="utf-8")
    assert [str(finding) for finding in lint([tmp_path]).findings] == []


def test_the_documented_policy_is_a_policy() -> None:
    example = re.search(r"```yaml\n(.*?)```", POLICY_PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    policy = parse_policy(example.group(1).encode(), POLICY_PAGE, "T1")
    assert (len(policy.rules), len(policy.freezes)) == (3, 2)
    assert policy.solo is not None
    assert policy.break_glass is not None

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks.lint import Severity, lint

GOOD = """\
name: plants
title: Water the plants
version: 1
summary: s
parameters:
  pot: {type: string, description: which one, pattern: '[a-z]+'}
steps:
  - id: look
    title: Look at {{ pot }}
    risk: read_only
    run: {argv: [ls, -l, "{{ pot }}"]}
  - id: water
    title: Water it
    risk: medium
    when: {step: look}
    preview: {argv: [ls, -l]}
    run: {argv: [systemctl, restart, pump]}
    verify: {argv: [systemctl, is-active, pump]}
"""


def _warnings(folder: Path, text: str) -> list[tuple[int, str]]:
    path = folder / "plants.yaml"
    path.write_text(text)
    return [(found.line, found.message) for found in lint([path]).of(Severity.WARNING)]


def test_a_good_runbook_has_no_findings(tmp_path: Path) -> None:
    path = tmp_path / "plants.yaml"
    path.write_text(GOOD)
    report = lint([path])
    assert report.findings == ()
    assert [runbook.name for runbook in report.runbooks] == ["plants"]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        (
            "preview: {argv: [ls, -l]}",
            "preview: {argv: [gauge, --all]}",
            12,
            "preview runs gauge, which is not known",
        ),
        ("run: {argv: [ls, -l,", "run: {argv: [gauge,", 8, "run runs gauge, which is not known"),
        (
            "    verify: {argv: [systemctl, is-active, pump]}\n",
            "",
            12,
            "neither verify nor rollback",
        ),
        ("  pot:", "  can: {type: string, description: d}\n  pot:", 6, "'can' is not used"),
        ("{step: look}", "{step: look, outcome: failed}", 12, "when 'look' fails, the run ends"),
        ("{step: look}", "{step: look, outcome: skipped}", 12, "it is never skipped"),
        ('argv: [ls, -l, "{{ pot }}"]', "wait: {seconds: 1}", 6, "'pot' is not used"),
    ],
)
def test_what_is_doubtful_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    text = GOOD.replace(old, new, 1)
    if "wait:" in new:
        text = text.replace("Look at {{ pot }}", "Look")
    assert any(at == line and message in found for at, found in _warnings(tmp_path, text)), (
        _warnings(tmp_path, text)
    )


def test_a_condition_on_output_that_does_not_exist_never_holds(tmp_path: Path) -> None:
    text = GOOD.replace('argv: [ls, -l, "{{ pot }}"]', "wait: {seconds: 1}").replace(
        "{step: look}", "{step: look, expect: {output: x}}"
    )
    assert (12, "step 'water': it never runs: 'look' has no output to compare") in _warnings(
        tmp_path, text
    )


def test_a_failure_that_is_gone_past_can_be_a_condition(tmp_path: Path) -> None:
    text = GOOD.replace("{step: look}", "{step: look, outcome: failed}").replace(
        "    risk: read_only\n", "    risk: read_only\n    continue_on_failure: true\n"
    )
    assert _warnings(tmp_path, text) == []


def test_markdown_counts_with_lines_of_its_own_and_prose_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "---\nname: a\ndescription: d\nparameters:\n  pot: {type: string, description: p}\n---\n"
        "```sh\nls\n```\n"
    )
    (tmp_path / "b.md").write_text("# prose\n")
    (tmp_path / "c.yaml").write_text("name: C\n")
    report = lint([tmp_path])
    assert [(f.path.name, f.line) for f in report.of(Severity.WARNING)] == [("a.md", 5)]
    assert [f.path.name for f in report.of(Severity.NOTE)] == ["b.md"]
    assert {f.path.name for f in report.of(Severity.FAULT)} == {"c.yaml"}

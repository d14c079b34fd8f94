"""Ansible itself, on this machine: check mode changes nothing, playbooks get their variables."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from runbooks.actions.ansible import AnsibleRunner, ansible_program
from runbooks.actions.base import ActionContext, ActionResult, collect
from runbooks.actions.kinds import AnsibleAction
from runbooks.targets import AnsibleTarget, Targets

PLAYBOOK = """\
- hosts: all
  gather_facts: false
  tasks:
    - name: write
      ansible.builtin.copy:
        content: "{{ words }}"
        dest: "{{ path }}"
"""


async def run(action: AnsibleAction, targets: Targets | None = None) -> ActionResult:
    name = ansible_program(action)
    program = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if program is None:
        pytest.skip("Ansible is not installed")
    context = ActionContext(executables={name: program})
    return await collect(AnsibleRunner(targets or Targets()), action, context)


async def test_check_mode_says_what_would_change_and_changes_nothing(tmp_path: Path) -> None:
    made = tmp_path / "made"
    arguments = {"path": str(made), "state": "directory"}
    checked = await run(AnsibleAction(module="file", arguments=arguments, check=True))
    assert checked.ok, checked.output
    assert "CHANGED" in checked.output
    assert not made.exists()
    done = await run(AnsibleAction(module="file", arguments=arguments))
    assert done.ok, done.output
    assert made.is_dir()


async def test_a_playbook_runs_on_the_targets_inventory(tmp_path: Path) -> None:
    playbook, inventory, made = (tmp_path / name for name in ("play.yml", "hosts", "made"))
    playbook.write_text(PLAYBOOK)
    inventory.write_text(
        f"here ansible_connection=local ansible_python_interpreter={sys.executable}\n"
    )
    action = AnsibleAction(
        playbook=str(playbook),
        arguments={"words": "a b; $(id) 'c'", "path": str(made)},
        target="fleet",
        limit="here",
    )
    targets = Targets(by_name={"fleet": AnsibleTarget(inventory=inventory)})
    result = await run(action, targets)
    assert result.ok, result.output
    assert made.read_text() == "a b; $(id) 'c'"


async def test_a_template_in_a_value_runs_nothing(tmp_path: Path) -> None:
    made = tmp_path / "made"
    value = f"{{{{ lookup('pipe', 'touch {made}') }}}}"
    result = await run(AnsibleAction(module="debug", arguments={"msg": value}))
    assert "template marks" in result.detail
    assert not made.exists()

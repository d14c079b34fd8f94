from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.messages import ThreadRef
from bot.skills.runbook.orders import UseRunbook
from bot.slack.parameter_modal import form_faults, parameter_modal, read_parameters, with_defaults
from runbooks.loader import parse
from runbooks.schema import Runbook

RUNBOOK = b"""\
name: move-work
title: Move <!channel> work
version: 1
summary: s
parameters:
  unit: {type: string, description: systemd unit, pattern: '[a-z.]{1,60}'}
  stage: {type: string, description: where, choices: [production, staging], default: staging}
  pid: {type: integer, description: process, minimum: 2, maximum: 99999, unit: "#"}
  force: {type: boolean, description: whether, default: false}
steps:
  - id: go
    title: Go
    risk: medium
    run: {argv: [systemctl, restart, "{{ unit }}", "{{ stage }}", "{{ pid }}", "{{ force }}"]}
"""
THREAD = ThreadRef("C1", "1.0")


@pytest.fixture
def runbook() -> Runbook:
    return parse(RUNBOOK, Path("move-work.yaml"))


def _inputs(modal: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {block["block_id"]: block for block in modal["blocks"] if block["type"] == "input"}


def _submitted(modal: Mapping[str, Any], **typed: str) -> Mapping[str, Any]:
    def state(name: str, element: Mapping[str, Any]) -> Mapping[str, Any]:
        if element["type"] == "static_select":
            chosen = typed.get(name) or element.get("initial_option", {}).get("value")
            return {"selected_option": {"value": chosen} if chosen else None}
        return {"value": typed.get(name, element.get("initial_value"))}

    inputs = _inputs(modal)
    values = {name: {name: state(name, block["element"])} for name, block in inputs.items()}
    return {"id": "V1", "private_metadata": modal["private_metadata"], "state": {"values": values}}


def test_each_parameter_has_the_input_of_its_type_with_its_limits(runbook: Runbook) -> None:
    order = UseRunbook(name="move-work", values={"pid": "4711"}, asked="move it")
    modal = parameter_modal(runbook, order, THREAD)
    inputs = _inputs(modal)
    kinds = {name: block["element"]["type"] for name, block in inputs.items()}
    assert kinds == {
        "unit": "plain_text_input",
        "stage": "static_select",
        "pid": "number_input",
        "force": "static_select",
    }
    assert inputs["pid"]["element"]["initial_value"] == "4711"
    assert inputs["pid"]["element"]["min_value"] == "2"
    assert not inputs["pid"]["element"]["is_decimal_allowed"]
    assert "[a-z.]" in inputs["unit"]["hint"]["text"]
    assert "initial_value" not in inputs["unit"]["element"]
    assert inputs["stage"]["element"]["initial_option"]["value"] == "staging"
    assert [block["optional"] for block in inputs.values()] == [False, True, False, True]
    assert "<!channel>" not in modal["blocks"][0]["text"]["text"]


def test_a_submission_reads_back_as_the_order_with_its_question(runbook: Runbook) -> None:
    asked = UseRunbook(name="move-work", asked="move it, bitte schön")
    modal = parameter_modal(runbook, asked, THREAD)
    form = read_parameters(_submitted(modal, unit="a.service", pid="7", stage="production"))
    assert form.order == UseRunbook(
        name="move-work",
        values={"unit": "a.service", "pid": "7", "stage": "production", "force": "false"},
        asked="move it, bitte schön",
    )
    assert (form.thread, form.view_id) == (THREAD, "V1")
    assert form_faults(runbook, form.order) == {}


def test_every_wrong_or_empty_input_gets_its_own_sentence(runbook: Runbook) -> None:
    order = UseRunbook(name="move-work", values={"pid": "1", "stage": "moon"})
    faults = form_faults(runbook, order)
    assert set(faults) == {"unit", "stage", "pid"}
    assert faults["unit"] == "Is needed."
    assert "at least 2" in faults["pid"]
    assert all(len(text) <= 150 for text in faults.values())


def test_an_input_that_was_cleared_means_its_default(runbook: Runbook) -> None:
    order = UseRunbook(name="move-work", values={"unit": "a"}, asked="stage=production")
    assert with_defaults(runbook, order).values == {
        "unit": "a",
        "stage": "staging",
        "force": "false",
    }


def test_a_long_question_fits_the_private_metadata(runbook: Runbook) -> None:
    modal = parameter_modal(runbook, UseRunbook(name="move-work", asked="ß" * 5000), THREAD)
    assert len(modal["private_metadata"].encode()) <= 3000

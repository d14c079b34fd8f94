from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFWriter, PoolingType
from pydantic import SecretStr

from bot.doctor import Check, Status, examine
from bot.machine import Machine, existing_parent, is_port_free
from bot.settings import (
    InferenceSettings,
    KnowledgeSettings,
    LogSettings,
    RunbookSettings,
    Settings,
    SlackSettings,
)

MACHINE = Machine(
    system="Linux 6.1",
    architecture="x86_64",
    python="3.11.9 (/usr/bin/python3)",
    n_cores=4,
    n_logical_cores=8,
    n_memory_bytes=16_000_000_000,
    n_memory_available_bytes=8_000_000_000,
    cpu_flags=("avx2", "fma"),
    compiler="/usr/bin/c++",
    llama_cpp_version="0.3.36",
    llama_cpp_features="CPU : AVX2 = 1",
    has_gpu_backend=False,
)


def write_gguf(path: Path, *, is_encoder: bool = False, has_template: bool = True) -> Path:
    writer = GGUFWriter(path, "bert" if is_encoder else "llama")
    writer.add_context_length(4096)
    writer.add_embedding_length(64)
    writer.add_block_count(2)
    writer.add_head_count(4)
    if is_encoder:
        writer.add_pooling_type(PoolingType.MEAN)
    elif has_template:
        writer.add_chat_template("{{ messages }}")
    writer.add_tensor("token_embd.weight", np.ones((4, 64), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings in which every check is content."""
    monkeypatch.setattr("bot.doctor.sandbox_fault", lambda: "")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "pool.md").write_text("# Pools")
    (tmp_path / "checkout.log").write_text("started\n")
    return Settings(
        home=tmp_path / "home",
        models_dir=tmp_path / "models",
        model=str(write_gguf(tmp_path / "chat.gguf")),
        port=0,
        inference=InferenceSettings(
            encoder=str(write_gguf(tmp_path / "encoder.gguf", is_encoder=True))
        ),
        logs=LogSettings(sources={"checkout": (str(tmp_path / "*.log"),)}),
        knowledge=KnowledgeSettings(folders=(tmp_path / "docs",)),
        runbooks=RunbookSettings(approvers=("U1", "U2")),
        slack=SlackSettings(bot_token=SecretStr("xoxb-1"), app_token=SecretStr("xapp-1")),
    )


def check(settings: Settings, name: str, machine: Machine = MACHINE) -> Check:
    return next(each for each in examine(settings, machine) if each.name == name)


def changed(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update=changes)


def test_a_complete_machine_passes_every_check(settings: Settings) -> None:
    assert {each.name: each.status for each in examine(settings, MACHINE)} == {
        each.name: Status.OK for each in examine(settings, MACHINE)
    }


def test_whatever_is_not_ok_says_what_to_do(settings: Settings, tmp_path: Path) -> None:
    bare = Settings(home=tmp_path, models_dir=tmp_path)
    found = [*examine(bare, replace(MACHINE, llama_cpp_version=None, compiler=None))]
    assert any(each.status is Status.PROBLEM for each in found)
    assert all(each.advice for each in found if each.status is not Status.OK)
    assert not any(each.advice for each in found if each.status is Status.OK)


def test_checking_creates_nothing(settings: Settings, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    examine(settings, MACHINE)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_absent_model_names_its_pull(settings: Settings) -> None:
    found = check(changed(settings, model="smollm2-135m"), "model")
    assert found.status is Status.PROBLEM
    assert "opsbot models pull smollm2-135m" in found.advice


def test_a_truncated_model_is_a_problem(settings: Settings) -> None:
    path = Path(settings.model)
    path.write_bytes(path.read_bytes()[:-1])
    found = check(settings, "model")
    assert found.status is Status.PROBLEM
    assert "damaged" in found.detail


def test_models_in_each_others_place_are_problems(settings: Settings) -> None:
    swapped = changed(
        settings,
        model=settings.inference.encoder,
        inference=settings.inference.model_copy(update={"encoder": settings.model}),
    )
    assert "is an encoder" in check(swapped, "model").detail
    assert "is not an encoder" in check(swapped, "encoder").detail


def test_a_model_without_a_chat_template_is_a_problem(settings: Settings, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "base.gguf", has_template=False)
    assert "no chat template" in check(changed(settings, model=str(path)), "model").detail


@pytest.mark.parametrize(
    ("n_free", "n_total", "has_gpu", "status"),
    [
        (8_000_000_000, 16_000_000_000, False, Status.OK),
        (1_000_000, 16_000_000_000, False, Status.WARNING),
        (1_000_000, 2_000_000, False, Status.PROBLEM),
        (1_000_000, 2_000_000, True, Status.OK),
    ],
)
def test_memory_decides_whether_a_model_fits(
    settings: Settings, n_free: int, n_total: int, has_gpu: bool, status: Status
) -> None:
    machine = replace(
        MACHINE,
        n_memory_available_bytes=n_free,
        n_memory_bytes=n_total,
        has_gpu_backend=has_gpu,
    )
    assert check(settings, "model", machine).status is status


@pytest.mark.parametrize(
    ("machine", "name", "status"),
    [
        (replace(MACHINE, cpu_flags=("avx",)), "cpu", Status.WARNING),
        (replace(MACHINE, llama_cpp_features="AVX2 = 0"), "cpu", Status.WARNING),
        (replace(MACHINE, architecture="aarch64", cpu_flags=("asimd",)), "cpu", Status.OK),
        (replace(MACHINE, compiler=None), "compiler", Status.OK),
        (replace(MACHINE, compiler=None, llama_cpp_version=None), "compiler", Status.PROBLEM),
        (replace(MACHINE, llama_cpp_features=""), "engine", Status.PROBLEM),
    ],
)
def test_the_machine_is_judged(
    settings: Settings, machine: Machine, name: str, status: Status
) -> None:
    assert check(settings, name, machine).status is status


def test_a_log_pattern_that_matches_nothing_is_a_problem(settings: Settings) -> None:
    logs = LogSettings(sources={"orders": ("/nowhere/orders*.log",), **settings.logs.sources})
    found = check(changed(settings, logs=logs), "logs of orders")
    assert found.status is Status.PROBLEM
    assert "/nowhere/orders*.log" in found.detail
    assert check(changed(settings, logs=logs), "logs of checkout").status is Status.OK


def test_a_log_source_that_cannot_be_reached_is_a_problem(settings: Settings) -> None:
    selector = 'loki:{app="orders"}'
    logs = LogSettings(sources={"orders": (selector,)})
    found = check(changed(settings, logs=logs), "logs of orders")
    assert found.status is Status.PROBLEM
    assert "logs.loki_url is not set" in found.detail
    logs = LogSettings(sources={"orders": (selector,)}, loki_url="http://loki:3100")
    assert check(changed(settings, logs=logs), "logs of orders").status is Status.OK


def test_folders_that_are_not_there_are_problems(settings: Settings, tmp_path: Path) -> None:
    gone = (tmp_path / "gone",)
    assert (
        check(changed(settings, knowledge=KnowledgeSettings(folders=gone)), "knowledge").status
        is Status.PROBLEM
    )
    runbooks = RunbookSettings(folders=gone, approvers=("U1",))
    assert check(changed(settings, runbooks=runbooks), "runbooks").status is Status.PROBLEM


def test_a_folder_without_documents_is_worth_a_warning(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "docs" / "pool.md").unlink()
    assert check(settings, "knowledge").status is Status.WARNING


@pytest.mark.parametrize(
    ("bot_token", "app_token", "status", "words"),
    [
        ("", "", Status.WARNING, "SLACK_BOT_TOKEN and SLACK_APP_TOKEN not set"),
        ("xoxb-1", "", Status.WARNING, "SLACK_APP_TOKEN not set"),
        ("xapp-secret", "xoxb-secret", Status.PROBLEM, "does not begin with xoxb-"),
    ],
)
def test_slack_tokens_are_checked_and_never_shown(
    settings: Settings, bot_token: str, app_token: str, status: Status, words: str
) -> None:
    slack = SlackSettings(bot_token=SecretStr(bot_token), app_token=SecretStr(app_token))
    found = check(changed(settings, slack=slack), "slack")
    assert found.status is status
    assert words in found.detail
    assert "secret" not in found.detail + found.advice


def test_a_taken_port_is_found(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = check(changed(settings, port=port), "port")
        assert found.status is Status.WARNING
        assert str(port) in found.detail
    assert is_port_free("127.0.0.1", port)


def test_a_host_that_does_not_exist_is_a_problem(settings: Settings) -> None:
    elsewhere = changed(settings, host="no.such.host.invalid", port=1)
    assert check(elsewhere, "port").status is Status.PROBLEM


def test_a_password_in_the_database_url_is_not_shown(settings: Settings) -> None:
    url = "postgresql+psycopg://bot:hunter2@db/opsbot"
    assert "hunter2" not in check(changed(settings, database_url=url), "database").detail


def test_a_database_url_that_is_none_is_a_problem(settings: Settings) -> None:
    assert check(changed(settings, database_url="opsbot.db"), "database").status is Status.PROBLEM


def test_an_unknown_time_zone_is_a_problem(settings: Settings) -> None:
    assert check(changed(settings, timezone="Europe/Berlin"), "time zone").status is Status.OK
    assert check(changed(settings, timezone="Mars/Base"), "time zone").status is Status.PROBLEM


def test_the_nearest_existing_folder_is_found(tmp_path: Path) -> None:
    assert existing_parent(tmp_path / "a" / "b") == tmp_path
    assert existing_parent(tmp_path) == tmp_path


def test_a_machine_without_a_working_sandbox_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.doctor.sandbox_fault", lambda: "bubblewrap is not installed")
    found = next(each for each in examine(settings, MACHINE) if each.name == "sandbox")
    assert found.status is Status.WARNING
    assert found.detail == "bubblewrap is not installed: previews and checks are not shut in"


POLICY = """
version: 1
people: {ada: [UADA, "local:ada"]}
roles:
  one: {people: [ada]}
  two: {people: [ada, UBOB]}
  group: {groups: [S1]}
rules:
  - {risk: [high], environments: [production], approvers: [two], approvals: 3}
  - {risk: [medium], environments: [production], approvers: [one]}
  - {risk: [low], environments: [production], approvers: [group], approvals: 5}
  - {risk: [read_only], environments: [production], approvers: [one], self_approval: true}
break_glass: {roles: [one]}
"""


def policy_checks(settings: Settings, text: str) -> list[Check]:
    path = settings.home.parent / "policy.yaml"
    path.write_text(text)
    path.chmod(0o644)
    runbooks = settings.runbooks.model_copy(update={"policy_file": path})
    found = examine(settings.model_copy(update={"runbooks": runbooks}), MACHINE)
    return [each for each in found if each.name == "policy"]


def test_a_policy_that_locks_people_out_is_said(settings: Settings) -> None:
    details = [each.detail for each in policy_checks(settings, POLICY)]
    assert details == [
        (
            "medium risk in production: nobody can approve it when the only approver asks, for "
            "who asked may not"
        ),
        "high risk in production: 3 people must approve, and only 2 may",
        "break-glass needs two people, and its roles have 1",
    ]


def test_an_environment_that_no_rule_is_about_is_said(settings: Settings) -> None:
    other = POLICY.replace("[production]", "[staging]")
    assert any(
        "in production: nobody may approve, for no rule is about it" in each.detail
        for each in policy_checks(settings, other)
    )


def test_a_policy_file_with_faults_is_a_problem_with_its_line(settings: Settings) -> None:
    (found,) = policy_checks(settings, POLICY.replace("[one]", "[three]", 1))
    assert found.status is Status.PROBLEM
    assert "policy.yaml:10: approvers: there is no role 'three'" in found.detail


def test_a_policy_that_lets_somebody_approve_everything_is_fine(settings: Settings) -> None:
    fine = """
version: 1
roles: {ops: {people: [UADA, UBOB, UCLEO]}}
rules: [{approvers: [ops], approvals: 2}]
"""
    (found,) = policy_checks(settings, fine)
    assert found.status is Status.OK


def test_one_approver_of_the_settings_is_not_enough_for_high_risk(settings: Settings) -> None:
    alone = settings.model_copy(update={"runbooks": RunbookSettings(approvers=("U1",))})
    details = [each.detail for each in examine(alone, MACHINE) if each.name == "policy"]
    assert "high risk in production: 2 people must approve, and only 1 may" in details

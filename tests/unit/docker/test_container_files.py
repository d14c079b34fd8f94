"""The container files cannot be run everywhere, so what can be checked without an engine is."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import Settings

ROOT = Path(__file__).parents[3]
DOCKERFILE = ROOT / "docker" / "Dockerfile"


def dockerfile() -> str:
    """The Dockerfile with continued lines joined and comments left out."""
    lines = DOCKERFILE.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return "\n".join(line for line in lines if not line.startswith("#"))


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name}\s+(.+)$", dockerfile(), flags=re.MULTILINE)


def environment() -> dict[str, str]:
    pairs = " ".join(instructions("ENV"))
    return dict(re.findall(r"(\w+)=(\S+)", pairs))


def compose() -> dict[str, Any]:
    text = (ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8")
    parsed: dict[str, Any] = yaml.safe_load(text)
    return parsed


def service() -> dict[str, Any]:
    found: dict[str, Any] = compose()["services"]["opsbot"]
    return found


def named_volumes() -> dict[str, str]:
    """Where each named volume is mounted; the other mounts begin with a path or a variable."""
    mounts: list[str] = service()["volumes"]
    named = [mount for mount in mounts if mount[0].isalpha()]
    return {mount.split(":")[0]: mount.split(":")[1] for mount in named}


def test_hadolint_finds_nothing() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if hadolint is None:
        pytest.skip("hadolint is not installed for this platform")
    done = subprocess.run([hadolint, str(DOCKERFILE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_everything_that_is_copied_exists_and_reaches_the_build() -> None:
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line.removeprefix("!") for line in ignore if line.startswith("!")}
    copied = [line for line in instructions("COPY") if not line.startswith("--from")]
    sources = [source for line in copied for source in line.split()[:-1]]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert source.partition("/")[0] in allowed, source


def test_every_package_of_the_project_is_copied() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert set(packages) <= {line.split()[0] for line in instructions("COPY")}


def test_dependencies_are_installed_only_with_their_hashes() -> None:
    runs = " && ".join(instructions("RUN"))
    installs = [part for part in runs.split("&&") if "pip install" in part]
    assert installs
    assert all("--require-hashes" in part or "--no-deps" in part for part in installs)


def test_the_bot_is_not_root_and_its_data_is_in_volumes() -> None:
    user = instructions("USER")[-1]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    volumes = " ".join(instructions("VOLUME"))
    for setting in ("OPSBOT_HOME", "OPSBOT_MODELS_DIR"):
        assert f'"{environment()[setting]}"' in volumes


def test_the_environment_sets_only_settings_that_exist() -> None:
    known = {f"OPSBOT_{name.upper()}" for name in Settings.model_fields} | {"OPSBOT_CONFIG"}
    assert {name for name in environment() if name.startswith("OPSBOT_")} <= known


def test_health_is_asked_where_the_bot_listens() -> None:
    (check,) = instructions("HEALTHCHECK")
    assert "OPSBOT_PORT" in check
    assert "/health" in check
    assert instructions("EXPOSE") == [environment()["OPSBOT_PORT"]]


def test_compose_publishes_on_loopback_only() -> None:
    assert service()["ports"] == [
        f"127.0.0.1:{environment()['OPSBOT_PORT']}:{environment()['OPSBOT_PORT']}"
    ]


def test_compose_builds_this_dockerfile_and_mounts_its_volumes() -> None:
    found = service()
    folder = ROOT / "docker"
    context = (folder / found["build"]["context"]).resolve()
    assert (context / found["build"]["dockerfile"]).resolve() == DOCKERFILE.resolve()
    targets = {environment()["OPSBOT_HOME"], environment()["OPSBOT_MODELS_DIR"]}
    assert set(named_volumes().values()) == targets
    assert set(named_volumes()) == set(compose()["volumes"])


def test_compose_gives_the_container_no_rights_it_does_not_need() -> None:
    found = service()
    assert found["cap_drop"] == ["ALL"]
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert found["read_only"] is True
    assert "privileged" not in found


def test_the_example_environment_holds_no_token() -> None:
    lines = (ROOT / "docker" / "opsbot.env.example").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if re.match(r"SLACK_\w+=.", line)] == []

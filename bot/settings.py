"""The only reader of the environment and of `opsbot.toml`.

Order of precedence: constructor arguments, `OPSBOT_*` variables, `opsbot.toml`, defaults. A nested
value is written `OPSBOT_LOGS__WINDOW_S=900`. Slack's own names (`SLACK_BOT_TOKEN`,
`SLACK_APP_TOKEN`, `SLACK_API_URL`) are read as they are.
"""

from __future__ import annotations

import difflib
import json
import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import platformdirs
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from .investigation_settings import (
    ChangesSettings,
    InvestigationSettings,
    MetricsSettings,
)
from .knowledge_settings import KnowledgeSettings
from .target_settings import TargetName, TargetSettings

SLACK_API_URL = "https://slack.com/api/"
_PREFIX = "OPSBOT_"
# Read by the build scripts or before the settings themselves.
_OTHER_VARIABLES = frozenset({"CONFIG", "WHEEL_CACHE"})
_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")

_SLACK_VARIABLES = {
    "bot_token": "SLACK_BOT_TOKEN",
    "app_token": "SLACK_APP_TOKEN",
    "api_url": "SLACK_API_URL",
}
_TARGETS = f"{_PREFIX}RUNBOOKS__TARGETS__"
_SECRET_ENDINGS = ("TOKEN", "PASSWORD", "API_KEY", "DATABASE_URL")
_DOCUMENT: TypeAdapter[dict[str, object]] = TypeAdapter(dict[str, object])

Skill = Literal["logs", "knowledge", "code", "runbook"]
GeneratorOrder = Literal["local", "remote", "local,remote", "remote,local"]

PositiveInt = Annotated[int, Field(ge=1)]
PositiveFloat = Annotated[float, Field(gt=0)]


class SettingsError(Exception):
    """Settings could not be read; the message names every faulty setting, one per line."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SlackSettings(_Section):
    """How to reach Slack."""

    bot_token: SecretStr = Field(default=SecretStr(""), description="xoxb token (SLACK_BOT_TOKEN)")
    app_token: SecretStr = Field(default=SecretStr(""), description="xapp token (SLACK_APP_TOKEN)")
    api_url: str = Field(default=SLACK_API_URL, description="Web API base URL (SLACK_API_URL)")
    edit_interval_s: PositiveFloat = Field(
        default=1.5, description="least time between two edits of Slack messages"
    )
    thread_follow_ups: bool = Field(
        default=False,
        description="answer in the bot's threads without a mention (needs message.channels)",
    )


class InferenceSettings(_Section):
    """How the models run."""

    encoder: str = Field(
        default="all-minilm-l6-v2", description="embedding model, catalogue entry or path"
    )
    n_ctx: PositiveInt = Field(default=16384, description="cells of the KV cache, in tokens")
    n_batch: PositiveInt = Field(default=512, description="most rows in one decode call, in tokens")
    n_threads: PositiveInt | None = Field(
        default=None, description="threads; default: physical cores"
    )
    n_gpu_layers: int = Field(default=-1, ge=-1, description="layers on the GPU; -1: all of them")
    max_answer_tokens: PositiveInt = Field(
        default=220, description="longest explanation, in tokens"
    )
    max_idle_cells: PositiveInt = Field(
        default=1024,
        description="cells of the KV cache that finished requests may keep for reuse beside the "
        "pinned prompts, in tokens; more make every step slower on a CPU",
    )
    offload_mb: int = Field(
        default=512,
        ge=0,
        description="memory for the KV states of idle threads outside of the KV cache, in MiB; "
        "0: they are forgotten",
    )
    adapt_threads: bool = Field(
        default=True, description="use fewer threads while other programs want the cores"
    )
    state_cache_mb: int = Field(
        default=1024,
        ge=0,
        description="size of the folder that keeps KV states over a restart, in MiB; 0: none",
    )
    speculate: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="guess tokens ahead; auto: where `models tune` found that rows are cheap",
    )
    draft_model: str = Field(
        default="",
        description="smaller model of the same vocabulary that guesses ahead; default: none",
    )
    in_process: bool = Field(
        default=False,
        description="run the engine inside the bot, where a crash of it ends the bot",
    )
    step_limit_s: PositiveFloat = Field(
        default=120.0,
        description="an engine process whose step takes longer is restarted, in seconds",
    )
    order: Mapping[Skill, GeneratorOrder] = Field(
        default_factory=dict[Skill, GeneratorOrder],
        description="skill (logs, knowledge, code, runbook) -> who answers: 'local', 'remote', "
        "'local,remote' (the second one when the first cannot) or 'remote,local'; default: local",
    )
    remote_url: str = Field(
        default="",
        pattern="^(https?://.*)?$",
        description="base URL of an OpenAI-compatible endpoint, for example http://host:8000/v1",
    )
    remote_token: SecretStr = Field(
        default=SecretStr(""), description="bearer token of that endpoint"
    )
    remote_model: str = Field(default="", description="what that endpoint calls its model")
    remote_grammar_field: str = Field(
        default="",
        description="field in which it takes a GBNF grammar: 'grammar' for llama.cpp, "
        "'guided_grammar' for vLLM; default: it takes none and is asked without",
    )

    @model_validator(mode="after")
    def _has_the_remote_it_names(self) -> Self:
        skills = [skill for skill, order in self.order.items() if "remote" in order]
        if skills and not (self.remote_url and self.remote_model):
            raise ValueError(
                f"order names remote for {', '.join(skills)}: set remote_url and remote_model"
            )
        return self


class ServeSettings(_Section):
    """Where `opsbot serve` listens and whom it answers."""

    host: str = Field(
        default="127.0.0.1", description="address; beyond this machine only with a token"
    )
    port: int = Field(default=8791, ge=0, le=65535, description="port; 0: any free")
    token: SecretStr = Field(
        default=SecretStr(""), description="bearer token that callers must send; empty: none"
    )
    max_body_bytes: PositiveInt = Field(
        default=4 * 1024 * 1024, description="largest request, in bytes"
    )


class LogSettings(_Section):
    """Where logs are and how much of them is read."""

    sources: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict[str, tuple[str, ...]],
        description="service name -> its sources: file globs with their rotated predecessors "
        "('/var/log/checkout*.log'), a systemd unit ('journal:checkout.service'), a container "
        "('docker:checkout-1'), pods ('kubectl:shop/deployment/checkout' or "
        "'kubectl:shop/app=checkout'), a Loki selector ('loki:{app=\"checkout\"}'), or an index of "
        "Elasticsearch or OpenSearch ('elastic:logs-*?service.name:checkout'); several may be named",
    )
    loki_url: str = Field(
        default="",
        pattern="^(https?://.*)?$",
        description="base URL of Loki for 'loki:' sources, for example http://loki:3100",
    )
    loki_tenant: str = Field(default="", description="Loki tenant (X-Scope-OrgID); default: none")
    loki_token: SecretStr = Field(default=SecretStr(""), description="bearer token of Loki")
    elastic_url: str = Field(
        default="",
        pattern="^(https?://.*)?$",
        description="base URL of Elasticsearch or OpenSearch for 'elastic:' sources",
    )
    elastic_api_key: SecretStr = Field(
        default=SecretStr(""), description="API key of Elasticsearch, encoded; goes before a user"
    )
    elastic_user: str = Field(default="", description="user name for 'elastic:' sources")
    elastic_password: SecretStr = Field(default=SecretStr(""), description="password of that user")
    elastic_time_field: str = Field(
        default="@timestamp", description="field with the time of each document"
    )
    journal_directory: Path | None = Field(
        default=None, description="folder with the journal for 'journal:' sources; default: its own"
    )
    kubectl_context: str = Field(
        default="", description="context of kubectl for 'kubectl:' sources; default: the current"
    )
    source_limit_s: PositiveFloat = Field(
        default=120.0, description="longest time for reading one program or server, in seconds"
    )
    window_s: PositiveInt = Field(
        default=900, description="default time window of a question, in seconds"
    )
    budget_tokens: PositiveInt = Field(
        default=900, description="tokens of evidence the model is given"
    )


class RunbookSettings(_Section):
    """Runbooks and who may approve them."""

    folders: tuple[Path, ...] = Field(
        default=(), description="folders of runbook YAML, beside the builtin"
    )
    environment: str = Field(default="production", description="name bound into every proposal")
    approvers: tuple[str, ...] = Field(default=(), description="Slack user ids that may approve")
    approval_ttl_s: PositiveInt = Field(
        default=900, description="a proposal expires after, in seconds"
    )
    allow_self_approval: bool = Field(
        default=False, description="solo mode: the requester may approve; audited"
    )
    policy_file: Path | None = Field(
        default=None,
        description="YAML file of rules about approvals; replaces the approvers, their time and "
        "self-approval named here",
    )
    variables: Mapping[str, str] = Field(
        default_factory=dict[str, str],
        description="values that runbooks refer to as {{ vars.name }}, set by the operator",
    )
    targets: Mapping[TargetName, TargetSettings] = Field(
        default_factory=dict[TargetName, TargetSettings],
        description="name -> where actions may go, by its kind: ssh, kubernetes, docker, ansible, "
        "http or sql",
    )


class Settings(BaseSettings):
    """Everything that can be configured."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        populate_by_name=True,
    )

    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("opsbot")),
        description="data directory: database, vectors, runs (OPSBOT_HOME)",
    )
    models_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_cache_dir("opsbot")) / "models",
        description="where model files are kept (OPSBOT_MODELS_DIR)",
    )
    database_url: str = Field(default="", description="SQLAlchemy URL; default: SQLite under home")
    timezone: str = Field(
        default="", description="IANA zone for the terminal; default: the machine's"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="least level that is logged"
    )
    host: str = Field(default="127.0.0.1", description="address of the health and metrics endpoint")
    port: int = Field(
        default=8790, ge=0, le=65535, description="port of health and metrics; 0: any free"
    )
    model: str = Field(
        default="qwen2.5-coder-1.5b",
        description="catalogue entry or path of a GGUF file (OPSBOT_MODEL)",
    )
    slack: SlackSettings = Field(default_factory=SlackSettings)
    inference: InferenceSettings = Field(default_factory=InferenceSettings)
    serve: ServeSettings = Field(default_factory=ServeSettings)
    logs: LogSettings = Field(default_factory=LogSettings)
    knowledge: KnowledgeSettings = Field(default_factory=KnowledgeSettings)
    runbooks: RunbookSettings = Field(default_factory=RunbookSettings)
    metrics: MetricsSettings = Field(default_factory=MetricsSettings)
    changes: ChangesSettings = Field(default_factory=ChangesSettings)
    investigation: InvestigationSettings = Field(default_factory=InvestigationSettings)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, then `opsbot.toml`."""
        toml = TomlConfigSettingsSource(settings_cls, toml_file=config_file())
        return init_settings, env_settings, toml

    def for_engine(self) -> str:
        """What the engine's own process needs of these settings, as JSON without secrets.

        What nobody has set is left out, for what was measured on this machine goes before it.
        """
        told = self.model_dump(mode="json", include={"home", "models_dir", "model", "log_level"})
        told["inference"] = self.inference.model_dump(
            mode="json", exclude={"remote_token"}, exclude_unset=True
        )
        return json.dumps(told)

    @property
    def effective_database_url(self) -> str:
        """The database URL, with the default under `home` filled in."""
        return self.database_url or f"sqlite:///{self.home / 'opsbot.db'}"


def config_file() -> Path:
    """Where `opsbot.toml` is looked for: `OPSBOT_CONFIG`, else the working directory."""
    return Path(os.environ.get("OPSBOT_CONFIG", "opsbot.toml"))


def load_settings(**overrides: object) -> Settings:
    """Read all settings once.

    Raises:
        SettingsError: A value is unknown or out of range; every fault is named.
    """
    _refuse_unknown_variables()
    slack = _slack_from_environment()
    if slack and "slack" not in overrides:
        overrides["slack"] = slack
    try:
        return Settings(**overrides)  # pyright: ignore[reportArgumentType]
    except ValidationError as exc:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
            for error in exc.errors()
        )
        raise SettingsError(f"settings are wrong: {faults}") from exc
    except (OSError, tomllib.TOMLDecodeError) as exc:
        raise SettingsError(f"{config_file()} cannot be read: {exc}") from exc


def settings_for_engine(document: bytes) -> Settings:
    """The settings that another process passed on by `Settings.for_engine`.

    Raises:
        SettingsError: The document is not what it should be.
    """
    try:
        passed = _DOCUMENT.validate_json(document)
    except ValidationError as exc:
        raise SettingsError("the engine's process expects settings as JSON, in one line") from exc
    return load_settings(**passed)


def engine_environment() -> dict[str, str]:
    """The environment of the engine's process: this one's, without secrets."""
    return {
        name: value
        for name, value in server_environment().items()
        if not (name.startswith(_PREFIX) and name.endswith(_SECRET_ENDINGS))
        and not name.startswith(_TARGETS)
    }


def server_environment() -> dict[str, str]:
    """The environment of a server of ours: this one's, without Slack's secrets."""
    inherited = {k: v for k, v in os.environ.items() if k not in _SLACK_VARIABLES.values()}
    return inherited | {"GGML_NO_BACKTRACE": "1", "PYTHONUNBUFFERED": "1"}


def _refuse_unknown_variables() -> None:
    known = {name.upper() for name in Settings.model_fields} | _OTHER_VARIABLES
    unknown = [
        name
        for name in os.environ
        if name.startswith(_PREFIX) and name.removeprefix(_PREFIX).split("__")[0] not in known
    ]
    if unknown:
        near = difflib.get_close_matches(unknown[0].removeprefix(_PREFIX), sorted(known), 1)
        hint = f"; did you mean {_PREFIX}{near[0]}?" if near else ""
        raise SettingsError(f"unknown setting {', '.join(sorted(unknown))}{hint}")


def _slack_from_environment() -> dict[str, str]:
    return {key: os.environ[name] for key, name in _SLACK_VARIABLES.items() if os.environ.get(name)}


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    return host in {"localhost", "127.0.0.1", "::1"}


def forget_proxies() -> None:
    """Drop proxy variables: Slack's client would send loopback traffic to the proxy."""
    for name in _PROXY_VARIABLES:
        os.environ.pop(name, None)


def prepare_environment() -> None:
    """Set what native libraries and child programs read from the environment; once, at start.

    A failed assertion in ggml otherwise forks a debugger that can hang for minutes. Runbooks may
    name `opsbot` itself, which is found beside the running interpreter.
    """
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")
    os.environ.setdefault("ANONYMIZED_TELEMETRY", "False")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    programs = str(Path(sys.executable).parent)
    search = os.environ.get("PATH", os.defpath)
    if programs not in search.split(os.pathsep):
        os.environ["PATH"] = f"{programs}{os.pathsep}{search}"

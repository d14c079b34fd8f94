"""A request with several orders as ordered steps: "check the logs and restart it if it's stuck".

Precision first: a request is split only where both sides are clear orders by themselves and go to
different skills. Everything else stays one request.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace

from bot.messages import Intent

from .readable import readable
from .rules import decide

_MAX_CHARS = 300
_MAX_STEPS = 4
_CONNECTOR = re.compile(
    r"\s*[,;.]?\s+(?:and then|and after that|and|then please|then|after that|afterwards|"
    r"und dann|und|danach|y luego|y después|y|luego)(?:,)?\s+|"
    r"\s*[;.!?]\s+(?:then\s+)?|\s*(?:,|,|。|;)\s*(?:然后|再|接着|并且|并|如果)|"
    r"(?:然后|接着|并且)|(?<=して)、?(?:から|その後)?",
    re.IGNORECASE,
)
_EDGES = re.compile(r"^[\s,.;!,。]+|[\s,.;!,。]+$")
_CONDITION = re.compile(
    r"^(?:if|when|in case|wenn|falls|si)\s+(?P<first>[^,]{3,80}),\s*(?:then\s+)?(?P<order>.+)$|"
    r"^(?:如果)?(?P<first_zh>[^,,]{2,20}?)(?:的话)?[,,]?就(?P<order_zh>.+)$|"
    r"^(?P<order2>.+?),?\s+(?:if|only if|in case|when|wenn|falls|si)\s+(?P<last>.{3,80})$",
    re.IGNORECASE,
)
_POLITE = (
    r"^(?:@\w+[,:]?\s+|(?:please|pls|can you|could you|would you|just|also|bitte|por favor|请|帮我|"
    r"先|再|then)[,]?\s*)*"
)
_STEPS: tuple[tuple[Intent, re.Pattern[str]], ...] = (
    (
        Intent.CODE,
        re.compile(
            _POLITE
            + r"(?:write|give me|draft|generate)\b.*\b(?:query|script|promql|logql|sql|regex|"
            r"one-?liner|snippet|manifest|yaml|playbook)\b|"
            + _POLITE
            + r"写.*(?:脚本|sql|promql|正则)",
            re.IGNORECASE,
        ),
    ),
    (
        Intent.SCHEDULE,
        re.compile(
            _POLITE
            + r"(?:remind (?:me|us|the team)\b|schedule (?:a|the)\b|(?:post|send)\b.*\b(?:every|"
            r"each|daily|weekly|hourly|tomorrow)\b|提醒(?:我|我们|大家)|每[天周小].*(?:发|汇总))",
            re.IGNORECASE,
        ),
    ),
    (
        Intent.KNOWLEDGE,
        re.compile(
            _POLITE
            + r"(?:(?:look up|find|search|tell me|show me|check)\b.*\b(?:docs?|runbook says|wiki|"
            r"documentation|handbook|policy)\b|what (?:does|do) (?:the|our) (?:docs?|runbook|wiki|"
            r"handbook)\b|who (?:owns|is responsible)\b|查(?:一下)?(?:文档|手册|wiki))",
            re.IGNORECASE,
        ),
    ),
    (
        Intent.LOGS,
        re.compile(
            _POLITE + r"(?:(?:check|look at|look into|read|go through|inspect|analy[sz]e|grep|scan|"
            r"review|summari[sz]e|see|tail)\b.*\b(?:logs?|errors?|journal|stack ?trace)\b|"
            r"(?:check|see|find out|look) (?:why|what|whether|if)\b|why (?:is|are|does|did)\b|"
            r"what (?:happened|went wrong)\b|(?:schau|prüf\w*|sieh)\b.*\b(?:logs?|protokoll\w*)\b|"
            r"(?:revisa|mira|analiza)\b.*\b(?:logs|registros)\b|(?:看|查|分析).*日志|.*ログを(?:見て|確認して)$)",
            re.IGNORECASE,
        ),
    ),
    (
        Intent.RUNBOOK,
        re.compile(
            _POLITE
            + r"(?:restart|bounce|reboot|roll(?: it)? ?back|revert|scale|drain|cordon|fail ?over|"
            r"kill|flush|redeploy|clean up|clear|run the [\w -]*runbook|reinicia|starte?\b.*\bneu|"
            r"重启|回滚|扩容|缩容|清理|切换|.*を再起動)",
            re.IGNORECASE,
        ),
    ),
)
_WHOLE = re.compile(
    r"\b(?:every|each|daily|weekly|hourly|nightly)\b|每天|每周|每小时|毎|\bjede[nrs]?\b|\bcada\b|"
    r"\bhow (?:do|should|would|can|to)\b|怎么|如何|\b(?:script|playbook|function|cron ?job|program|"
    r"runbook|query|policy) (?:that|which|to|for)\b|\bremind\b|脚本|`|\bdon'?t\b|\bdo not\b|\bnot\b|"
    r"\bor\b|^\W*why (?:did|does) [^,;.?]*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep:
    """One order of a request.

    Attributes:
        text: In the person's own words, without the condition.
        condition: When it is wanted, in the person's words; empty: always.
    """

    intent: Intent
    text: str
    condition: str = ""


def plan_of(text: str) -> tuple[PlanStep, ...]:
    """The steps in their order, at least two; empty when the request is one request."""
    text = readable(text)
    if len(text) > _MAX_CHARS or "\n" in text:
        return ()
    split = [_EDGES.sub("", part) for part in _CONNECTOR.split(text) if part]
    parts = [part for part in split if part]
    if not 2 <= len(parts) <= _MAX_STEPS:
        return ()
    found = [_step(part) for part in parts]
    steps = tuple(step for step in found if step is not None)
    if len(steps) != len(parts) or not _differ(steps):
        return ()
    # Only a last step may be regular or for later; else the whole is one order with a time.
    later = steps[-1].intent in {Intent.SCHEDULE, Intent.CODE, Intent.KNOWLEDGE}
    checked = " ".join(step.text for step in steps[:-1]) if later else text
    return () if _WHOLE.search(checked) else steps


def _differ(steps: tuple[PlanStep, ...]) -> bool:
    return all(one.intent is not other.intent for one, other in itertools.pairwise(steps))


def _step(part: str) -> PlanStep | None:
    """A part as a step, or None where it is no order of its own."""
    stated = _CONDITION.search(part)
    if stated is not None and not part.lower().startswith(("check if", "see if", "look if")):
        order = stated["order"] or stated["order_zh"] or stated["order2"]
        inner = _plain_step(order)
        condition = (stated["first"] or stated["first_zh"] or stated["last"]).rstrip("?.! ")
        return None if inner is None else replace(inner, condition=condition)
    return _plain_step(part)


def _plain_step(part: str) -> PlanStep | None:
    for intent, pattern in _STEPS:
        if pattern.search(part):
            rule = decide(part)
            is_clear = rule is None or rule.intent is intent
            return PlanStep(intent=intent, text=part) if is_clear else None
    return None

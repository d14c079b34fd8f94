"""An investigation as a reply: each look with its evidence, then what follows from it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from ...conversation.facts import INVESTIGATED
from ...messages import Choice, Choices, Heading, Note, Part, Phase, Prose, Reply
from ...provenance import DOCUMENTS, documents_fact
from ..logs.digest import span_text
from ..logs.numbers import names_text
from .case_file import CaseFile
from .clues import Look, Numbered, Stance, Tool
from .orders import INVESTIGATE_ACTION, STOP_TEXT
from .phrases import Phrases
from .ranking import Against, Conclusion, RuledOut, Suspect
from .tools.runbooks import evidence_of

_MAX_CITED = 9
_MAX_RULED_OUT = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an investigation ended.

    Attributes:
        spent: Which bound ended it early; empty when everything was looked at.
        remarks: Sentences of a model about the evidence, checked against it.
    """

    conclusion: Conclusion
    n_steps: int
    n_tokens: int
    seconds: float
    driver: str
    spent: str = ""
    was_stopped: bool = False
    remarks: str = ""


def working(case: CaseFile, zone: tzinfo, say: Phrases, *, can_stop: bool) -> Reply:
    """What was seen so far."""
    parts: list[Part] = [_heading(case, zone, say), *_looks(case, say)]
    if can_stop:
        stop = Choice(label=say.stop, action=INVESTIGATE_ACTION, value=STOP_TEXT)
        parts.append(Choices(options=(stop,)))
    summary = say.heading.format(what=_what(case), times=_times(case, zone))
    return Reply(parts=tuple(parts), summary=summary, phase=Phase.WORKING, status=say.busy)


def finished(case: CaseFile, ending: Ending, zone: tzinfo, say: Phrases) -> Reply:
    """The whole answer."""
    sentences = _sentences(case, ending, zone, say)
    text = "\n".join(sentences)
    parts: list[Part] = [_heading(case, zone, say), *_looks(case, say), Prose(text=text)]
    if ending.remarks:
        parts.append(Prose(text=ending.remarks, from_model=True))
    ruled_out = _ruled_out(ending.conclusion.ruled_out, say)
    if ruled_out:
        parts.append(Prose(text=ruled_out))
    tokens = f", {ending.n_tokens:,} tokens" if ending.n_tokens else ""
    used = say.used.format(
        steps=ending.n_steps, seconds=f"{ending.seconds:.1f}", tokens=tokens, driver=ending.driver
    )
    parts.append(Note(text=used))
    return Reply(
        parts=tuple(parts),
        summary=sentences[0].replace("*", ""),
        facts=_facts(case, ending) | _documents(case),
    )


def _heading(case: CaseFile, zone: tzinfo, say: Phrases) -> Heading:
    return Heading(text=say.heading.format(what=_what(case), times=_times(case, zone)))


def _what(case: CaseFile) -> str:
    return names_text(case.asked)


def _times(case: CaseFile, zone: tzinfo) -> str:
    return span_text(case.window.start, case.window.end, zone)


def _looks(case: CaseFile, say: Phrases) -> list[Part]:
    numbers = iter(case.numbered)
    parts: list[Part] = []
    for position, look in enumerate(case.looks, start=1):
        clues = [next(numbers) for _ in look.clues]
        parts.append(Prose(text="\n".join(_look_lines(position, look, clues, say))))
    return parts


def _look_lines(
    position: int, look: Look, clues: Sequence[Numbered], say: Phrases
) -> Iterable[str]:
    title = say.looked[look.tool].format(service=look.service)
    if look.failure:
        yield f"*{position}. {title}*: {say.could_not_look.format(reason=look.failure)}"
        return
    told = [each for each in clues if each.clue.stance is not Stance.CLEAR]
    quiet = "" if told or look.tool is Tool.DOCUMENTS else f", {say.nothing_here}"
    yield f"*{position}. {title}* ({look.note}){quiet}"
    for each in told:
        yield f"[{each.number}] {each.clue.text}"
    clear = [each for each in clues if each.clue.stance is Stance.CLEAR]
    if clear:
        yield "; ".join(f"[{each.number}] {each.clue.text}" for each in clear)


def cited(evidence: Sequence[Numbered]) -> str:
    """The numbers of some clues: "[1] [4]"."""
    return " ".join(f"[{each.number}]" for each in evidence[:_MAX_CITED])


def _sentences(case: CaseFile, ending: Ending, zone: tzinfo, say: Phrases) -> list[str]:
    conclusion = ending.conclusion
    lines = [say.stopped] if ending.was_stopped else []
    if conclusion.cause is not None:
        lines.append(_cause(conclusion, conclusion.cause, say))
        if conclusion.cause.consequences:
            evidence = cited(conclusion.cause.consequences)
            lines.append(say.followed.format(evidence=evidence))
        for other in conclusion.others:
            cause = cause_text(other.cause.cause_id, other.service, say)
            lines.append(say.could_also.format(cause=cause, evidence=cited(other.evidence)))
    elif conclusion.symptoms:
        lines.append(say.unexplained.format(evidence=cited(conclusion.symptoms)))
    elif case.failures or ending.spent or ending.was_stopped:
        lines.append(say.nothing_but)
    else:
        start, _, end = span_text(case.window.start, case.window.end, zone).partition("–")
        lines.append(say.nothing.format(what=_what(case), start=start, end=end))
    lines += _doubts(case, ending, say)
    return lines


def _cause(conclusion: Conclusion, cause: Suspect, say: Phrases) -> str:
    text = say.likely.format(
        confidence=say.confidence[conclusion.confidence],
        cause=f"*{cause_text(cause.cause.cause_id, cause.service, say)}*",
        evidence=cited(cause.evidence),
    )
    best = max(cause.evidence, key=lambda each: each.clue.weight).clue
    return f"{text} `{best.quote[:160]}`" if best.quote else text


def cause_text(cause_id: str, service: str, say: Phrases) -> str:
    """A cause at a service in words."""
    return say.causes.get(cause_id, say.something).format(service=service)


def _doubts(case: CaseFile, ending: Ending, say: Phrases) -> list[str]:
    lines = [say.spent.format(reason=ending.spent)] if ending.spent else []
    failed = [say.looked[each.tool].format(service=each.service) for each in case.failures]
    if failed:
        reasons = ", ".join(dict.fromkeys(failed))
        lines.append(say.less_sure.format(reasons=f"{say.could_not_look.format(reason=reasons)}"))
    return lines


def _ruled_out(ruled_out: Sequence[RuledOut], say: Phrases) -> str:
    """One line each; of what is as usual, and of messages that say nothing, one for each service."""
    lines: dict[tuple[Against, str, str], list[RuledOut]] = {}
    for each in ruled_out:
        cause_id = "" if each.why is Against.CLEAR else each.cause_id
        lines.setdefault((each.why, each.service, cause_id), []).append(each)
    told = [key for key in lines if key[0] is not Against.CLEAR][:_MAX_RULED_OUT]
    told += [key for key in lines if key[0] is Against.CLEAR]
    texts = [_ruled_out_line(lines[key], say) for key in told]
    return "\n".join((f"*{say.ruled_out}*", *texts)) if texts else ""


def _ruled_out_line(group: Sequence[RuledOut], say: Phrases) -> str:
    causes = dict.fromkeys(cause_text(each.cause_id, each.service, say) for each in group)
    evidence = cited([number for each in group for number in each.evidence])
    return f"• {', '.join(causes)} {evidence}: {say.against[group[0].why]}"


def _documents(case: CaseFile) -> dict[str, str]:
    """What was read for it, so that it is not repeated to who may not read that."""
    read = [place for look in case.looks for place in look.documents]
    return {DOCUMENTS: documents_fact(read)} if read else {}


def _facts(case: CaseFile, ending: Ending) -> dict[str, str]:
    """What to remember, and what a runbook is looked for with."""
    cause = ending.conclusion.cause
    facts = {} if ending.was_stopped else {INVESTIGATED: ",".join(case.asked)}
    if cause is None:
        return facts | ({"service": case.asked[0]} if len(case.asked) == 1 else {})
    quotes = [each.clue.quote for each in cause.evidence if each.clue.quote]
    facts |= {
        "service": cause.service,
        "evidence": "\n".join(quotes[:3]) or evidence_of(case),
        "cause": cause.cause.cause_id,
        "confidence": ending.conclusion.confidence.value,
    }
    if cause.at is not None:
        facts["since"] = cause.at.isoformat()
    return facts

"""Write code for a request: generate, check, repair at most twice, show what was checked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol

from bot.messages import Reply, Request, SkillEvent, Turn
from bot.prompts import code as prompts
from bot.provenance import Place, documents_fact
from inference.request import ChatMessage, Ended, GenerateRequest, Outcome, Sampling, TextDelta
from knowledge import ANYBODY, Reader

from ..generation import Generator, as_data
from .asked import detect
from .checking import ClassifyShell, check
from .draft import Draft, Solution, Task
from .extraction import code_of, is_complete
from .grounding import naming_lines
from .languages import Language, named
from .replies import block, final, working
from .snippets import Collection, Grade

_MAX_ATTEMPTS = 3
_MAX_TOKENS = 480
_N_SEARCHED = 8
_NOTE_CHARS = 1500
_NAMED_IN_DOCUMENTS = frozenset(
    {Language.PROMQL, Language.SQL, Language.POSTGRESQL, Language.MYSQL, Language.SQLITE}
)
_FAILURES = (Outcome.FAILED, Outcome.REJECTED, Outcome.CANCELLED)


class Hit(Place, Protocol):
    """A passage of the knowledge base."""

    @property
    def title(self) -> str:
        """Title of the document."""
        ...

    @property
    def text(self) -> str:
        """The passage."""
        ...


class Found(Protocol):
    """What a search found."""

    @property
    def hits(self) -> Sequence[Hit]:
        """Passages, best first."""
        ...


class Lookup(Protocol):
    """Finds passages; `knowledge.KnowledgeBase` does."""

    async def search(self, question: str, k: int, *, reader: Reader) -> Found:
        """At most `k` passages that the reader may read."""
        ...


class CodeSkill:
    """Answers requests for code.

    Args:
        generator: The model.
        lookup: Where names (metrics, labels, tables) are documented; None when nowhere.
        classify_shell: Says in one phrase each what class the commands of shell code have
            ("read only: ..."); None when nobody can tell.
        snippets: Checked pieces of code; None to ask the model for everything.
    """

    def __init__(
        self,
        generator: Generator,
        lookup: Lookup | None = None,
        classify_shell: ClassifyShell | None = None,
        snippets: Collection | None = None,
    ) -> None:
        self._generator = generator
        self._lookup = lookup
        self._classify_shell = classify_shell
        self._snippets = snippets

    async def answer(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncIterator[SkillEvent]:
        """Yield the plan at once, the code as it is written, and at last the checked code."""
        async with aclosing(self.solve(request, history)) as steps:
            async for step in steps:
                yield final(step) if isinstance(step, Solution) else step

    async def solve(
        self, request: Request, history: tuple[Turn, ...]
    ) -> AsyncGenerator[Reply | Solution, None]:
        """Yield snapshots as `answer` does, and at last what came of it, every draft included."""
        language, earlier = _what_to_write(request.text, history)
        yield working(language, (), "reading")
        task = await self._task(request, language, history[-1].facts if earlier else {})
        solution = await self._from_snippet(task)
        if solution is not None:
            yield solution
            return
        conversation = task.conversation()
        drafts: list[Draft] = []
        while len(drafts) < _MAX_ATTEMPTS:
            draft = Draft()
            async with aclosing(self._write(task, conversation, drafts)) as steps:
                async for step in steps:
                    if isinstance(step, Draft):
                        draft = step
                    else:
                        yield step
            drafts.append(draft)
            if draft.failure or not draft.verdict.complaint:
                break
            conversation = prompts.repair(
                task.conversation(), answer=draft.code, complaint=as_data(draft.verdict.complaint)
            )
        yield Solution(task=task, drafts=tuple(drafts))

    async def _task(self, request: Request, language: Language, earlier: Mapping[str, str]) -> Task:
        hits: Sequence[Hit] = ()
        if self._lookup is not None and language in _NAMED_IN_DOCUMENTS:
            question = f"{language.label} metrics tables catalogue names labels: {request.text}"
            reader = request.reader or ANYBODY
            found = (await self._lookup.search(question, _N_SEARCHED, reader=reader)).hits
            # A catalogue is cut into chunks: whatever was found of the best document belongs together.
            hits = [hit for hit in found if hit.title == found[0].title]
        task = Task(
            request_id=request.request_id,
            text=request.text,
            language=language,
            earlier=earlier.get("code", ""),
            documents=documents_fact(hits, earlier),
            talk=request.talk,
            titles=tuple(dict.fromkeys(hit.title for hit in hits)),
            notes=tuple(filter(None, (naming_lines(hit.text, _NOTE_CHARS) for hit in hits))),
        )
        if self._snippets is None or earlier:
            return task
        return replace(task, examples=await self._snippets.find(language, request.text))

    async def _from_snippet(self, task: Task) -> Solution | None:
        """The snippet that says all that was asked, if its checks have nothing against it."""
        if not task.examples or task.examples[0].grade is not Grade.EXCELLENT:
            return None
        match = task.examples[0]
        # Its own examples may stay: the answer says which are to be replaced.
        alone = replace(task, examples=())
        verdict = await check(alone, match.code, self._classify_shell)
        if verdict.complaint:
            return None
        draft = Draft(code=match.code, verdict=verdict)
        return Solution(task=task, drafts=(draft,), snippet=match)

    async def _write(
        self, task: Task, conversation: tuple[ChatMessage, ...], earlier: Sequence[Draft]
    ) -> AsyncGenerator[Reply | Draft, None]:
        """Yield a snapshot per finished line, then the checked draft."""
        status = f"repairing: {earlier[-1].verdict.tool}" if earlier else "writing"
        request = GenerateRequest(
            request_id=f"{task.request_id}-code-{len(earlier) + 1}",
            messages=conversation,
            max_tokens=_MAX_TOKENS,
            # The last try is a little random: greedily the model tends to repeat its mistake.
            sampling=Sampling(temperature=0.0 if len(earlier) < 2 else 0.5),
            pin_prefix=len(prompts.prefix(task.language.label)),
        )
        answer, failure, n_lines = "", "", 0
        async for event in self._generator.stream(request):
            if isinstance(event, TextDelta) and not is_complete(answer):
                answer += event.text
                if answer.count("\n") > n_lines and code_of(answer):
                    n_lines = answer.count("\n")
                    yield working(task.language, (block(task, code_of(answer)),), status)
            elif isinstance(event, Ended) and event.outcome in _FAILURES:
                failure = event.reason or "the model was interrupted"
        code = code_of(answer)
        if failure and not code:
            yield Draft(failure=failure)
        else:
            yield Draft(code=code, verdict=await check(task, code, self._classify_shell))


def _what_to_write(text: str, history: tuple[Turn, ...]) -> tuple[Language, str]:
    """The language, and the previous turn's code when this turn may be a change to it."""
    facts: Mapping[str, str] = history[-1].facts if history else {}
    before = named(facts.get("language", ""))
    asked = detect(text, firm=before is not None)
    if before is not None and (asked is None or asked is before):
        return before, facts.get("code", "")
    return asked or Language.BASH, ""

"""The engine's core on the fake backend, whose text depends on the cells it really holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from prometheus_client import CollectorRegistry

from inference import (
    ChatMessage,
    Ended,
    Event,
    Fault,
    GenerateRequest,
    Outcome,
    Priority,
    Role,
    Started,
    TextDelta,
)
from inference.admission import Admission
from inference.answers import AnswerBook
from inference.backends.base import Chunk
from inference.backends.fake import FakeBackend
from inference.chat_template import ChatTemplate
from inference.errors import ChatTemplateError
from inference.intake import Handle, Purpose, sequence_for, warming_request
from inference.kv_memory import KvMemory
from inference.kv_offload import KvOffload
from inference.metrics import EngineMetrics
from inference.request import SeqId, TokenId
from inference.runner import Runner
from inference.sequence import Sequence as LiveSequence

SKILLS = ("You explain logs.", "You explain logs and metrics.", "You choose a runbook.")
QUESTIONS = ("why?", "why now?", "what is <|im_end|>?", "", "é→🔥" * 3)


def ask(
    name: str,
    *contents: str,
    n: int = 12,
    priority: Priority = Priority.INTERACTIVE,
    stop: tuple[str, ...] = (),
    grammar: str | None = None,
    pin_prefix: int = 1,
) -> GenerateRequest:
    """A request: system prompt, then user and assistant in turns."""
    roles = (Role.SYSTEM, *(Role.USER, Role.ASSISTANT) * len(contents))
    return GenerateRequest(
        request_id=name,
        messages=tuple(
            ChatMessage(role, text) for role, text in zip(roles, contents, strict=False)
        ),
        max_tokens=n,
        priority=priority,
        stop=stop,
        grammar=grammar,
        pin_prefix=pin_prefix,
    )


@dataclass
class Stage:
    """A runner on a fake backend, with everything it ever emitted."""

    backend: FakeBackend = field(default_factory=FakeBackend)
    memory: KvMemory | None = None
    admission: Admission | None = None
    now: float = 0.0
    sequences: dict[str, LiveSequence] = field(default_factory=dict[str, LiveSequence])
    events: dict[str, list[Event]] = field(default_factory=dict[str, "list[Event]"])

    def __post_init__(self) -> None:
        self.metrics = EngineMetrics(CollectorRegistry())
        self.answers = AnswerBook()
        self.runner = Runner(
            self.backend,
            self.metrics,
            answers=self.answers,
            admission=self.admission
            or Admission(self.backend, self.memory or KvMemory(self.backend)),
            clock=lambda: self.now,
        )
        self.template = ChatTemplate(self.backend.info, self.backend.vocabulary, self.answers)

    def submit(self, request: GenerateRequest, purpose: Purpose = Purpose.ANSWER) -> None:
        events: list[Event] = []
        handle = Handle(
            request=request,
            order=len(self.sequences),
            submitted_mono=0.0,
            purpose=purpose,
        )
        sequence = sequence_for(handle, self.template, self.backend.info, events.append)
        self.sequences[request.request_id] = sequence
        self.events[request.request_id] = events
        self.runner.submit(sequence)

    def run(self) -> None:
        for _ in range(5000):
            if self.runner.is_idle:
                return
            self.runner.step()
            self.check()
        raise TimeoutError("the runner never became idle")

    def ask(self, request: GenerateRequest) -> tuple[str, Ended]:
        self.submit(request)
        self.run()
        return self.text(request.request_id), self.ended(request.request_id)

    def text(self, name: str) -> str:
        return "".join(e.text for e in self.events[name] if isinstance(e, TextDelta))

    def ended(self, name: str) -> Ended:
        *before, last = self.events[name]
        assert isinstance(last, Ended)
        assert not any(isinstance(event, Ended) for event in before)
        return last

    def check(self) -> None:
        """Every id is in one place; every sequence holds exactly the cells it says."""
        memory = self.runner.memory
        holders = [s for s in self.sequences.values() if s.seq_id is not None]
        running = {s.seq_id for s in holders if s.seq_id is not None}
        everywhere = [*memory.free_ids, *memory.tree.idle, *running]
        assert sorted(everywhere) == list(range(self.backend.n_seq_max))
        assert len(running) == len(holders)
        for sequence in holders:
            assert sequence.seq_id is not None
            held = self.backend.held(sequence.seq_id)
            assert list(held) == sequence.tokens[: sequence.n_cells]
        waiting = [s for name, s in self.sequences.items() if not _is_over(self.events[name])]
        assert all(s.n_cells == 0 for s in waiting if s.seq_id is None)
        assert all(self.backend.n_tokens(seq_id) == 0 for seq_id in memory.free_ids)
        for seq_id, tokens, _ in memory.tree.paths():
            assert self.backend.held(seq_id) == tokens
        memory.check()
        counts = memory.counts()
        assert counts.free + counts.cached + counts.running == counts.total
        n_booked = counts.cached + counts.running
        if self.backend.can_share_prefixes:
            assert n_booked == self.backend.n_cells_used
        assert self.backend.n_cells_used <= n_booked <= self.backend.n_ctx
        live = [name for name, events in self.events.items() if not _is_over(events)]
        assert self.backend.n_samplers <= len(live)
        assert self.runner.is_idle == (not live)


def _is_over(events: list[Event]) -> bool:
    return bool(events) and isinstance(events[-1], Ended)


def alone(request: GenerateRequest) -> str:
    """The request's text on a fresh backend: nothing cached, nobody else there."""
    return Stage().ask(request)[0]


def test_events_come_in_order_and_counts_are_true() -> None:
    stage = Stage()
    _, ended = stage.ask(ask("a", SKILLS[0], "why?", n=5))
    first, *deltas, _ = stage.events["a"]
    assert isinstance(first, Started)
    assert all(isinstance(event, TextDelta) for event in deltas)
    assert ended.outcome is Outcome.LENGTH
    assert ended.stats.n_output == 5
    assert ended.stats.n_prompt == first.n_prompt == len(stage.sequences["a"].prompt)
    assert first.n_cached == 0


def test_a_known_prefix_is_not_decoded_again_and_changes_no_text() -> None:
    stage = Stage()
    stage.ask(ask("a", SKILLS[0], "why?"))
    n_before = stage.backend.n_decoded
    text, ended = stage.ask(ask("b", SKILLS[0], "what now?"))
    assert text == alone(ask("b", SKILLS[0], "what now?"))
    assert ended.stats.n_cached > len(SKILLS[0])
    n_new = ended.stats.n_prompt - ended.stats.n_cached + ended.stats.n_output
    assert stage.backend.n_decoded - n_before <= n_new


def test_the_next_turn_of_a_thread_prefills_only_the_new_message() -> None:
    def reply(cells: tuple[TokenId, ...]) -> TokenId:
        return TokenId(b"the pool ran dry"[len(cells) % 16])

    stage = Stage(FakeBackend(reply=reply))
    answer, first = stage.ask(ask("a", SKILLS[0], "why?", n=9))
    _, ended = stage.ask(ask("b", SKILLS[0], "why?", answer, "and now?"))
    assert ended.stats.n_cached >= first.stats.n_prompt + first.stats.n_output - 1


def test_asking_the_same_again_decodes_only_the_last_prompt_token() -> None:
    stage = Stage()
    first, _ = stage.ask(ask("a", SKILLS[0], "why?"))
    again, ended = stage.ask(ask("b", SKILLS[0], "why?"))
    assert again == first
    assert ended.stats.n_cached == ended.stats.n_prompt - 1


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(SKILLS), st.sampled_from(QUESTIONS), st.sampled_from(Priority)),
        min_size=2,
        max_size=7,
    ),
    st.integers(min_value=150, max_value=400),
    st.integers(min_value=1, max_value=16),
)
def test_together_and_cached_gives_the_text_of_alone_and_uncached(
    asked: list[tuple[str, str, Priority]], n_ctx: int, n_batch: int
) -> None:
    """Whatever is evicted, preempted or shared on the way, in however little memory."""
    stage = Stage(FakeBackend(n_ctx=n_ctx, n_batch=n_batch, n_seq_max=4))
    requests = [
        ask(f"r{i}", skill, question, priority=priority)
        for i, (skill, question, priority) in enumerate(asked)
    ]
    for request in requests:
        stage.submit(request)
    stage.run()
    for request in requests:
        assert stage.text(request.request_id) == alone(request)
        assert stage.ended(request.request_id).outcome in (Outcome.FINISHED, Outcome.LENGTH)


def test_an_interactive_request_overtakes_a_background_one_in_progress() -> None:
    stage = Stage()
    stage.submit(ask("digest", SKILLS[2], "all logs", n=40, priority=Priority.BACKGROUND))
    for _ in range(8):
        stage.runner.step()
    stage.submit(ask("person", SKILLS[0], "why?", n=4))
    while not _is_over(stage.events["person"]):
        stage.runner.step()
        stage.check()
    assert not _is_over(stage.events["digest"])
    stage.run()
    assert stage.text("digest") == alone(ask("digest", SKILLS[2], "all logs", n=40))


def test_a_background_request_gives_up_its_cells_and_resumes_where_it_was() -> None:
    def endless(cells: tuple[TokenId, ...]) -> TokenId:
        return TokenId(ord("a") + sum(cells) % 26)

    stage = Stage(FakeBackend(n_ctx=128, reply=endless))
    digest = ask("digest", "s", "all logs", n=60, priority=Priority.BACKGROUND, pin_prefix=0)
    person = ask("person", "s", "y" * 50, n=8, pin_prefix=0)
    stage.submit(digest)
    for _ in range(30):
        stage.runner.step()
    shown = stage.text("digest")
    stage.submit(person)
    while not _is_over(stage.events["person"]):
        stage.runner.step()
        stage.check()
    assert stage.sequences["digest"].seq_id is None
    assert stage.text("digest") == shown
    stage.run()
    for request in (person, digest):
        expected, _ = Stage(FakeBackend(reply=endless)).ask(request)
        assert stage.text(request.request_id) == expected


@pytest.mark.parametrize("n_steps", range(14))
def test_cancelling_at_any_step_frees_what_the_request_held(n_steps: int) -> None:
    stage = Stage()
    stage.submit(ask("a", SKILLS[0], "why is it slow?", n=30))
    for _ in range(n_steps):
        stage.runner.step()
    stage.runner.cancel("a")
    stage.check()
    assert stage.ended("a").outcome is Outcome.CANCELLED
    assert stage.runner.is_idle
    assert stage.backend.n_samplers == 0
    assert stage.sequences["a"].seq_id is None
    while stage.runner.memory.evict(1000):
        stage.check()
    assert stage.backend.n_cells_used == 0


def test_cancelling_from_inside_a_decode_takes_effect_after_that_batch() -> None:
    """A cancellation is served within one chunk of prefill."""
    stage = Stage(FakeBackend(n_batch=4))
    batches: list[Sequence[Chunk]] = []
    stage.backend.on_decode = batches.append
    stage.submit(ask("a", SKILLS[0], "a long question " * 10))
    stage.runner.step()
    stage.runner.cancel("a")
    assert stage.runner.is_idle
    assert [len(chunk.tokens) for batch in batches for chunk in batch] == [4]


def test_unknown_ids_are_not_cancelled() -> None:
    stage = Stage()
    stage.submit(ask("a", SKILLS[0], "why?"))
    stage.runner.cancel("b")
    stage.run()
    assert stage.ended("a").outcome is not Outcome.CANCELLED


def test_a_stop_string_ends_the_text_before_it() -> None:
    whole = alone(ask("a", SKILLS[0], "why?", n=40))
    stop = whole[10:13]
    text, ended = Stage().ask(ask("a", SKILLS[0], "why?", n=40, stop=(stop,)))
    assert text == whole[: whole.index(stop)]
    assert ended.outcome is Outcome.FINISHED


def test_what_might_have_become_a_stop_string_is_shown_when_the_answer_ends() -> None:
    stage = Stage(FakeBackend(reply=lambda cells: TokenId(ord("a"))))
    text, ended = stage.ask(ask("a", SKILLS[0], "why?", n=3, stop=("aaaa",)))
    assert (text, ended.outcome) == ("aaa", Outcome.LENGTH)


def test_the_end_token_is_not_text() -> None:
    def reply(cells: tuple[TokenId, ...]) -> TokenId:
        return TokenId(ord("x")) if cells[-1] != ord("x") else TokenId(257)

    text, ended = Stage(FakeBackend(reply=reply)).ask(ask("a", SKILLS[0], "why?"))
    assert (text, ended.outcome, ended.stats.n_output) == ("x", Outcome.FINISHED, 1)


def test_generation_ends_when_the_context_is_full() -> None:
    stage = Stage(FakeBackend(n_ctx=64, reply=lambda cells: TokenId(ord("x"))))
    _, ended = stage.ask(ask("a", "s", "u", n=500))
    assert ended.outcome is Outcome.LENGTH
    assert ended.stats.n_prompt + ended.stats.n_output == 64


def test_a_bad_grammar_is_rejected_with_a_reason() -> None:
    stage = Stage()
    text, ended = stage.ask(ask("a", SKILLS[0], "why?", grammar="nonsense"))
    assert (text, ended.outcome) == ("", Outcome.REJECTED)
    assert "root" in ended.reason
    assert stage.backend.n_decoded == 0


def test_a_warmed_prefix_is_pinned_and_used() -> None:
    stage = Stage(FakeBackend(n_ctx=200))
    system = (ChatMessage(Role.SYSTEM, SKILLS[0]),)
    stage.submit(warming_request("warm", system), Purpose.WARMING)
    stage.run()
    assert stage.ended("warm").outcome is Outcome.FINISHED
    assert stage.ended("warm").stats.n_output == 0
    for i in range(6):
        stage.ask(ask(f"other{i}", SKILLS[2], f"{i}" * 60, pin_prefix=0))
    _, ended = stage.ask(ask("a", SKILLS[0], "why?"))
    assert ended.stats.n_cached == len(stage.template.prefix(system))


def test_pins_give_way_when_a_request_needs_all_memory() -> None:
    stage = Stage(FakeBackend(n_ctx=128))
    stage.ask(ask("a", SKILLS[0], "why?", n=2))
    big = ask("big", "x", "y" * 90, n=2)
    text, ended = stage.ask(big)
    assert ended.outcome is Outcome.LENGTH
    assert text == alone(big)


def test_no_room_evicts_and_tries_again() -> None:
    stage = Stage()
    stage.ask(ask("a", SKILLS[0], "why?"))
    stage.backend.codes.extend([1])
    request = ask("b", SKILLS[2], "which?")
    text, ended = stage.ask(request)
    assert text == alone(request)
    assert ended.outcome in (Outcome.FINISHED, Outcome.LENGTH)


def test_no_room_where_the_books_promised_it_begins_with_empty_memory() -> None:
    stage = Stage()
    stage.submit(ask("a", SKILLS[0], "why?"))
    for _ in range(8):
        stage.runner.step()
    stage.backend.codes.extend([1])
    stage.run()
    assert stage.text("a") == alone(ask("a", SKILLS[0], "why?"))
    assert stage.backend.n_resets == 1


def test_no_room_for_anything_fails_the_request_with_a_sentence() -> None:
    stage = Stage()
    stage.backend.codes.extend([1, 1])
    _, ended = stage.ask(ask("a", SKILLS[0], "why?"))
    assert ended.outcome is Outcome.FAILED
    assert "do not fit" in ended.reason
    assert stage.backend.n_cells_used == 0


@pytest.mark.parametrize("code", [-1, 2, -2, -3])
@pytest.mark.parametrize("n_good", [0, 1, 4])
def test_a_failed_decode_fails_its_request_and_leaves_the_next_one_right(
    code: int, n_good: int
) -> None:
    stage = Stage()
    stage.backend.codes.extend([0] * n_good + [code])
    _, ended = stage.ask(ask("a", SKILLS[0], "why is it?", n=20, pin_prefix=0))
    assert ended.outcome is Outcome.FAILED
    assert ended.reason
    assert stage.backend.n_cells_used == 0
    request = ask("b", SKILLS[0], "why is it?", n=20)
    assert stage.ask(request)[0] == alone(request)
    assert stage.backend.n_resets == 0


def test_failures_in_a_row_rebuild_the_context_and_spare_who_waits() -> None:
    stage = Stage()
    paused = ask("c", SKILLS[2], "digest", n=30, priority=Priority.BACKGROUND)
    stage.submit(paused)
    for _ in range(8):
        stage.runner.step()
    stage.backend.codes.extend([-2, -2])
    for name in "ab":
        stage.submit(ask(name, SKILLS[0], "why?"))
    stage.run()
    assert [stage.ended(name).outcome for name in "ab"] == [Outcome.FAILED, Outcome.FAILED]
    assert stage.backend.n_resets == 1
    assert stage.text("c") == alone(paused)


def test_an_unforeseen_error_ends_the_running_request_only() -> None:
    def explode(chunks: Sequence[Chunk]) -> None:
        stage.backend.on_decode = None
        raise MemoryError("boom")

    stage = Stage()
    stage.submit(ask("a", SKILLS[0], "why?"))
    stage.submit(ask("b", SKILLS[0], "why?"))
    stage.backend.on_decode = explode
    with pytest.raises(MemoryError):
        stage.runner.step()
    stage.runner.fail_running("it broke")
    stage.run()
    assert (stage.ended("a").outcome, stage.ended("a").reason) == (Outcome.FAILED, "it broke")
    assert stage.text("b") == alone(ask("b", SKILLS[0], "why?"))


def test_a_model_that_cannot_share_parts_of_a_sequence_reuses_whole_ones() -> None:
    def reply(cells: tuple[TokenId, ...]) -> TokenId:
        return TokenId(b"the pool ran dry"[len(cells) % 16])

    stage = Stage(FakeBackend(can_share_prefixes=False, reply=reply))
    answer, first = stage.ask(ask("a", SKILLS[0], "why?"))
    other, ended = stage.ask(ask("b", SKILLS[0], "who?"))
    assert (other, ended.stats.n_cached) == (answer, 0)
    _, ended = stage.ask(ask("c", SKILLS[0], "why?", answer, "and now?"))
    assert ended.stats.n_cached == first.stats.n_prompt + first.stats.n_output - 1


def test_a_prefix_two_requests_need_at_once_is_computed_once() -> None:
    stage = Stage(FakeBackend(n_batch=16, n_ctx=2000))
    skill = "You explain logs to people. " * 8
    requests = [ask(f"r{i}", skill, f"{i} why?", n=4) for i in range(4)]
    for request in requests:
        stage.submit(request)
    stage.run()
    n_alone = stage.ended("r0").stats.n_prompt
    assert stage.backend.n_decoded < 2 * n_alone
    assert all(stage.ended(f"r{i}").stats.n_cached > len(skill) for i in range(1, 4))
    for request in requests:
        assert stage.text(request.request_id) == alone(request)


def test_who_waits_for_a_shared_prefix_goes_on_when_its_maker_is_cancelled() -> None:
    stage = Stage(FakeBackend(n_batch=16))
    skill = "You explain logs to people. " * 4
    stage.submit(ask("a", skill, "why?"))
    stage.submit(ask("b", skill, "who?"))
    stage.runner.step()
    stage.runner.cancel("a")
    stage.run()
    assert stage.text("b") == alone(ask("b", skill, "who?"))
    assert stage.ended("b").stats.n_cached >= 16 - 1


def test_a_short_question_does_not_wait_behind_a_long_one() -> None:
    stage = Stage(FakeBackend(n_batch=16, n_ctx=2000))
    stage.submit(ask("long", SKILLS[2], "x" * 900, n=2))
    stage.runner.step()
    stage.submit(ask("short", SKILLS[0], "why?", n=2))
    while not _is_over(stage.events["short"]):
        stage.runner.step()
        stage.check()
    assert not _is_over(stage.events["long"])
    stage.run()


def test_eager_prefill_runs_only_when_nobody_waits_and_is_then_reused() -> None:
    stage = Stage(FakeBackend(n_batch=16, n_ctx=2000))
    thread = ask("eager", SKILLS[0], "a long thread " * 20, n=1, priority=Priority.EAGER)
    stage.submit(thread)
    stage.runner.step()
    stage.submit(ask("person", SKILLS[2], "why?", n=30))
    n_before = stage.sequences["eager"].n_cells
    while not _is_over(stage.events["person"]):
        stage.runner.step()
        stage.check()
    assert stage.sequences["eager"].n_cells == n_before
    stage.run()
    _, ended = stage.ask(ask("mention", SKILLS[0], "a long thread " * 20 + "so?", n=2))
    assert ended.stats.n_cached > 280


def test_a_step_nobody_waits_for_is_given_up_and_loses_nothing() -> None:
    stage = Stage(FakeBackend(n_batch=16))
    digest = ask("digest", SKILLS[2], "all logs", n=10, priority=Priority.BACKGROUND)
    stage.submit(digest)
    stage.runner.step()
    n_cells = stage.sequences["digest"].n_cells
    stage.runner.step(should_abort=lambda: True)
    stage.check()
    assert stage.sequences["digest"].n_cells == n_cells
    stage.run()
    assert stage.text("digest") == alone(digest)


def test_a_step_somebody_waits_for_is_never_given_up() -> None:
    stage = Stage()
    stage.submit(ask("a", SKILLS[0], "why?", n=3))
    for _ in range(50):
        if not stage.runner.is_idle:
            stage.runner.step(should_abort=lambda: True)
    assert stage.ended("a").outcome is Outcome.LENGTH


def test_a_deadline_ends_a_request_wherever_it_is() -> None:
    stage = Stage()
    stage.submit(ask("a", SKILLS[0], "why?", n=30))
    stage.runner.step()
    stage.sequences["a"].deadline_mono = 0.0
    stage.runner.step()
    ended = stage.ended("a")
    assert (ended.outcome, ended.fault) == (Outcome.CANCELLED, Fault.DEADLINE)
    assert stage.runner.is_idle


@dataclass
class Guesser:
    """Proposes the right continuation, spoilt from some position on."""

    right: list[TokenId]
    n_prompt: int
    wrong_from: int
    n_proposed: int = 0
    n_accepted: int = 0

    def propose(self, tokens: Sequence[TokenId], n_max: int) -> list[TokenId]:
        begin = len(tokens) - self.n_prompt
        guess = [
            token if begin + i < self.wrong_from else TokenId((token + 1) % 256)
            for i, token in enumerate(self.right[begin : begin + min(5, n_max)])
        ]
        return guess

    def learn(self, n_proposed: int, n_accepted: int) -> None:
        self.n_proposed += n_proposed
        self.n_accepted += n_accepted

    def close(self) -> None:
        self.wrong_from = 0


@pytest.mark.parametrize("wrong_from", [0, 1, 3, 7, 100])
@pytest.mark.parametrize("n", [1, 2, 9, 40])
def test_guessing_ahead_changes_how_many_steps_but_not_the_text(wrong_from: int, n: int) -> None:
    request = ask("a", SKILLS[0], "why is it slow?", n=n)
    plain = Stage()
    plain.ask(request)
    known = plain.sequences["a"]
    stage = Stage()
    stage.submit(request)
    guesser = Guesser(known.tokens[len(known.prompt) :], len(known.prompt), wrong_from)
    stage.sequences["a"].drafter = guesser
    stage.run()
    assert stage.text("a") == plain.text("a")
    assert stage.ended("a").outcome is plain.ended("a").outcome
    stats = stage.ended("a").stats
    assert (stats.n_drafted, stats.n_accepted) == (guesser.n_proposed, guesser.n_accepted)
    assert stats.n_accepted <= wrong_from


def test_after_a_failed_batch_only_the_request_that_fails_alone_ends() -> None:
    """A batch of several says nothing about whose fault it was."""

    def poison(chunks: Sequence[Chunk]) -> None:
        if any(TokenId(ord("!")) in chunk.tokens for chunk in chunks):
            stage.backend.codes.append(-2)

    stage = Stage(FakeBackend(n_batch=64))
    good = ask("good", SKILLS[0], "why?", n=8)
    stage.submit(good)
    stage.runner.step()
    stage.backend.on_decode = poison
    stage.submit(ask("bad", SKILLS[2], "poison!", n=8))
    stage.run()
    assert stage.ended("bad").outcome is Outcome.FAILED
    assert stage.text("good") == alone(good)


def test_cells_that_vanished_are_computed_again() -> None:
    stage = Stage()
    stage.ask(ask("a", SKILLS[0], "why?"))
    (holder,) = stage.runner.memory.tree.idle
    stage.backend.truncate(holder, 5)
    text, ended = stage.ask(ask("b", SKILLS[0], "why now?"))
    assert text == alone(ask("b", SKILLS[0], "why now?"))
    assert ended.stats.n_cached == 0


def test_books_that_disagree_with_memory_are_thrown_away() -> None:
    stage = Stage()
    stage.ask(ask("a", SKILLS[0], "why?"))
    (holder,) = stage.runner.memory.tree.idle
    stage.backend.truncate(holder, 5)
    stage.runner.verify()
    assert stage.backend.n_resets == 1
    stage.check()


def test_few_cells_stay_idle_and_the_pinned_ones_are_among_them() -> None:
    backend = FakeBackend(n_ctx=2000, n_batch=64)
    memory = KvMemory(backend, max_idle=60)
    prompts = [
        tuple(b"rules for everybody " + f"thread {i} goes on ".encode() * 2) for i in range(5)
    ]
    for prompt in prompts:
        tokens = [TokenId(token) for token in prompt]
        acquired = memory.acquire(tokens)
        assert acquired is not None
        seq_id, n_cells = acquired
        backend.decode([Chunk(seq_id=seq_id, start=n_cells, tokens=tokens[n_cells:], n_outputs=0)])
        memory.advance(seq_id, len(tokens))
        memory.publish(seq_id, tokens)
        memory.pin(tokens[:20])
        memory.release(seq_id, tokens)
        memory.check()
    assert 20 <= memory.counts().cached <= 60
    assert memory.n_known([TokenId(token) for token in b"rules for everybody else"]) == 20


def test_prompts_that_fit_one_after_the_other_are_all_answered() -> None:
    """Ageing makes them take turns; together they need more cells than there are."""
    stage = Stage(FakeBackend(n_ctx=512, n_batch=64))
    requests = [ask(f"r{i}", f"{i} " * 50, "why?", n=5) for i in range(24)]
    for request in requests:
        stage.submit(request)
    for _ in range(3000):
        if stage.runner.is_idle:
            break
        stage.runner.step()
        stage.now += 2.5
        stage.check()
    for request in requests:
        assert stage.ended(request.request_id).outcome in (Outcome.LENGTH, Outcome.FINISHED)
        assert stage.text(request.request_id) == alone(request)


def test_one_worse_request_lets_one_better_one_in_on_top_and_not_all() -> None:
    backend = FakeBackend(n_ctx=512, n_batch=64)
    stage = Stage(backend, admission=Admission(backend, KvMemory(backend), max_running=4))
    stage.submit(ask("digest", "d" * 90, "why?", priority=Priority.BACKGROUND))
    stage.runner.step()
    for i in range(20):
        stage.submit(ask(f"r{i}", f"{i} " * 40, "why?"))
    stage.runner.step()
    assert len(stage.runner.memory.tree.running) <= 5
    stage.run()
    assert stage.text("digest") == alone(ask("digest", "d" * 90, "why?"))


class BrokenDrafter:
    def propose(self, tokens: Sequence[TokenId], n_max: int) -> list[TokenId]:
        raise RuntimeError("broken on purpose")

    def learn(self, n_proposed: int, n_accepted: int) -> None:
        """It learns nothing."""

    def close(self) -> None:
        """Nothing to free."""


def test_a_request_that_cannot_be_prepared_ends_alone() -> None:
    backend = FakeBackend(n_ctx=512, n_batch=64)

    def make_drafter(sequence: LiveSequence) -> None:
        if sequence.request_id == "bad":
            raise RuntimeError("broken on purpose")

    admission = Admission(backend, KvMemory(backend), make_drafter=make_drafter)
    stage = Stage(backend, admission=admission)
    good = ask("good", SKILLS[0], "why?")
    stage.submit(good)
    stage.runner.step()
    stage.submit(ask("bad", SKILLS[1], "why?"))
    stage.run()
    assert stage.ended("bad").fault is Fault.INTERNAL
    assert stage.text("good") == alone(good)


def test_a_drafter_that_fails_is_done_without() -> None:
    backend = FakeBackend(n_ctx=512, n_batch=64)
    admission = Admission(backend, KvMemory(backend), make_drafter=lambda _: BrokenDrafter())
    stage = Stage(backend, admission=admission)
    request = ask("a", SKILLS[0], "why?")
    assert stage.ask(request)[0] == alone(request)


def test_memory_that_cannot_drop_a_part_computes_an_aborted_step_again() -> None:
    backend = FakeBackend(n_ctx=512, n_batch=16, can_share_prefixes=False)
    stage = Stage(backend)
    request = ask("a", SKILLS[0], "why?", priority=Priority.BACKGROUND)
    stage.submit(request)
    stage.runner.step()
    stage.runner.step(should_abort=lambda: True)
    stage.run()
    assert stage.text("a") == alone(request)


def test_a_state_that_cannot_be_copied_costs_only_itself() -> None:
    class NoCopy(FakeBackend):
        def read_state(self, seq_id: SeqId) -> bytes:
            raise MemoryError

    backend = NoCopy(n_ctx=512, n_batch=64)
    stage = Stage(backend, KvMemory(backend, max_idle=0, offload=KvOffload(max_bytes=10_000)))
    request = ask("a", SKILLS[0], "why?", pin_prefix=0)
    assert stage.ask(request)[0] == alone(request)
    stage.runner.memory.check()
    assert len(stage.runner.memory.free_ids) == backend.info.n_seq_max


def test_a_conversation_without_a_token_is_refused() -> None:
    with pytest.raises(ChatTemplateError, match="empty"):
        Stage().submit(warming_request("warm", ()), Purpose.WARMING)


class RunnerMachine(RuleBasedStateMachine):
    """Random submissions, steps, cancellations and faults in a small memory."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = self.open_stage()
        self.expected: dict[str, GenerateRequest] = {}
        self.is_faulty = False
        self.cancelled: set[str] = set()

    def open_stage(self) -> Stage:
        return Stage(FakeBackend(n_ctx=160, n_batch=8, n_seq_max=4))

    @rule(
        skill=st.sampled_from(SKILLS),
        question=st.sampled_from(QUESTIONS),
        priority=st.sampled_from(Priority),
        n=st.integers(min_value=1, max_value=20),
    )
    def submit(self, skill: str, question: str, priority: Priority, n: int) -> None:
        request = ask(f"r{len(self.expected)}", skill, question, n=n, priority=priority)
        self.expected[request.request_id] = request
        self.stage.submit(request)

    @precondition(lambda self: not self.stage.runner.is_idle)
    @rule(n=st.integers(min_value=1, max_value=10))
    def step(self, n: int) -> None:
        for _ in range(n):
            if not self.stage.runner.is_idle:
                self.stage.runner.step()

    @precondition(lambda self: bool(self.expected))
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.expected)))
        self.cancelled.add(name)
        self.stage.runner.cancel(name)

    @rule(seconds=st.floats(min_value=0.01, max_value=30))
    def wait(self, seconds: float) -> None:
        self.stage.now += seconds

    @rule(code=st.sampled_from([-3, -2, -1, 1, 2]))
    def fault(self, code: int) -> None:
        self.is_faulty = True
        self.stage.backend.codes.append(code)

    @invariant()
    def memory_is_consistent(self) -> None:
        self.stage.check()

    def teardown(self) -> None:
        self.stage.run()
        for name, request in self.expected.items():
            ended, text = self.stage.ended(name), self.stage.text(name)
            if ended.outcome in (Outcome.FINISHED, Outcome.LENGTH):
                assert text == alone(request)
            else:
                assert alone(request).startswith(text)
                assert self.is_faulty or name in self.cancelled, ended.reason
        assert self.stage.backend.n_samplers == 0


class OffloadingMachine(RunnerMachine):
    """The same, where what is evicted moves out and comes back."""

    def open_stage(self) -> Stage:
        backend = FakeBackend(n_ctx=160, n_batch=8, n_seq_max=4)
        memory = KvMemory(backend, max_idle=20, offload=KvOffload(max_bytes=1200))
        return Stage(backend, memory)


# A failing run is told as it is: making one of these shorter can take many minutes.
RunnerMachine.TestCase.settings = OffloadingMachine.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
TestRunnerMachine = RunnerMachine.TestCase
TestOffloadingMachine = OffloadingMachine.TestCase

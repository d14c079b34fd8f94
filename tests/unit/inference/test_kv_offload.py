"""States moved out of the KV cache, and a memory that uses them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inference.backends.base import Chunk, DecodeStatus
from inference.backends.fake import FakeBackend
from inference.kv_memory import KvMemory
from inference.kv_offload import KvOffload
from inference.radix_node import Tokens, n_common_prefix
from inference.request import TokenId

PATHS = st.lists(st.sampled_from([TokenId(1), TokenId(2)]), min_size=1, max_size=6).map(tuple)


def ids(text: str) -> Tokens:
    return tuple(TokenId(code) for code in text.encode())


def prefill(memory: KvMemory, backend: FakeBackend, text: str, *, n_pinned: int = 0) -> int:
    """Run a request of this text to its end; returns how many tokens were not computed."""
    tokens = ids(text)
    memory.recall(tokens)
    acquired = memory.acquire(tokens)
    assert acquired is not None
    seq_id, n_known = acquired
    for start in range(n_known, len(tokens), backend.n_batch):
        part = tokens[start : start + backend.n_batch]
        assert memory.make_room(len(part))
        chunk = Chunk(seq_id=seq_id, start=start, tokens=part, n_outputs=0)
        assert backend.decode([chunk]) is DecodeStatus.DONE
        memory.advance(seq_id, start + len(part))
        memory.publish(seq_id, tokens[: start + len(part)])
    memory.pin(tokens[:n_pinned])
    memory.release(seq_id, tokens)
    memory.check()
    return n_known


def test_the_state_with_most_in_common_is_found_and_taken_once() -> None:
    offload = KvOffload(max_bytes=100)
    offload.put(ids("abcd"), b"1234")
    offload.put(ids("abxy"), b"5678")
    assert offload.n_common(ids("abxz")) == 3
    taken = offload.take_for(ids("abxz"), max_tokens=100)
    assert taken is not None
    assert taken.state == b"5678"
    assert offload.n_common(ids("abxz")) == 2
    assert [each.state for each in offload] == [b"1234"]


def test_of_several_states_the_smallest_that_fits_is_taken() -> None:
    offload = KvOffload(max_bytes=1000)
    offload.put(ids("abc" + "x" * 50), b"large")
    offload.put(ids("abc" + "y" * 9), b"small")
    offload.put(ids("abc" + "z" * 20), b"medium")
    assert offload.take_for(ids("abcq"), max_tokens=5) is None
    taken = [offload.take_for(ids("abcq"), max_tokens=30) for _ in range(3)]
    assert [each.state if each else None for each in taken] == [b"small", b"medium", None]


def test_a_longer_state_replaces_what_it_covers_and_a_covered_one_is_not_kept() -> None:
    offload = KvOffload(max_bytes=100)
    offload.put(ids("ab"), b"12")
    offload.put(ids("abcd"), b"1234")
    offload.put(ids("abc"), b"123")
    assert [each.state for each in offload] == [b"1234"]
    assert offload.n_bytes == 4


def test_the_least_recently_used_state_goes_first() -> None:
    offload = KvOffload(max_bytes=8)
    offload.put(ids("aa"), b"1111")
    offload.put(ids("bb"), b"2222")
    assert offload.covers(ids("a"))
    offload.put(ids("cc"), b"3333")
    assert {each.state for each in offload} == {b"1111", b"3333"}


def test_a_state_that_is_too_large_or_empty_is_not_kept() -> None:
    offload = KvOffload(max_bytes=3)
    offload.put(ids("abcd"), b"1234")
    offload.put(ids("ab"), b"")
    assert len(offload) == 0


def test_an_indivisible_state_is_found_only_by_prompts_that_go_on_from_it() -> None:
    offload = KvOffload(max_bytes=100, is_divisible=False)
    offload.put(ids("abcd"), b"1234")
    assert offload.n_common(ids("abc")) == 0
    assert offload.n_common(ids("abcde")) == 4


@given(st.lists(st.tuples(PATHS, st.integers(1, 5)), max_size=20), st.integers(1, 20), PATHS)
def test_nothing_is_lost_but_by_size(
    entries: list[tuple[Tokens, int]], max_bytes: int, prompt: Tokens
) -> None:
    offload = KvOffload(max_bytes=max_bytes)
    for tokens, size in entries:
        offload.put(tokens, bytes(size))
    kept = list(offload)
    assert offload.n_bytes == sum(len(each.state) for each in kept) <= max_bytes
    best = max((n_common_prefix(each.tokens, prompt) for each in kept), default=0)
    assert offload.n_common(prompt) == best
    everything = KvOffload(max_bytes=1000)
    for tokens, size in entries:
        everything.put(tokens, bytes(size))
        assert everything.covers(tokens)


def test_an_evicted_thread_comes_back_instead_of_being_computed() -> None:
    backend = FakeBackend(n_ctx=2000, n_batch=64)
    memory = KvMemory(backend, max_idle=50, offload=KvOffload(max_bytes=10_000))
    rules = "Rules for everybody, forty characters..."
    threads = [f"{rules}thread {i} " + f"says {i} " * 12 for i in range(4)]
    for text in threads:
        prefill(memory, backend, text, n_pinned=len(rules))
    assert memory.counts().cached <= 50 + len(rules)
    for text in threads:
        assert prefill(memory, backend, text + " and on") == len(text)


def test_a_thread_larger_than_what_may_stay_idle_comes_back_whole() -> None:
    backend = FakeBackend(n_ctx=2000, n_batch=64)
    memory = KvMemory(backend, max_idle=20, offload=KvOffload(max_bytes=10_000))
    text = "a long thread " * 20
    prefill(memory, backend, text)
    assert memory.counts().cached == 0
    assert prefill(memory, backend, text + "goes on") == len(text)


def test_a_thread_comes_back_even_when_every_id_is_held() -> None:
    backend = FakeBackend(n_ctx=2000, n_batch=64, n_seq_max=2)
    memory = KvMemory(backend, offload=KvOffload(max_bytes=10_000))
    texts = [f"{i} is a thread of its own " * 4 for i in range(3)]
    for text in texts:
        prefill(memory, backend, text)
    assert prefill(memory, backend, texts[0] + "!") == len(texts[0])


def test_a_full_cache_moves_threads_out_and_forgets_none() -> None:
    backend = FakeBackend(n_ctx=300, n_batch=64)
    memory = KvMemory(backend, offload=KvOffload(max_bytes=100_000))
    threads = [f"{i} is a thread of its own " * 7 for i in range(5)]
    for text in threads:
        prefill(memory, backend, text)
    for text in threads:
        assert prefill(memory, backend, text + "!") == len(text)


def test_after_a_reset_nothing_computed_before_is_used() -> None:
    backend = FakeBackend(n_ctx=300, n_batch=64)
    memory = KvMemory(backend, max_idle=0, offload=KvOffload(max_bytes=100_000))
    text = "a thread of some length " * 4
    prefill(memory, backend, text)
    backend.reset()
    memory.reset()
    assert prefill(memory, backend, text + "!") == 0

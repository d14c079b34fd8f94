from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from bot.benchmarks.burst import burst_conversations
from bot.benchmarks.ops_load import Message, OpsLoad


def conversations(load: OpsLoad, salt: str = "s") -> list[list[Message]]:
    return [
        [load.system(thread, salt), *(load.question(thread, t) for t in range(load.n_turns))]
        for thread in range(load.n_threads)
    ]


def digest(messages: object) -> str:
    return hashlib.sha256(json.dumps(messages).encode()).hexdigest()


def test_the_same_seed_gives_the_same_bytes_in_every_process() -> None:
    load = OpsLoad(n_threads=5, n_turns=3, seed=7)
    assert digest(conversations(load)) == digest(
        conversations(OpsLoad(n_threads=5, n_turns=3, seed=7))
    )
    first = OpsLoad(n_system_words=12, n_user_words=9).system(0, "s")["content"]
    assert first.startswith("Shift s. You read log evidence and tell")


def test_another_seed_asks_other_questions() -> None:
    one, other = OpsLoad(seed=1), OpsLoad(seed=2)
    assert digest(conversations(one)) != digest(conversations(other))
    assert one.question(0, 0) != other.question(0, 0)


def test_another_salt_changes_the_beginning_of_every_prompt_and_no_question() -> None:
    load = OpsLoad()
    for thread in range(4):
        one, other = (load.system(thread, salt)["content"] for salt in ("0-1-1", "0-1-2"))
        assert one.split(". ", 1)[0] != other.split(". ", 1)[0]
        assert one.split(". ", 1)[1] == other.split(". ", 1)[1]


def test_another_nonce_changes_the_beginning_of_every_prompt_and_no_question() -> None:
    one, other = OpsLoad(nonce="a-"), OpsLoad(nonce="b-")
    assert one.question(0, 0) == other.question(0, 0)
    prompts = [load.system(0, "0-1-1")["content"] for load in (one, other)]
    assert prompts[0].split(". ", 1)[0] != prompts[1].split(". ", 1)[0]
    assert prompts[0].split(". ", 1)[1] == prompts[1].split(". ", 1)[1]


def test_there_are_four_skills_whose_prompts_have_the_length_asked_for() -> None:
    load = OpsLoad(n_threads=8, n_system_words=300)
    prompts = [load.system(thread, "s")["content"] for thread in range(8)]
    assert len(set(prompts)) == 4
    assert prompts[:4] == prompts[4:]
    assert all(300 <= len(prompt.split()) < 320 for prompt in prompts)


def test_questions_differ_by_thread_and_turn_and_grow_with_their_words() -> None:
    load = OpsLoad(n_threads=6, n_turns=2)
    asked = [load.question(i, turn)["content"] for i in range(6) for turn in range(2)]
    assert len(set(asked)) == 12
    short, long = (load.question(0, 0, n_words=n)["content"] for n in (9, 270))
    assert len(long.splitlines()) == 31
    assert len(short.splitlines()) == 2


@pytest.mark.parametrize("name", ["n_threads", "n_turns", "n_output", "n_system_words"])
def test_a_count_below_one_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is 0, it must be at least 1"):
        replace(OpsLoad(), **{name: 0})


def test_a_burst_repeats_and_mixes_short_and_long_questions() -> None:
    load = OpsLoad(n_threads=32, n_user_words=30)
    asked = burst_conversations(load, "b")
    assert digest(asked) == digest(burst_conversations(load, "b"))
    lengths = [len(messages[1]["content"].split()) for messages in asked]
    assert max(lengths) > 2 * min(lengths)
    assert lengths != sorted(lengths)

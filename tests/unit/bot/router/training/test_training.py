"""The student can be made again, bit for bit, from small parts that each do one thing."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from random import Random

import numpy as np
import pytest

from bot.messages import Intent
from bot.router.student import from_bytes, shipped
from bot.router.training import pack as packing
from bot.router.training.assemble import assemble, embed_all, with_more
from bot.router.training.choose import calibration_error, read_choice
from bot.router.training.descent import Recipe, softened, softmax
from bot.router.training.messages import Message, generate, language_of
from bot.router.training.teacher import reliability, soft_label
from bot.router.training.templates import Template, read_sections
from bot.router.training.train import Calibration, train
from bot.router.training.votes import Votes, in_teaching_order, read_votes, shipped_votes

RECIPE = Recipe(alpha=0.5, temperature=2, n_steps=15)
TEXTS = {
    "why is checkout failing": Intent.LOGS,
    "errors on web-3 since noon": Intent.LOGS,
    "restart nginx on web-3": Intent.RUNBOOK,
    "drain node-7 please": Intent.RUNBOOK,
    "a regex for uuids": Intent.CODE,
    "who owns the ledger": Intent.KNOWLEDGE,
    "remind us each friday": Intent.SCHEDULE,
    "hello there": Intent.CHAT,
}
MESSAGES = tuple(
    Message(text=text, intent=intent, language="en", group=f"example {text}")
    for text, intent in TEXTS.items()
)


def _small_pack(votes: dict[str, tuple[Intent, ...]] | None = None) -> packing.Pack:
    vectors = np.random.default_rng(1).standard_normal((len(MESSAGES), 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return assemble(MESSAGES, votes or {}, vectors, encoder="tiny", n_prompts=2)


def _data() -> Path:
    return Path(str(files("bot.router").joinpath("data")))


def test_alternatives_slots_and_escapes_are_filled() -> None:
    template = Template(r"(a|b(c|)) {x}\(\n", {"x": ("1", "2\\n3")})
    found = {template.fill(Random(seed)) for seed in range(60)}  # noqa: S311
    assert found == {f"{a} {x}(\n" for a in ("a", "bc", "b") for x in ("1", "2\n3")}


@pytest.mark.parametrize("source", ["(a|b", "{nothing}", "{x", "(" * 20 + ")" * 20])
def test_a_faulty_template_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match=r"slot|bracket|deep"):
        Template(source, {"x": ("1",)})


def test_lines_before_a_heading_are_refused() -> None:
    with pytest.raises(ValueError, match="first heading"):
        read_sections("a\n== x\nb")


def test_messages_are_the_same_each_time_and_never_double() -> None:
    first, again = generate(), generate()
    assert first == again
    assert len({message.text for message in first}) == len(first) > 5000
    assert {message.language for message in first} == {"en", "zh", "es", "de", "ja"}


def test_the_shipped_set_is_what_the_templates_give() -> None:
    assert packing.read(_data()).messages == generate()


def test_the_same_set_gives_the_same_bits() -> None:
    pack = _small_pack()
    calibration = Calibration()
    first, again = (train(pack, RECIPE, calibration).to_bytes() for _ in range(2))
    assert first == again
    assert from_bytes(first).encoder == "tiny"


def test_a_student_learns_what_it_is_shown() -> None:
    pack = _small_pack()
    student = train(pack, replace(RECIPE, n_steps=60), Calibration())
    for text, intent in TEXTS.items():
        shares = student.shares(text)
        assert max(shares, key=shares.__getitem__) is intent


def test_a_damaged_student_is_refused() -> None:
    content = train(_small_pack(), RECIPE, Calibration()).to_bytes()
    with pytest.raises(ValueError, match="student"):
        from_bytes(content[:-40])


def test_the_shipped_student_belongs_to_the_shipped_set() -> None:
    pack, student = packing.read(_data()), shipped()
    _, calibration = read_choice(_data())
    assert student.encoder == pack.meaning.encoder
    assert student.n_dimensions == pack.meaning.axes.shape[1]
    assert student.by_characters.temperature == calibration.characters
    assert np.allclose(student.reliability, pack.reliability)


def test_a_set_survives_its_files(tmp_path: Path) -> None:
    pack = _small_pack()
    packing.write(pack, tmp_path)
    again = packing.read(tmp_path)
    assert (again.messages, again.soft) == (pack.messages, pack.soft)
    assert np.array_equal(again.meaning.levels, pack.meaning.levels)


def test_corrections_join_the_set_with_their_labels() -> None:
    pack = _small_pack()
    more = Message(text="bin it", intent=Intent.SCHEDULE, language="en", group="example corrected")
    joined = with_more(pack, (more,), np.ones((1, 6), dtype=np.float32))
    assert joined.messages[-1] is more
    assert len(joined.soft) == len(joined.meaning.levels) == len(MESSAGES) + 1


def test_a_witness_that_is_often_wrong_counts_little() -> None:
    right = [(Intent.LOGS, (Intent.LOGS,))] * 40
    random = [(Intent.LOGS, (answer,)) for answer in Intent] * 6
    trusted = soft_label("zzz", Intent.CODE, (Intent.LOGS,), reliability(right, 1))
    doubted = soft_label("zzz", Intent.CODE, (Intent.LOGS,), reliability(random, 1))
    logs = list(Intent).index(Intent.LOGS)
    assert trusted[logs] > doubted[logs]
    assert sum(doubted) == pytest.approx(1, abs=1e-3)


def test_votes_survive_their_file_and_damage_is_named() -> None:
    votes = Votes(text="a\nb", answers=(Intent.LOGS, Intent.CHAT))
    assert read_votes(votes.line()) == {"a\nb": (Intent.LOGS, Intent.CHAT)}
    with pytest.raises(ValueError, match=r"votes.jsonl:2"):
        read_votes(votes.line() + "\n{}")
    assert len(shipped_votes()) > 50


def test_messages_that_were_asked_are_not_asked_again() -> None:
    left = in_teaching_order(MESSAGES, [MESSAGES[0].text])
    assert set(left) == set(MESSAGES[1:])


def test_softmax_agrees_with_the_exponential_of_numpy() -> None:
    logits = np.random.default_rng(2).standard_normal((6, 50)) * 20
    powers = np.exp(logits - logits.max(axis=0))
    assert np.allclose(softmax(logits), powers / powers.sum(axis=0), atol=1e-12)


def test_softening_takes_roots() -> None:
    shares = np.array([[0.64], [0.36]])
    assert softened(shares, 2)[:, 0] == pytest.approx([8 / 14, 6 / 14])
    with pytest.raises(ValueError, match="1, 2 or 4"):
        softened(shares, 3)


def test_calibration_error_is_the_gap_between_sure_and_right() -> None:
    shares = np.array([[0.9, 0.9], [0.1, 0.1]])
    assert calibration_error(shares, np.array([0, 1])) == pytest.approx(0.4)


@pytest.mark.parametrize(("text", "language"), [("hi", "en"), ("日志", "zh"), ("ログを", "ja")])
def test_the_script_tells_the_language(text: str, language: str) -> None:
    assert language_of(text) == language


async def test_vectors_come_back_in_the_messages_order() -> None:
    async def embed(texts: object) -> np.ndarray:
        return np.array([[float(len(text))] for text in list(texts)], dtype=np.float32)  # type: ignore[call-overload]

    vectors = await embed_all(MESSAGES, embed)
    assert vectors[:, 0].tolist() == [len(message.text) for message in MESSAGES]

"""The labelled messages: generated from templates by a seed, and those written by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from random import Random

from bot.messages import Intent

from ..examples import load_examples
from .noise import roughen
from .templates import Template, read_sections

SEED = 20261121
_PER_TEMPLATE = {"en": 12, "zh": 8}
_PER_TEMPLATE_ELSE = 6
_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One labelled message.

    Attributes:
        group: What it was made from; messages of a group are similar and never separated when
            some messages are held back.
    """

    text: str
    intent: Intent
    language: str
    group: str

    @property
    def is_handwritten(self) -> bool:
        """Whether a person wrote it as it is."""
        return self.group.startswith("example")


def generate(seed: int = SEED) -> tuple[Message, ...]:
    """All messages; the same for the same seed and templates, and no text twice.

    Raises:
        ValueError: A template is faulty.
    """
    found: dict[str, Message] = {}
    for message in (*_by_hand(), *_from_templates(seed)):
        found.setdefault(message.text, message)
    return tuple(found.values())


def _by_hand() -> Iterator[Message]:
    for number, example in enumerate(load_examples()):
        yield Message(
            text=example.text,
            intent=example.intent,
            language=language_of(example.text),
            group=f"example {number}",
        )


def _from_templates(seed: int) -> Iterator[Message]:
    slots = read_sections(_text("slots"))
    for intent in Intent:
        for language, sources in read_sections(_text(intent.value)).items():
            for number, source in enumerate(sources):
                group = f"{intent.value} {language} {number}"
                random = Random(f"{seed} {group}")  # noqa: S311 - nothing secret
                yield from _filled(Template(source, slots), intent, language, group, random)


def _filled(
    template: Template, intent: Intent, language: str, group: str, random: Random
) -> Iterator[Message]:
    n_wanted = _PER_TEMPLATE.get(language, _PER_TEMPLATE_ELSE)
    texts: dict[str, None] = {}
    for _ in range(n_wanted * _TRIES):
        if len(texts) >= n_wanted:
            break
        text = template.fill(random)
        rough = roughen(text, language, random, is_chat=intent is Intent.CHAT)
        texts.setdefault(rough.strip())
    for text in texts:
        yield Message(text=text, intent=intent, language=language, group=group)


def _text(name: str) -> str:
    return (
        files("bot.router").joinpath("data", "templates", f"{name}.txt").read_text(encoding="utf-8")
    )


def language_of(text: str) -> str:
    """A guess by the script alone: `ja`, `zh` or `en`."""
    if any("\u3040" <= character <= "\u30ff" for character in text):
        return "ja"
    return "zh" if any("\u4e00" <= character <= "\u9fff" for character in text) else "en"


def count_by(messages: tuple[Message, ...]) -> Mapping[str, Mapping[str, int]]:
    """How many there are of each intent, by language."""
    counts: dict[str, dict[str, int]] = {}
    for message in messages:
        row = counts.setdefault(message.intent.value, {})
        row[message.language] = row.get(message.language, 0) + 1
    return counts

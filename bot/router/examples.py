"""The labelled examples, read from the package's own `examples.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import cast

import yaml

from bot.messages import Intent


@dataclass(frozen=True, slots=True)
class Example:
    """A request with the intent it has."""

    text: str
    intent: Intent


def load_examples() -> tuple[Example, ...]:
    """Read all examples, in the order of the file.

    Raises:
        ValueError: An intent is unknown or an example is not text.
    """
    text = files("bot.router").joinpath("examples.yaml").read_text(encoding="utf-8")
    groups = cast("dict[str, list[object]]", yaml.safe_load(text))
    found: list[Example] = []
    for label, texts in groups.items():
        intent = Intent(label)
        for item in texts:
            if not isinstance(item, str) or not item.strip():
                raise ValueError(f"examples.yaml: {item!r} under {label} is not text")
            found.append(Example(item, intent))
    return tuple(found)

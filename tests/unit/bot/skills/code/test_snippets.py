from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.skills.code import snippets as package
from bot.skills.code.languages import Language
from bot.skills.code.snippets import Collection, Grade, Match, SnippetError
from bot.skills.code.snippets.entry import SLOT, Snippet, read_snippets
from bot.skills.code.snippets.values import fill, shape_of, values_in
from bot.skills.code.snippets.words import content_words
from bot.skills.code.validators import validate
from knowledge.errors import EmbeddingError

_FOLDER = Path(package.__file__).parent
_SHIPPED = [each for path in sorted(_FOLDER.glob("*.yaml")) for each in read_snippets(path)]
_LANGUAGES = set(Language) - {Language.SQL, Language.YAML, Language.JSON, Language.OTHER}


def _find(language: Language, request: str) -> tuple[Match, ...]:
    return asyncio.run(Collection().find(language, request))


def test_every_language_with_a_collection_has_snippets() -> None:
    assert {each.language for each in _SHIPPED} == _LANGUAGES


@pytest.mark.parametrize("snippet", _SHIPPED, ids=lambda each: each.name)
async def test_a_shipped_snippet_is_valid_with_its_examples(snippet: Snippet) -> None:
    code = snippet.filled({})
    assert not SLOT.search(code)
    verdict = await validate(snippet.language, code)
    assert verdict.complaint == ""


@pytest.mark.parametrize("snippet", _SHIPPED, ids=lambda each: each.name)
async def test_a_shipped_snippet_is_found_by_its_own_first_phrasing(snippet: Snippet) -> None:
    asked = SLOT.sub(lambda match: snippet.placeholders[match[1]], snippet.ask[0])
    found = await Collection().find(snippet.language, asked)
    assert found[0].snippet == snippet


def test_no_two_phrasings_of_a_language_are_the_same() -> None:
    asks = [(each.language, ask.casefold()) for each in _SHIPPED for ask in each.ask]
    assert len(asks) == len(set(asks))


def test_values_are_copied_from_the_request() -> None:
    (match, *_) = _find(Language.BASH, "find files larger than 750M under /srv/media")
    assert match.grade is Grade.EXCELLENT
    assert match.code == r"find /srv/media -xdev -type f -size +750M -printf '%s\t%p\n' | sort -rn"
    assert not match.examples_left


@pytest.mark.parametrize("place", ["/srv;reboot", "$(reboot)", "/srv`reboot`"])
def test_what_could_begin_a_command_is_not_copied(place: str) -> None:
    for match in _find(Language.BASH, f"find files larger than 750M under {place}"):
        assert "reboot" not in match.code


def test_what_a_request_does_not_say_stays_an_example_and_is_told() -> None:
    (match, *_) = _find(Language.KUBERNETES, "default deny ingress for a namespace")
    assert match.grade is Grade.EXCELLENT
    assert match.examples_left == {"namespace": "shop"}


@pytest.mark.parametrize(
    "request_text",
    [
        "find files larger than 100M under /srv but not on zebra",
        "find files larger than 100M under /srv changed in the last 3 days",
        "find files larger than 100M under /srv or /data",
    ],
)
def test_a_request_that_says_more_than_the_snippet_is_no_excellent_match(
    request_text: str,
) -> None:
    (match, *_) = _find(Language.BASH, request_text)
    assert match.grade is Grade.FAIR


def test_a_tool_says_nothing_only_in_its_own_language() -> None:
    (match, *_) = _find(Language.ANSIBLE, "rolling restart of nginx on the web hosts")
    assert match.grade is Grade.EXCELLENT
    assert match.filling.values == {"service": "nginx", "hosts": "web"}
    assert content_words("reload nginx", Language.NGINX) == ("reload",)
    assert content_words("reload nginx", Language.ANSIBLE) == ("reload", "nginx")


def test_the_phrasing_with_the_most_values_is_taken() -> None:
    snippet = Snippet(
        snippet_id="copy",
        language=Language.BASH,
        ask=("copy to <<target>>", "copy <<source>> to <<target>>"),
        code="cp <<source>> <<target>>",
        note="",
        placeholders={"source": "old", "target": "new"},
    )
    filling = fill(snippet, "copy alpha to beta")
    assert (filling.values, filling.rest) == ({"source": "alpha", "target": "beta"}, ())


def test_a_chinese_request_finds_a_chinese_phrasing() -> None:
    (match, *_) = _find(Language.SQLITE, "删除 orders 中 90 天前的记录")
    assert match.snippet.snippet_id == "delete-older-than"
    assert match.filling.values == {"table": "orders", "days": "90"}


def test_what_no_snippet_is_about_finds_nothing() -> None:
    assert _find(Language.BASH, "train a neural network on pictures of cats") == ()
    assert _find(Language.OTHER, "find files larger than 1G") == ()


class _Encoder:
    """Puts every text on one of two axes: about files, or not."""

    def __init__(self, *, fails: bool = False) -> None:
        self.n_texts = 0
        self.fails = fails

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.fails:
            raise EmbeddingError("no encoder")
        self.n_texts += len(texts)
        rows = [[1.0, 0.0] if "file" in text else [0.0, 1.0] for text in texts]
        return np.array(rows, dtype=np.float32)


async def test_phrasings_are_embedded_once() -> None:
    encoder = _Encoder()
    collection = Collection(encoder.embed)
    await collection.find(Language.BASH, "large files")
    n_first = encoder.n_texts
    await collection.find(Language.BASH, "large files")
    assert encoder.n_texts == n_first + 1


async def test_an_encoder_that_fails_leaves_the_words() -> None:
    request = "find files larger than 100M under /srv"
    found = await Collection(_Encoder(fails=True).embed).find(Language.BASH, request)
    assert found == await Collection().find(Language.BASH, request)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1", "list of entries"),
        ("- 1", "a mapping"),
        ("- {id: a, ask: [x, y], code: ls, nte: x}", "unknown field nte"),
        ("- {id: A b, ask: [x, y], code: ls}", "lower-case"),
        ("- {id: a, ask: [x], code: ls}", "at least 2"),
        ("- {id: a, ask: [x, y], code: ' '}", "code must be a text"),
        ("- {id: a, ask: [x, y], code: 'ls <<dir>>'}", "placeholders differ: dir"),
        ("- {id: a, ask: [x, y], code: ls, placeholders: {n: 5}}", "quote numbers"),
        ("- {id: a, ask: ['<<q>>', y], code: ls}", "ask names q"),
        ("- {id: a, ask: [x, y], code: ls}\n- {id: a, ask: [x, y], code: ls}", "stands twice"),
        ("- [", "cannot be read"),
    ],
)
def test_a_faulty_file_is_refused_with_its_place(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "bash.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(SnippetError, match=fault) as caught:
        read_snippets(path)
    assert "bash.yaml" in str(caught.value)


def test_a_file_of_no_language_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "klingon.yaml"
    path.write_text("[]", "utf-8")
    with pytest.raises(SnippetError, match="no language"):
        read_snippets(path)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("/var/log", "path"),
        ("100M", "size"),
        ("5m", "span"),
        ("10.0.0.0/8", "address"),
        ("03:30", "time"),
        ("12", "number"),
        ("api.example.com", "dotted"),
        ("http://127.0.0.1:8080", "url"),
        ("db-old", "name"),
        ("nginx", "word"),
        ("*.log", "glob"),
    ],
)
def test_shapes(text: str, shape: str) -> None:
    assert shape_of(text) == shape
    if shape != "word":
        assert [value.text for value in values_in(f"with {text}, please")] == [text]

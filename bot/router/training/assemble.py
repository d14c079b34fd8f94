"""Put a training set together: generated messages, the teacher's shares, embeddings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from bot.messages import Intent

from ..readable import readable
from .messages import Message
from .pack import Meaning, Pack, reduced
from .teacher import reliability, soft_label

_BATCH = 32

Embed = Callable[[Sequence[str]], Awaitable[NDArray[np.float32]]]


async def embed_all(messages: Sequence[Message], embed: Embed) -> NDArray[np.float32]:
    """The vectors of all messages, as the router will see them; short ones share a batch.

    Raises:
        InferenceError: The encoder failed.
    """
    texts = [readable(message.text) for message in messages]
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    parts = [
        await embed([texts[i] for i in order[start : start + _BATCH]])
        for start in range(0, len(order), _BATCH)
    ]
    gathered = np.concatenate(parts)
    vectors = np.empty_like(gathered)
    vectors[order] = gathered
    return vectors


def assemble(
    messages: Sequence[Message],
    votes: Mapping[str, Sequence[Intent]],
    vectors: NDArray[np.float32],
    *,
    encoder: str,
    n_prompts: int,
) -> Pack:
    """The training set.

    Args:
        votes: The model's answers by text, one for each prompt.
        vectors: The messages' embeddings, shape (n_messages, n_dimensions).
    """
    asked = [(each.intent, votes[each.text]) for each in messages if each.text in votes]
    tables = reliability(asked, n_prompts)
    soft = [
        soft_label(readable(each.text), each.intent, votes.get(each.text, ()), tables)
        for each in messages
    ]
    return Pack(
        messages=tuple(messages),
        soft=tuple(soft),
        meaning=reduced(vectors, encoder),
        reliability=tables,
    )


def with_more(pack: Pack, messages: Sequence[Message], vectors: NDArray[np.float32]) -> Pack:
    """The training set and some messages more, for example corrections; their labels are certain."""
    meaning = pack.meaning
    soft = [soft_label(readable(each.text), each.intent, (), pack.reliability) for each in messages]
    levels = np.concatenate([meaning.levels, meaning.place(vectors)])
    return Pack(
        messages=(*pack.messages, *messages),
        soft=(*pack.soft, *soft),
        meaning=Meaning(
            levels=levels,
            step=meaning.step,
            axes=meaning.axes,
            mean=meaning.mean,
            encoder=meaning.encoder,
        ),
        reliability=pack.reliability,
    )

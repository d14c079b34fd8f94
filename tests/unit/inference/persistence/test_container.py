from __future__ import annotations

import io
import json
import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.persistence.container import (
    VERSION,
    Header,
    StateKind,
    as_array,
    file_size,
    read_container,
    read_summary,
    state_key,
    write_container,
)
from inference.persistence.errors import BadStateFileError
from inference.request import TokenId

from .conftest import run

TOKENS = st.lists(st.integers(0, 2**31 - 1).map(TokenId), min_size=1, max_size=40)
PAYLOADS = st.binary(min_size=1, max_size=200)


def header_of(tokens: list[TokenId], payload: bytes) -> Header:
    return Header(
        identity="model-a",
        kind=StateKind.PINNED,
        n_tokens=len(tokens),
        n_payload_bytes=len(payload),
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
    )


def container(tokens: list[TokenId], payload: bytes) -> bytes:
    file = io.BytesIO()
    write_container(file, header_of(tokens, payload), as_array(tokens), payload)
    return file.getvalue()


def read(data: bytes) -> bytes:
    return read_container(io.BytesIO(data), len(data))[1]


@given(TOKENS, PAYLOADS)
def test_what_was_written_is_read(tokens: list[TokenId], payload: bytes) -> None:
    data = container(tokens, payload)
    summary, read_payload = read_container(io.BytesIO(data), len(data))
    assert summary.tokens.tolist() == tokens
    assert summary.header == header_of(tokens, payload)
    assert read_payload == payload
    assert len(data) == file_size(summary.header)


@given(TOKENS, PAYLOADS, st.data())
def test_any_flipped_bit_is_detected(
    tokens: list[TokenId], payload: bytes, data: st.DataObject
) -> None:
    damaged = bytearray(container(tokens, payload))
    position = data.draw(st.integers(0, len(damaged) - 1))
    damaged[position] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(BadStateFileError):
        read(bytes(damaged))


def test_every_truncation_is_detected_from_the_beginning_alone() -> None:
    whole = container(list(run(5, 7)), b"payload")
    for n_bytes in range(len(whole)):
        with pytest.raises(BadStateFileError):
            read_summary(io.BytesIO(whole[:n_bytes]), n_bytes)


@given(PAYLOADS)
def test_bytes_after_the_end_are_detected(extra: bytes) -> None:
    with pytest.raises(BadStateFileError, match="bytes, expected"):
        read(container(list(run(5, 7)), b"payload") + extra)


def test_a_file_that_shrinks_while_it_is_read_is_detected() -> None:
    whole = container(list(run(5, 7)), b"payload")
    with pytest.raises(BadStateFileError, match="too early"):
        read_container(io.BytesIO(whole[:-1]), len(whole))


@given(st.binary(max_size=300))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(BadStateFileError):
        read(data)


@pytest.mark.parametrize("version", [0, VERSION + 1])
def test_another_version_is_refused_by_its_number(version: int) -> None:
    data = bytearray(container(list(run(5, 7)), b"payload"))
    struct.pack_into("<I", data, 8, version)
    with pytest.raises(BadStateFileError, match=f"version {version}, expected {VERSION}"):
        read(bytes(data))


@pytest.mark.parametrize(
    "change",
    [
        {"n_tokens": 10**15},
        {"n_tokens": -1},
        {"n_tokens": 0},
        {"n_payload_bytes": 10**18},
        {"kind": "other"},
        {"created_at": "yesterday"},
        {"unknown": 1},
        {"identity": None},
    ],
)
def test_a_lying_header_is_refused_before_anything_is_allocated(change: dict[str, object]) -> None:
    tokens, payload = list(run(5, 7)), b"payload"
    whole = container(tokens, payload)
    (n_header_bytes,) = struct.unpack_from("<I", whole, 12)
    fields: dict[str, object] = json.loads(whole[16 : 16 + n_header_bytes])
    text = json.dumps(fields | change).encode()
    data = whole[:12] + struct.pack("<I", len(text)) + text + whole[16 + n_header_bytes :]
    with pytest.raises(BadStateFileError):
        read(data)


def test_a_header_without_end_is_refused() -> None:
    data = bytearray(container(list(run(5, 7)), b"payload"))
    struct.pack_into("<I", data, 12, 2**32 - 1)
    with pytest.raises(BadStateFileError, match="longer than 4096 bytes"):
        read(bytes(data))


@pytest.mark.parametrize(("n_tokens", "payload"), [(6, b"payload"), (7, b"other length")])
def test_a_header_that_counts_wrongly_is_not_written(n_tokens: int, payload: bytes) -> None:
    header = header_of(list(run(5, 7)), b"payload")
    with pytest.raises(ValueError, match="the header counts other"):
        write_container(io.BytesIO(), header, as_array(run(5, n_tokens)), payload)


def test_the_key_depends_on_the_model_and_on_every_token() -> None:
    key = state_key("a", as_array(run(5, 7)))
    others = {
        state_key("b", as_array(run(5, 7))),
        state_key("a", as_array(run(5, 8))),
        state_key("a", as_array(run(6, 7))),
    }
    assert key not in others
    assert len(others) == 3
    assert key == state_key("a", as_array(run(5, 7)))

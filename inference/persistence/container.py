"""The format of a state file: what lies in it, and every check before it is believed.

    magic (8 bytes) | version (uint32) | length of the header (uint32)
    header          JSON: identity, kind, n_tokens, n_payload_bytes, created_at
    tokens          n_tokens x int32
    payload         what `Backend.read_state` returned
    digest          SHA-256 of everything before it

Numbers are little endian. llama.cpp may abort the process when it is given a damaged state, so the
digest is compared before a payload leaves this module. It finds damage, not malice: whoever can
write the file can also write its digest, which is why `folder` insists on who may write there.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from ..request import TokenId
from .errors import BadStateFileError

MAGIC = b"OPSBOTKV"
VERSION = 1

_FRAME = struct.Struct("<8sII")
_TOKEN = np.dtype("<i4")
_MAX_HEADER_BYTES = 4096
_DIGEST_BYTES = hashlib.sha256().digest_size


class StateKind(StrEnum):
    """Why a state is kept."""

    PINNED = "pinned"
    """A prefix that many requests begin with."""
    THREAD = "thread"
    """A conversation that may go on."""


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a state file says about itself.

    Attributes:
        identity: Of the model that can read the payload; see `ModelInfo.identity`.
        created_at: When it was written, aware.
    """

    identity: str
    kind: StateKind
    n_tokens: int
    n_payload_bytes: int
    created_at: datetime


_HEADER = TypeAdapter(Header)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The beginning of a state file; not yet compared with the digest."""

    header: Header
    tokens: NDArray[np.int32]


def as_array(tokens: Sequence[TokenId]) -> NDArray[np.int32]:
    """Token ids as they lie in a file, shape (len(tokens),)."""
    return np.asarray(tokens, dtype=_TOKEN)


def state_key(identity: str, tokens: NDArray[np.int32]) -> str:
    """Name of the state of exactly these tokens in exactly this model, 64 hex digits."""
    return hashlib.sha256(identity.encode() + b"\0" + tokens.tobytes()).hexdigest()


def file_size(header: Header) -> int:
    """Bytes of the whole file."""
    return len(_head(header)) + header.n_tokens * _TOKEN.itemsize + _tail_size(header)


def write_container(
    file: BinaryIO, header: Header, tokens: NDArray[np.int32], payload: bytes
) -> None:
    """Write a whole state file.

    Raises:
        OSError: It could not be written.
        ValueError: The header does not describe the tokens and the payload.
    """
    if (header.n_tokens, header.n_payload_bytes) != (len(tokens), len(payload)):
        raise ValueError("the header counts other tokens or bytes than there are")
    digest = hashlib.sha256()
    for part in (_head(header), tokens.tobytes(), payload):
        file.write(part)
        digest.update(part)
    file.write(digest.digest())


def read_summary(file: BinaryIO, n_bytes: int) -> Summary:
    """Read the header and the tokens, without the payload.

    Args:
        n_bytes: Size of the file; one that does not agree with the header is damaged.

    Raises:
        BadStateFileError: The file is not a state file of this version, or is truncated.
        OSError: It could not be read.
    """
    return _read_head(file, n_bytes)[0]


def read_container(file: BinaryIO, n_bytes: int) -> tuple[Summary, bytes]:
    """Read and verify a whole state file.

    Args:
        n_bytes: Size of the file.

    Returns:
        The summary and the payload, just as they were written.

    Raises:
        BadStateFileError: As for `read_summary`, or any bit is not what was written.
        OSError: It could not be read.
    """
    summary, head = _read_head(file, n_bytes)
    payload = _read_exactly(file, summary.header.n_payload_bytes)
    digest = hashlib.sha256(head)
    digest.update(payload)
    if _read_exactly(file, _DIGEST_BYTES) != digest.digest():
        raise BadStateFileError("the content does not have the digest that was written with it")
    return summary, payload


def _read_head(file: BinaryIO, n_bytes: int) -> tuple[Summary, bytes]:
    """Everything before the payload, parsed and as it is."""
    frame = _read_exactly(file, _FRAME.size)
    magic, version, n_header_bytes = _FRAME.unpack(frame)
    if magic != MAGIC:
        raise BadStateFileError("this is not a state file")
    if version != VERSION:
        raise BadStateFileError(f"the format has version {version}, expected {VERSION}")
    if n_header_bytes > _MAX_HEADER_BYTES:
        raise BadStateFileError(f"the header is longer than {_MAX_HEADER_BYTES} bytes")
    text = _read_exactly(file, n_header_bytes)
    header = _parse_header(text)
    n_token_bytes = header.n_tokens * _TOKEN.itemsize
    n_expected = len(frame) + len(text) + n_token_bytes + _tail_size(header)
    if n_bytes != n_expected:
        raise BadStateFileError(f"the file has {n_bytes} bytes, expected {n_expected}")
    raw = _read_exactly(file, n_token_bytes)
    summary = Summary(header=header, tokens=np.frombuffer(raw, dtype=_TOKEN))
    return summary, frame + text + raw


def _parse_header(text: bytes) -> Header:
    try:
        header = _HEADER.validate_json(text)
    except ValidationError as exc:
        raise BadStateFileError(f"the header is damaged in {exc.error_count()} places") from exc
    if header.n_tokens < 1 or header.n_payload_bytes < 1:
        raise BadStateFileError("the header counts no tokens or no payload")
    return header


def _head(header: Header) -> bytes:
    text = _HEADER.dump_json(header)
    return _FRAME.pack(MAGIC, VERSION, len(text)) + text


def _tail_size(header: Header) -> int:
    return header.n_payload_bytes + _DIGEST_BYTES


def _read_exactly(file: BinaryIO, n_bytes: int) -> bytes:
    data = file.read(n_bytes)
    if len(data) != n_bytes:
        raise BadStateFileError(f"the file ends {n_bytes - len(data)} bytes too early")
    return data

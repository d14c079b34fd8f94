"""A text as a few numbered features, without a vocabulary to ship: each feature hashes to a bucket."""

from __future__ import annotations

import math
import zlib

from .ngrams import features

N_BUCKETS = 1 << 15


def buckets(text: str) -> dict[int, float]:
    """Bucket -> weight for one text; a feature that stands there more often counts a little more."""
    found: dict[int, float] = {}
    for feature, count in features(text).items():
        bucket = zlib.crc32(feature.encode("utf-8", "replace")) % N_BUCKETS
        found[bucket] = found.get(bucket, 0.0) + math.sqrt(count)
    return found

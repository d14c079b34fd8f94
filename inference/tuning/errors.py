"""What can go wrong while tuning."""

from __future__ import annotations

from ..errors import InferenceError


class TuningError(InferenceError):
    """Tuning cannot start or go on; the message says why, with the limit in it."""

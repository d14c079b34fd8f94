"""How large a document may be. Beyond that it is skipped, with the reason, and never cut."""

from __future__ import annotations

MAX_BYTES = 2_000_000
"""Of a file that is text already."""

MAX_MARKED_UP_BYTES = 10_000_000
"""Of a page of HTML or an API description, whose markup may outweigh its text."""

MAX_PACKED_BYTES = 50_000_000
"""Of a PDF or DOCX, pictures included."""

MAX_TEXT_CHARS = 4_000_000
"""Of the text made of a document."""

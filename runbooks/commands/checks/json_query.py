"""jq and yq programs: no environment, no other files, no commands."""

from __future__ import annotations

import re

from ..invocation import Invocation
from .finding import Finding, forbidden

_NEVER = re.compile(
    r"\$ENV|\$__|\benv\b|\bstrenv\b|\benvsubst\b|\binclude\b|\bimport\b|\bload(_\w+)?\b"
    r"|\bsystem\b|\bexec\b|\bget_search_list\b|\binput_filename\b|\bhalt\w*|\bdebug\b"
)


def check(invocation: Invocation) -> Finding | None:
    """Judge every operand: which one is the program depends on options."""
    if any(_NEVER.search(operand) for operand in invocation.operands):
        return forbidden("the program reads the environment or another file")
    return None

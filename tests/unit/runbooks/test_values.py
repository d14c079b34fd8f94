"""What a parameter accepts."""

from __future__ import annotations

import pytest

from runbooks.errors import ParameterError
from runbooks.schema import Parameter, ParameterType
from runbooks.values import coerce


def test_a_pattern_that_takes_ages_refuses_the_value_instead_of_waiting() -> None:
    slow = Parameter(
        name="name", type=ParameterType.STRING, description="a name", pattern="(a|aa)+b"
    )
    with pytest.raises(ParameterError):
        coerce(slow, "a" * 60 + "!")
    assert coerce(slow, "aab") == "aab"

"""What a parameter accepts, and how its value is written into an argument."""

from __future__ import annotations

import math
import re
import unicodedata

import regex

from .actions.kinds import ParameterValue
from .actions.output import safe_text
from .errors import ParameterError
from .schema import Parameter, ParameterType

MAX_TEXT_CHARS = 500
_MATCH_S = 0.25  # some patterns take ages for some texts
_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})")


def coerce(parameter: Parameter, value: ParameterValue) -> ParameterValue:
    """Read a value as a parameter's type and check its limits.

    Raises:
        ParameterError: The value is of another type or outside what the parameter allows.
    """
    typed = _typed(parameter, value)
    if parameter.choices and typed not in parameter.choices:
        allowed = ", ".join(render(choice) for choice in parameter.choices)
        raise ParameterError(parameter.name, f"must be one of {allowed}")
    if isinstance(typed, str):
        _check_pattern(parameter, typed)
    elif not isinstance(typed, bool):
        _check_range(parameter, typed)
    return typed


def render(value: ParameterValue) -> str:
    """Write a value as the text that goes into an argument."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value)


def without_secrets(name: str, text: str) -> str:
    """A parameter's value for people: its name may tell that it is a secret."""
    return safe_text(f"{name}={text}").removeprefix(f"{name}=")


def check_text(text: str) -> str | None:
    """Say what makes a text unfit for an argument, or None."""
    if len(text) > MAX_TEXT_CHARS:
        return f"is longer than {MAX_TEXT_CHARS} characters"
    if any(unicodedata.category(char) in _UNSEEN for char in text):
        return "holds a line break, a control character or an invisible character"
    return None


def _typed(parameter: Parameter, value: ParameterValue) -> ParameterValue:
    match parameter.type:
        case ParameterType.STRING:
            return _text(parameter, value)
        case ParameterType.BOOLEAN:
            return _boolean(parameter, value)
        case ParameterType.INTEGER:
            return _integer(parameter, value)
        case ParameterType.NUMBER:
            return _number(parameter, value)


def _text(parameter: Parameter, value: ParameterValue) -> str:
    text = value if isinstance(value, str) else render(value)
    if not text:
        raise ParameterError(parameter.name, "is empty", missing=True)
    fault = check_text(text)
    if fault:
        raise ParameterError(parameter.name, fault)
    return text


def _boolean(parameter: Parameter, value: ParameterValue) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE | _FALSE:
        return word in _TRUE
    raise ParameterError(parameter.name, f"must be true or false, not {_said(parameter, value)}")


def _integer(parameter: Parameter, value: ParameterValue) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        return int(value)
    raise ParameterError(parameter.name, f"must be a whole number, not {_said(parameter, value)}")


def _number(parameter: Parameter, value: ParameterValue) -> float:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    raise ParameterError(parameter.name, f"must be a number, not {_said(parameter, value)}")


def _check_pattern(parameter: Parameter, text: str) -> None:
    if parameter.pattern is not None and not _matches(parameter, parameter.pattern, text):
        raise ParameterError(
            parameter.name,
            f"must look like {parameter.pattern} (whole value), not {_said(parameter, text)}",
        )


def _matches(parameter: Parameter, pattern: str, text: str) -> bool:
    try:
        return regex.fullmatch(pattern, text, regex.ASCII, timeout=_MATCH_S) is not None
    except TimeoutError as exc:
        reason = f"could not be compared with {pattern} within {_MATCH_S:g} s"
        raise ParameterError(parameter.name, reason) from exc


def _check_range(parameter: Parameter, number: float) -> None:
    unit = f" {parameter.unit}" if parameter.unit else ""
    if parameter.minimum is not None and number < parameter.minimum:
        raise ParameterError(parameter.name, f"must be at least {parameter.minimum:g}{unit}")
    if parameter.maximum is not None and number > parameter.maximum:
        raise ParameterError(parameter.name, f"must be at most {parameter.maximum:g}{unit}")


def _said(parameter: Parameter, value: ParameterValue) -> str:
    return repr(without_secrets(parameter.name, str(value)))

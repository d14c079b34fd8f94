from __future__ import annotations

import inspect
from typing import get_args

import inference


def test_every_public_name_exists_and_has_a_docstring() -> None:
    aliases = {"Event"}
    for name in set(inference.__all__) - aliases:
        assert inspect.getdoc(getattr(inference, name)), name


def test_public_names_are_sorted_and_complete() -> None:
    public = {
        name
        for name, value in vars(inference).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert list(inference.__all__) == sorted(inference.__all__)
    assert set(inference.__all__) == public


def test_an_event_is_a_start_a_piece_of_text_or_an_end() -> None:
    assert get_args(inference.Event) == (inference.Started, inference.TextDelta, inference.Ended)


def test_every_error_of_the_package_has_one_root() -> None:
    errors = [
        value
        for name in inference.__all__
        if inspect.isclass(value := getattr(inference, name)) and issubclass(value, Exception)
    ]
    assert len(errors) == 6
    assert all(issubclass(error, inference.InferenceError) for error in errors)

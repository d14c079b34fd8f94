"""Answers of a given form: a schema becomes a grammar for the model and a parser behind it."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from typing import Any, Literal, TypeAlias, cast

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.output_parsers import (
    BaseOutputParser,
    JsonOutputParser,
    PydanticOutputParser,
)
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import convert_to_json_schema
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic import BaseModel

from ..errors import GrammarError
from ..json_schema import grammar_of
from ..request import Fault
from .errors import InvalidRequestError

Method: TypeAlias = Literal["json_schema", "function_calling", "json_mode"]
Schema: TypeAlias = dict[str, Any] | type
Structured: TypeAlias = Runnable[LanguageModelInput, dict[str, Any] | BaseModel]
_ANY_OBJECT: Mapping[str, object] = {"type": "object"}


def bound_options(schema: Schema, method: Method) -> dict[str, object]:
    """What to bind to a model so that it can only answer with JSON of a schema.

    Args:
        method: "json_mode" holds the model to any JSON object, whose form the prompt must
            describe; the others to the schema.

    Raises:
        InvalidRequestError: The schema says something a grammar cannot enforce.
    """
    described = convert_to_json_schema(schema)
    try:
        grammar = grammar_of(_ANY_OBJECT if method == "json_mode" else described)
    except GrammarError as exc:
        raise InvalidRequestError(str(exc), fault=Fault.INVALID_GRAMMAR) from exc
    format_ = {"kwargs": {"method": method}, "schema": described}
    return {"grammar": grammar, "ls_structured_output_format": format_}


def parsed(
    model: Runnable[LanguageModelInput, AIMessage], schema: Schema, *, include_raw: bool
) -> Structured:
    """Put the schema's parser behind a model.

    Args:
        include_raw: Return the message, the parsed answer and the parser's error side by side
            instead of raising it.
    """
    parser = _parser(schema)
    if not include_raw:
        return model | parser
    with_answer = RunnablePassthrough.assign(
        parsed=itemgetter("raw") | parser, parsing_error=_nothing
    )
    without = RunnablePassthrough.assign(parsed=_nothing)
    return RunnableMap(raw=model) | with_answer.with_fallbacks(
        [without], exception_key="parsing_error"
    )


def _parser(schema: Schema) -> BaseOutputParser[Any]:
    if isinstance(schema, type) and is_basemodel_subclass(schema):
        # A class of pydantic 1 or 2; the parser takes both.
        return PydanticOutputParser[Any](pydantic_object=cast("type[BaseModel]", schema))
    return JsonOutputParser()


def _nothing(_: object) -> None:
    return None

"""Makes one drafter for each request."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence

from ..backends.base import Vocabulary
from ..request import TokenId
from .draft_model import DraftModel
from .drafter import DraftedRequest
from .forced import ForcedText
from .grammar import Automaton, GrammarSyntaxError, parse_gbnf
from .habits import Habits
from .options import SpeculationOptions
from .policy import DraftPolicy
from .sources import ForcedSource, Guess, LookupSource, ModelSource, Source

_MOST_FORMS = 16
"""Grammars remembered: an application has few, and a known one is followed faster."""


class RequestDrafter:
    """Asks one request's ways of guessing in turn; the first with a worthwhile guess is taken."""

    def __init__(self, sources: Sequence[Source], policy: DraftPolicy) -> None:
        self._sources = sources
        self._policy = policy
        self._last: Guess | None = None

    def propose(self, tokens: Sequence[TokenId], n_max: int) -> list[TokenId]:
        """See `Drafter.propose`."""
        n_max = min(n_max, self._policy.max_draft)
        self._last = None
        for source in self._sources if n_max > 0 else ():
            self._last = source.guess(tokens, n_max, self._policy)
            if self._last is not None:
                return self._last.tokens
        return []

    def learn(self, n_proposed: int, n_accepted: int) -> None:
        """See `Drafter.learn`."""
        if self._last is not None:
            self._last.acceptance.learn(n_proposed, n_accepted)

    def close(self) -> None:
        """See `Drafter.close`."""
        for source in self._sources:
            source.close()


class Speculation:
    """What requests share in guessing: grammars that were read, and the draft model.

    Args:
        vocabulary: Of the model whose answers are guessed.
        draft_model: Used if the options want it; closed with this either way.
    """

    def __init__(
        self,
        options: SpeculationOptions,
        vocabulary: Vocabulary,
        draft_model: DraftModel | None = None,
    ) -> None:
        self._options = options
        self._vocabulary = vocabulary
        self._draft_model = draft_model
        self._policy = DraftPolicy(row_costs=options.row_costs, max_draft=options.max_draft)
        self._forms: OrderedDict[str, tuple[Automaton, Habits] | None] = OrderedDict()

    def for_request(self, request: DraftedRequest) -> RequestDrafter | None:
        """What guesses ahead for a request; None when nothing may be guessed."""
        sources = tuple(self._sources(request))
        return RequestDrafter(sources, self._policy) if sources else None

    def close(self) -> None:
        """Free the draft model. Idempotent."""
        if self._draft_model is not None:
            self._draft_model.close()

    def _sources(self, request: DraftedRequest) -> Iterator[Source]:
        form = self._form(request.grammar) if self._options.forced else None
        if form is not None:
            yield ForcedSource(ForcedText(*form, self._vocabulary, len(request.prompt)))
        if self._options.prompt_lookup:
            yield LookupSource()
        if self._options.draft_model and self._draft_model is not None:
            yield ModelSource(self._draft_model, self._options.draft_token_cost)

    def _form(self, grammar: str | None) -> tuple[Automaton, Habits] | None:
        """What is known of a grammar; None for free text and for what cannot be followed."""
        if grammar is None:
            return None
        if grammar not in self._forms:
            try:
                self._forms[grammar] = Automaton(parse_gbnf(grammar)), Habits()
            except GrammarSyntaxError:
                self._forms[grammar] = None
            if len(self._forms) > _MOST_FORMS:
                self._forms.popitem(last=False)
        self._forms.move_to_end(grammar)
        return self._forms[grammar]

"""Random histories of a folder of states, compared with a model of what it may answer.

Several stores of two models share one folder, as several processes would. Between their calls files
are damaged, removed and left half written. Whatever happens: what is loaded is what was saved for
these very tokens by this very model, the cap holds, and nothing is raised.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from inference.persistence import StateFiles, StateKind
from inference.request import TokenId

FLUSH_S = 10.0
MAX_BYTES = 4_000
IDENTITIES = ("model-a", "model-b")

Tokens = tuple[TokenId, ...]

# Three roots and two branches each, so that prefixes are shared, extended and told apart.
ROOTS = st.integers(0, 2)
BRANCHES = st.integers(0, 1)
LENGTHS = st.integers(1, 90)
MODELS = st.integers(0, len(IDENTITIES) - 1)
PLACES = st.integers(0, 10_000)


def tokens_of(root: int, branch: int, length: int) -> Tokens:
    """The first tokens of one of six streams; those of one root part after 40."""
    return tuple(TokenId(1000 * root + (500 * branch if i >= 40 else 0) + i) for i in range(length))


def payload_of(identity: str, tokens: Tokens) -> bytes:
    """What this model's state of these tokens is, so that any mistake shows."""
    return identity.encode() + b"".join(int(token).to_bytes(4, "little") for token in tokens)


class SharedFolder(RuleBasedStateMachine):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.path = self.root / "states"
        self.now = 1_700_000_000.0
        self.saved: set[tuple[str, Tokens]] = set()
        self.n_damaged = 0
        self.opened = [self.open(identity) for identity in IDENTITIES for _ in range(2)]

    def open(self, identity: str) -> StateFiles:
        """A store as a new process would open it."""
        return StateFiles.open(self.path, identity, max_bytes=MAX_BYTES, clock=lambda: self.now)

    def teardown(self) -> None:
        for files in self.opened:
            files.close(FLUSH_S)
        shutil.rmtree(self.root)

    @rule(model=MODELS, which=st.integers(0, 1))
    def restart(self, model: int, which: int) -> None:
        index = 2 * model + which
        self.opened[index].close(FLUSH_S)
        self.opened[index] = self.open(IDENTITIES[model])

    @rule(
        model=MODELS,
        which=st.integers(0, 1),
        root=ROOTS,
        branch=BRANCHES,
        length=LENGTHS,
        kind=st.sampled_from(StateKind),
    )
    def save(
        self, model: int, which: int, root: int, branch: int, length: int, kind: StateKind
    ) -> None:
        files, tokens = self.opened[2 * model + which], tokens_of(root, branch, length)
        identity = IDENTITIES[model]
        before = files.counts
        was_saved = files.is_saved(tokens, kind)
        files.save(tokens, payload_of(identity, tokens), kind)
        assert files.flush(FLUSH_S)
        assert files.counts.n_saved - before.n_saved == (not was_saved)
        assert files.counts.n_dropped == before.n_dropped
        assert files.is_saved(tokens, kind)
        self.saved.add((identity, tokens))

    @rule(model=MODELS, which=st.integers(0, 1), root=ROOTS, branch=BRANCHES, length=LENGTHS)
    def restore(self, model: int, which: int, root: int, branch: int, length: int) -> None:
        files, prompt = self.opened[2 * model + which], tokens_of(root, branch, length)
        before = files.counts
        ref = files.match(prompt)
        if ref is None:
            assert files.counts.n_misses == before.n_misses + 1
            return
        assert 32 <= ref.n_common < len(prompt)
        loaded = files.load(ref)
        if loaded is None:
            assert self.n_damaged > 0, "an intact file was not loaded"
            assert files.counts.n_misses == before.n_misses + 1
            return
        assert (IDENTITIES[model], loaded.tokens) in self.saved
        assert loaded.payload == payload_of(IDENTITIES[model], loaded.tokens)
        assert loaded.tokens[: ref.n_common] == prompt[: ref.n_common]
        assert len(loaded.tokens) == ref.n_tokens
        assert files.counts.n_hits == before.n_hits + 1

    @rule(file=PLACES, position=PLACES, bit=st.integers(0, 7))
    def damage(self, file: int, position: int, bit: int) -> None:
        paths = sorted(self.path.glob("*.kvstate"))
        if paths:
            path = paths[file % len(paths)]
            data = bytearray(path.read_bytes())
            data[position % len(data)] ^= 1 << bit
            path.write_bytes(bytes(data))
            self.n_damaged += 1

    @rule(file=PLACES, n_bytes=PLACES)
    def truncate(self, file: int, n_bytes: int) -> None:
        paths = sorted(self.path.glob("*.kvstate"))
        if paths:
            path = paths[file % len(paths)]
            with path.open("r+b") as opened:
                opened.truncate(n_bytes % path.stat().st_size)
            self.n_damaged += 1

    @rule(file=PLACES)
    def remove(self, file: int) -> None:
        paths = sorted(self.path.glob("*.kvstate"))
        if paths:
            paths[file % len(paths)].unlink()

    @rule(garbage=st.binary(max_size=60))
    def leave_half_written(self, garbage: bytes) -> None:
        (self.path / "dead.0.writing").write_bytes(garbage)
        self.open(IDENTITIES[0]).close(FLUSH_S)
        assert not list(self.path.glob("*.writing"))

    @rule(seconds=st.floats(1.0, 10_000.0))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def a_newcomer_finds_only_what_was_saved(self) -> None:
        for identity in IDENTITIES:
            files = self.open(identity)
            on_disk = sum(path.stat().st_size for path in self.path.glob("*.kvstate"))
            assert files.counts.n_bytes == on_disk
            files.close(FLUSH_S)

    @invariant()
    def the_cap_holds_for_all_models_together(self) -> None:
        n_bytes = sum(path.stat().st_size for path in self.path.glob("*.kvstate"))
        assert n_bytes <= MAX_BYTES


TestSharedFolder = SharedFolder.TestCase
TestSharedFolder.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)

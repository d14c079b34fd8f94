"""The miner against a miner that takes no shortcut, and on lines like those of real programs."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bot.skills.logs.miner import LineKind, Miner, value_of
from bot.skills.logs.severity import Severity

_WORDS = st.sampled_from(["session", "opened", "failed", "for", "user", "after", "pool", "ERROR"])
_VARIABLES = st.one_of(
    st.integers(0, 10**6).map(str),
    st.integers(0, 2**32 - 1).map(lambda n: f"req-{n:08x}"),
    st.sampled_from(["10.0.3.7:5432", "/var/log/a.log", "k=v", "'x y'", "12.5 ms"]),
)
_LINES = st.lists(st.one_of(_WORDS, _VARIABLES), min_size=1, max_size=8).map(" ".join)


def _ids(lines: list[bytes]) -> list[str]:
    miner = Miner()
    return [shape.template.root.template_id for shape in miner.shapes_of(b"\n".join(lines))]


@given(st.lists(_LINES, min_size=1, max_size=40))
def test_shapes_are_only_a_shortcut(lines: list[str]) -> None:
    """The template of a line is that which masks alone give it."""
    encoded = [line.encode() for line in lines]
    fast = Miner()
    shapes = fast.shapes_of(b"\n".join(encoded))
    slow = Miner(max_shapes=1)
    alone = [slow.shape_of(line) for line in encoded]
    assert len(shapes) == len(lines)
    for quick, plain in zip(shapes, alone, strict=True):
        assert quick.template.root.template_id == plain.template.root.template_id
        assert quick.kind is plain.kind


@given(st.lists(_LINES, min_size=1, max_size=30))
def test_looking_up_lines_without_identifiers_is_only_a_shortcut_too(lines: list[str]) -> None:
    block = "\n".join(lines).encode()
    miner = Miner()
    miner.shapes_of(b"\n".join(b"[%08x] x" % (0xABCDEF01 * n % 2**32) for n in range(100)))
    again = miner.shapes_of(block)
    ids = [shape.template.root.template_id for shape in again]
    assert ids == [Miner().shape_of(line).template.template_id for line in block.split(b"\n")]


@given(st.lists(_LINES, min_size=1, max_size=6))
def test_ids_do_not_depend_on_what_else_was_seen(lines: list[str]) -> None:
    """As long as nothing merges, which takes five templates that differ in one word."""
    encoded = [line.encode() for line in dict.fromkeys(lines)][:4]
    together = _ids(encoded)
    assert together == [_ids([line])[0] for line in encoded]


@given(st.lists(st.binary(max_size=80).filter(lambda line: b"\n" not in line), max_size=30))
def test_any_bytes_have_a_shape_each(lines: list[bytes]) -> None:
    block = b"\n".join(lines)
    assert len(Miner().shapes_of(block)) == len(block.split(b"\n"))


def test_lines_that_differ_in_variables_are_one_template() -> None:
    lines = [
        b"2026-11-21T08:15:02.113Z ERROR checkout [req-1a2b3c4d] waited 2000 ms for 10.0.3.7:5432",
        b"2026-11-22T23:59:59.001Z ERROR checkout [req-ffffffff] waited 1 ms for 192.168.1.1:80",
        b"2026-11-22T23:59:59.001Z ERROR checkout [req-deadbeef] waited 7 ms for 10.0.3.7:5432",
    ]
    assert len(set(_ids(lines))) == 1


def test_lines_with_other_words_are_other_templates() -> None:
    lines = [b"session opened for root", b"session closed for root", b"ERROR session opened"]
    assert len(set(_ids(lines))) == 3


def test_a_word_with_five_values_becomes_variable() -> None:
    names = ["ann", "bob", "cat", "dan", "eve", "fay"]
    ids = _ids([f"service {name} was reloaded again".encode() for name in names])
    assert len(set(ids)) == 1


def test_a_word_of_failure_never_becomes_variable() -> None:
    states = ["started", "stopped", "paused", "resumed", "reloaded", "failed"]
    ids = _ids([f"worker pool was {state}".encode() for state in states])
    assert len(set(ids[:5])) == 1
    assert ids[5] not in ids[:5]


def test_an_exploding_log_keeps_memory_bounded_and_counts_what_it_lumps() -> None:
    miner = Miner(max_templates=50, max_shapes=20)
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    lines = [
        f"x{a}y q{b}r s{a}t{b}u v{b}{b}w".encode() for a in alphabet for b in alphabet if a != b
    ]
    shapes = [miner.shape_of(line) for line in lines]
    assert len(shapes) == len(lines)
    assert len(miner.templates) <= 50 + len(Severity)
    assert miner.n_overflow > 0
    lumped = Counter(shape.template.root.pattern for shape in shapes)
    assert lumped["other lines (too many templates)"] >= miner.n_overflow


def test_values_that_matter_are_read() -> None:
    assert value_of(b"[req-1] GET /health 503 502 ms") == "503"
    assert value_of(b'10.1.1.1 - - "POST /pay HTTP/1.1" 404 12') == "404"
    assert value_of(b'{"status":500,"msg":"x"}') == "500"
    assert value_of(b"worker exited with code 137") == "137"
    assert value_of(b"waited 503 ms") == ""


@given(_LINES, st.sampled_from(["GET /x 503 1 ms", "exited with code 7", "code=4", "plain"]))
def test_the_anchor_is_only_a_shortcut(line: str, tail: str) -> None:
    encoded = f"{line} {tail}".encode()
    shape = Miner().shape_of(encoded)
    assert (shape.anchor is not None) == bool(value_of(encoded))
    if shape.anchor is not None:
        assert value_of(encoded, shape.anchor) == value_of(encoded)


def test_lines_of_a_trace_are_told_from_messages() -> None:
    kinds = {
        b"Traceback (most recent call last):": LineKind.FRAME,
        b'  File "a.py", line 3, in f': LineKind.FRAME,
        b"    return g(x)": LineKind.INDENTED,
        b"ValueError: no such order": LineKind.EXCEPTION,
        b"java.io.IOException: broken pipe": LineKind.EXCEPTION,
        b"\tat com.example.Main.run(Main.java:17)": LineKind.FRAME,
        b"Caused by: java.net.ConnectException: refused": LineKind.EXCEPTION,
        b"goroutine 17 [running]:": LineKind.FRAME,
        b"panic: runtime error: index out of range": LineKind.EXCEPTION,
        b"    at Object.<anonymous> (/app/x.js:3:9)": LineKind.FRAME,
        b"listening on port 80": LineKind.PLAIN,
    }
    miner = Miner()
    assert {line: miner.shape_of(line).kind for line in kinds} == kinds


def test_a_message_has_one_id_from_any_process_and_at_any_level() -> None:
    lines = [
        b"Jun 14 15:16:01 combo sshd[19939]: session opened for somebody",
        b"Jun 14 15:16:02 combo su[7]: session opened for somebody",
        b"2026-03-02 10:00:00 WARN disk cache is nearly full",
        b"2026-03-02 10:00:01 ERROR disk cache is nearly full",
    ]
    miner = Miner()
    templates = [miner.shape_of(line).template for line in lines]
    assert len({id(template) for template in templates}) == 4
    ids = [template.template_id for template in templates]
    assert ids[0] == ids[1] != ids[2] == ids[3]

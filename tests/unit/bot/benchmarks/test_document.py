from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from bot.benchmarks.document import ModelSubject, Record, model_subject
from bot.benchmarks.errors import BenchmarkError
from bot.benchmarks.machine import MachineMoment, machine_now, steal_share

SUBJECT = ModelSubject(
    name="tiny",
    file="tiny.gguf",
    sha256="ab" * 32,
    quantisation="Q4_K_M",
    n_parameters=10,
    n_file_bytes=20,
)


def moment(steal_s: float, total_s: float) -> MachineMoment:
    return MachineMoment(at="", load_1m=0.0, steal_s=steal_s, total_s=total_s)


def test_a_document_says_what_was_measured_on_what_and_when() -> None:
    record = Record("load", model=SUBJECT, settings={"n_threads": 2}, library="0.3 CPU")
    document = json.loads(json.dumps(record.document({"wall_s": 1.5})))
    assert document["format"] == 1
    assert document["benchmark"] == "load"
    assert document["model"]["sha256"] == "ab" * 32
    assert document["model"]["quantisation"] == "Q4_K_M"
    assert document["settings"] == {"n_threads": 2}
    assert document["library"] == "0.3 CPU"
    assert document["result"] == {"wall_s": 1.5}
    machine = document["machine"]
    assert {"cpu", "n_cores", "n_memory_bytes", "before", "after", "steal_share"} <= set(machine)
    assert set(machine["before"]) == {"at", "load_1m", "steal_s", "total_s"}
    assert machine["before"]["total_s"] <= machine["after"]["total_s"]


def test_a_server_that_does_not_tell_its_file_has_no_model() -> None:
    record = Record("load", model=None, settings={}, library="")
    assert record.document({})["model"] is None


def test_stolen_time_is_a_share_of_what_passed() -> None:
    assert steal_share(moment(5.0, 100.0), moment(8.0, 160.0)) == 0.05
    assert steal_share(moment(5.0, 100.0), moment(5.0, 100.0)) == 0.0
    assert machine_now().total_s > 0


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(b"not a model")
    with pytest.raises(BenchmarkError, match="not a GGUF file"):
        model_subject("x", path)


def test_a_model_is_named_by_the_hash_of_its_bytes(tmp_path: Path) -> None:
    import gguf

    path = tmp_path / "tiny.gguf"
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_K_M)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    subject = model_subject("tiny", path)
    assert subject.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert subject == model_subject("tiny", path)
    assert (subject.file, subject.quantisation) == ("tiny.gguf", "Q4_K_M")

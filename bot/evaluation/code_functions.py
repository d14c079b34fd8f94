"""Python answers: a function called on inputs, in a process that sees nothing else."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .code_case import Outcome
from .code_sandbox import python_inside, run_inside

# Runs inside the sandbox. It reads the calls before the answer runs, and prints what came back
# behind a mark, so that what the answer prints is not taken for it.
_CALLER = """
import importlib.util, inspect, json, sys
spec = json.load(sys.stdin)
loader = importlib.util.spec_from_file_location("answer", "/work/answer.py")
module = importlib.util.module_from_spec(loader)
loader.loader.exec_module(module)
call = getattr(module, spec["function"], None)
if call is None:
    own = [f for _, f in inspect.getmembers(module, inspect.isfunction)
           if f.__module__ == "answer"]
    call = own[0] if len(own) == 1 else None
found = []
for each in spec["calls"]:
    try:
        result = call(*each.get("args", []), **each.get("kwargs", {}))
        if inspect.isgenerator(result) or isinstance(result, (map, filter, zip, set, tuple)):
            result = sorted(result) if isinstance(result, set) else list(result)
        found.append({"returns": result})
    except Exception as exc:
        found.append({"raises": [c.__name__ for c in type(exc).__mro__]})
print("\\n" + spec["mark"] + json.dumps(found, default=str))
"""
_MARK = "=== returned: "


def check_function(code: str, check: Mapping[str, Any]) -> Outcome:
    """Call a function and compare what it returns or raises.

    Args:
        check: `function`, its name (an answer's only function may have another), `calls` with
            `args`, `kwargs` and `returns` or `raises`, and `files` by absolute path.

    Raises:
        SandboxError: Nothing can be executed here.
    """
    with tempfile.TemporaryDirectory(prefix="opsbot-eval-") as folder:
        root = Path(folder)
        (root / "work").mkdir()
        (root / "work" / "answer.py").write_text(code, "utf-8")
        for path, text in dict(check.get("files", {})).items():
            file = root / str(path).lstrip("/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(str(text), "utf-8")
        spec = {"function": check["function"], "calls": check["calls"], "mark": _MARK}
        ran = run_inside(
            (*python_inside(), "-c", _CALLER), root, cwd="/work", stdin=json.dumps(spec)
        )
    _, mark, returned = ran.output.rpartition(_MARK)
    if not mark:
        why = (
            "it did not end" if ran.code is None else (ran.errors.strip().splitlines() or ["?"])[-1]
        )
        return Outcome(passed=False, reason=why[:200])
    return _compare(json.loads(returned), check["calls"])


def _compare(found: list[dict[str, Any]], calls: list[dict[str, Any]]) -> Outcome:
    for got, call in zip(found, calls, strict=True):
        if "raises" in call:
            fine = call["raises"] in got.get("raises", [])
        else:
            fine = "returns" in got and _same(got["returns"], call["returns"])
        if not fine:
            what = json.dumps(call.get("args", []), ensure_ascii=False)
            return Outcome(passed=False, reason=f"on {what}: {json.dumps(got)[:160]}")
    return Outcome(passed=True)


def _same(got: object, wanted: object) -> bool:
    if isinstance(got, float) and isinstance(wanted, (int, float)):
        return abs(got - wanted) <= 1e-6 * max(1.0, abs(wanted))
    return got == wanted

"""The engine in a process of its own: supervised, or borrowed from another bot."""

from .engine_process import EngineProcess, attach
from .errors import AttachError
from .lifeline import Lifeline, die_with_parent
from .metrics import SupervisorMetrics
from .restart_policy import RestartPolicy
from .serving import serve_engine
from .supervisor import ChildCommand, Supervisor
from .watchdog import Watchdog

__all__ = [
    "AttachError",
    "ChildCommand",
    "EngineProcess",
    "Lifeline",
    "RestartPolicy",
    "Supervisor",
    "SupervisorMetrics",
    "Watchdog",
    "attach",
    "die_with_parent",
    "serve_engine",
]

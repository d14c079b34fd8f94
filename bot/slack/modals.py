"""Modal forms: built here, read here, so that ids stand in one file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..messages import ThreadRef

REJECT_VIEW = "reject_proposal"
_REASON = "reason"


def reject_modal(proposal_id: int, thread: ThreadRef) -> Mapping[str, Any]:
    """Ask why a proposal is rejected; the reason goes to the card and the audit trail."""
    private = {
        "proposal_id": proposal_id,
        "channel_id": thread.channel_id,
        "thread_ts": thread.thread_ts,
    }
    return {
        "type": "modal",
        "callback_id": REJECT_VIEW,
        "private_metadata": json.dumps(private),
        "title": {"type": "plain_text", "text": f"Reject #{proposal_id}"},
        "submit": {"type": "plain_text", "text": "Reject"},
        "close": {"type": "plain_text", "text": "Keep it"},
        "blocks": [
            {
                "type": "input",
                "block_id": _REASON,
                "label": {"type": "plain_text", "text": "Why not?"},
                "hint": {"type": "plain_text", "text": "Shown on the card and in the audit."},
                "element": {
                    "type": "plain_text_input",
                    "action_id": _REASON,
                    "multiline": True,
                    "max_length": 500,
                },
            }
        ],
    }


def read_reject(view: Mapping[str, Any]) -> tuple[int, ThreadRef, str]:
    """Read a submitted rejection: proposal id, its thread, the reason."""
    private = json.loads(str(view["private_metadata"]))
    reason = view["state"]["values"][_REASON][_REASON].get("value") or ""
    thread = ThreadRef(str(private["channel_id"]), str(private["thread_ts"]))
    return int(private["proposal_id"]), thread, str(reason).strip()

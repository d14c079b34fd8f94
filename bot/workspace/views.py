"""Open modals: a stack for each person, three deep at most."""

from __future__ import annotations

import secrets
from dataclasses import replace

from .errors import ApiError
from .json_values import JsonObject
from .records import View
from .seed import APP_ID, BOT_ID, TEAM_ID

_STACK_LIMIT = 3


class Views:
    """Opens, replaces and closes modals; knows nothing of what they contain."""

    def __init__(self) -> None:
        self._stacks: dict[str, list[View]] = {}

    def open(self, user_id: str, spec: JsonObject) -> View:
        """Show a modal, in place of whatever stack the person had open."""
        view_id = _view_id()
        view = View(
            view_id=view_id,
            user_id=user_id,
            spec=spec,
            revision=_revision(),
            root_view_id=view_id,
        )
        self._stacks[user_id] = [view]
        return view

    def push(self, user_id: str, spec: JsonObject) -> View:
        """Show a modal on top of the open one.

        Raises:
            ApiError: not_found (nothing is open) or push_limit_reached.
        """
        stack = self._stacks.get(user_id, [])
        if not stack:
            raise ApiError("not_found")
        if len(stack) >= _STACK_LIMIT:
            raise ApiError("push_limit_reached")
        view = View(
            view_id=_view_id(),
            user_id=user_id,
            spec=spec,
            revision=_revision(),
            root_view_id=stack[0].view_id,
            previous_view_id=stack[-1].view_id,
        )
        stack.append(view)
        return view

    def update(self, view_id: str, spec: JsonObject, expected_revision: str | None = None) -> View:
        """Replace an open modal's content.

        Raises:
            ApiError: not_found, or hash_conflict when it changed since `expected_revision`.
        """
        old = self.find(view_id)
        if old is None:
            raise ApiError("not_found")
        if expected_revision is not None and expected_revision != old.revision:
            raise ApiError("hash_conflict")
        view = replace(old, spec=spec, revision=_revision())
        stack = self._stacks[old.user_id]
        stack[stack.index(old)] = view
        return view

    def find(self, view_id: str) -> View | None:
        """An open modal by its id."""
        return next((v for v in self.all() if v.view_id == view_id), None)

    def with_external_id(self, external_id: str) -> View | None:
        """An open modal by the id the bot gave it."""
        return next((v for v in self.all() if v.spec.get("external_id") == external_id), None)

    def close(self, view: View) -> None:
        """Close one modal and whatever is above it."""
        stack = self._stacks.get(view.user_id, [])
        if view in stack:
            del stack[stack.index(view) :]

    def clear(self, user_id: str) -> None:
        """Close all of a person's modals."""
        self._stacks.pop(user_id, None)

    def top(self, user_id: str) -> View | None:
        """The modal a person sees."""
        stack = self._stacks.get(user_id)
        return stack[-1] if stack else None

    def all(self) -> list[View]:
        """Every open modal."""
        return [view for stack in self._stacks.values() for view in stack]


def view_payload(view: View, values: JsonObject | None = None) -> JsonObject:
    """A view as Web API answers and interactions carry it.

    Args:
        view: The view.
        values: What has been filled in, by block id and action id.
    """
    spec = view.spec
    return {
        "id": view.view_id,
        "team_id": TEAM_ID,
        "app_id": APP_ID,
        "bot_id": BOT_ID,
        "app_installed_team_id": TEAM_ID,
        "type": spec["type"],
        "blocks": spec.get("blocks", []),
        "private_metadata": spec.get("private_metadata", ""),
        "callback_id": spec.get("callback_id", ""),
        "external_id": spec.get("external_id", ""),
        "state": {"values": values or {}},
        "hash": view.revision,
        "title": spec.get("title"),
        "submit": spec.get("submit"),
        "close": spec.get("close"),
        "clear_on_close": bool(spec.get("clear_on_close")),
        "notify_on_close": bool(spec.get("notify_on_close")),
        "root_view_id": view.root_view_id,
        "previous_view_id": view.previous_view_id,
    }


def home_view_id(user_id: str) -> str:
    """The id of a person's home tab."""
    return f"V{user_id}"


def _view_id() -> str:
    return f"V{secrets.token_hex(5).upper()}"


def _revision() -> str:
    return f"{secrets.randbelow(10**10)}.{secrets.token_hex(4)}"

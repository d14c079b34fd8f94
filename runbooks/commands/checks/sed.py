"""sed scripts: printing and substitution pass; writing files and running commands do not."""

from __future__ import annotations

from dataclasses import dataclass

from ..invocation import Invocation
from .finding import Finding, change, forbidden

_PLAIN_COMMANDS = frozenset("pPdDqQnNhHgGxl=")
_SUBSTITUTE_FLAGS = frozenset("gpiI0123456789")


class _ScriptError(Exception):
    """The script holds something that is not on the list."""


def check(invocation: Invocation) -> Finding | None:
    """Judge the scripts: every `-e`, or the first operand."""
    scripts = invocation.values("-e", "--expression")
    if not scripts:
        if not invocation.operands:
            return forbidden("sed without a script")
        scripts = invocation.operands[:1]
    for script in scripts:
        try:
            _Script(text=script).read()
        except _ScriptError as exc:
            return forbidden(f"the sed script {exc}")
    if invocation.has("-i", "--in-place"):
        return change("sed -i rewrites files in place")
    return None


@dataclass(slots=True, kw_only=True)
class _Script:
    text: str
    place: int = 0

    def read(self) -> None:
        while self._skip(" ;{}"):
            self._address()
            self._skip(" !")
            self._command()

    def _skip(self, chars: str) -> bool:
        """Skip characters; false at the end of the script."""
        while self.place < len(self.text) and self.text[self.place] in chars:
            self.place += 1
        return self.place < len(self.text)

    def _address(self) -> None:
        while self._skip(" ") and self.text[self.place] in "0123456789$,~+/":
            if self.text[self.place] == "/":
                self.place += 1
                self._until("/")
                self._skip("IM")
            else:
                self.place += 1

    def _command(self) -> None:
        if self.place >= len(self.text):
            raise _ScriptError("ends in an address")
        command = self.text[self.place]
        self.place += 1
        if command == "{":
            return
        if command in "sy":
            self._substitution(command)
        elif command not in _PLAIN_COMMANDS:
            raise _ScriptError(f"uses {command!r}, which may write a file or run a command")
        if command in "qQ":
            self._skip("0123456789")
        if self._skip(" ") and self.text[self.place] not in ";}":
            raise _ScriptError("has text after a command")

    def _substitution(self, command: str) -> None:
        if self.place >= len(self.text) or self.text[self.place] in "\\ \n;":
            raise _ScriptError("has no delimiter")
        delimiter = self.text[self.place]
        self.place += 1
        self._until(delimiter)
        self._until(delimiter)
        while command == "s" and self.place < len(self.text):
            flag = self.text[self.place]
            if flag in " ;}":
                break
            if flag not in _SUBSTITUTE_FLAGS:
                raise _ScriptError(f"uses the flag {flag!r} of s, which may write or run")
            self.place += 1

    def _until(self, delimiter: str) -> None:
        in_bracket = False
        while self.place < len(self.text):
            char = self.text[self.place]
            if char == "\\":
                self.place += 2
                continue
            if char == delimiter:
                if in_bracket:
                    raise _ScriptError("hides a delimiter in brackets")
                self.place += 1
                return
            in_bracket = char == "[" or (in_bracket and char != "]")
            self.place += 1
        raise _ScriptError("has an open pattern")

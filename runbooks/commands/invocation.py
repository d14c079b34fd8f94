"""An argv read against a tool's description: which verb, which options, which operands."""

from __future__ import annotations

from dataclasses import dataclass, field

from .spec import Style, Tool


class NotUnderstoodError(Exception):
    """The argv holds something the tool's description does not know, or refuses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A command whose every word has a meaning.

    Attributes:
        tool: The verb's description (the program's, where it has no verbs).
        options: As (name, value), in order; None for a flag.
        operands: What is neither option nor verb.
        command: The inner command of a wrapper, else empty.
    """

    tool: Tool
    options: tuple[tuple[str, str | None], ...]
    operands: tuple[str, ...]
    command: tuple[str, ...]

    def has(self, *names: str) -> bool:
        """Whether any of these options is given."""
        return any(name in names for name, _ in self.options)

    def values(self, *names: str) -> tuple[str, ...]:
        """The values given to these options, in order."""
        return tuple(value for name, value in self.options if name in names and value is not None)


def read(tool: Tool, arguments: tuple[str, ...]) -> Invocation:
    """Read the arguments after the program's name.

    Raises:
        NotUnderstoodError: An option or verb is unknown or refused; the message says which.
    """
    reader = _Reader(tool=tool, arguments=_dashed(tool, arguments))
    while reader.position < len(reader.arguments):
        reader.step()
    if reader.tool.verbs and reader.tool.command_class is None:
        raise NotUnderstoodError(f"{reader.tool.title} needs a verb that is known")
    return Invocation(
        tool=reader.tool,
        options=tuple(reader.options),
        operands=tuple(reader.operands),
        command=reader.command,
    )


@dataclass(slots=True, kw_only=True)
class _Reader:
    tool: Tool
    arguments: tuple[str, ...]
    position: int = 0
    only_operands: bool = False
    options: list[tuple[str, str | None]] = field(default_factory=list[tuple[str, str | None]])
    operands: list[str] = field(default_factory=list[str])
    command: tuple[str, ...] = ()

    def step(self) -> None:
        word = self.arguments[self.position]
        self.position += 1
        if self.only_operands or self.tool.style is Style.NONE or not _is_option(word):
            self._operand(word)
        elif word == "--":
            self._check_refused(word)
            self._dashes()
        elif self.tool.style is Style.SINGLE:
            self._long("-" + word.lstrip("-"))
        elif word.startswith("--"):
            self._long(word)
        else:
            self._cluster(word)

    def _dashes(self) -> None:
        self.only_operands = True
        if self.tool.command == "--":
            self._take_command()

    def _take_command(self) -> None:
        self.command = self.arguments[self.position :]
        self.position = len(self.arguments)

    def _operand(self, word: str) -> None:
        if isinstance(self.tool.command, int) and len(self.operands) >= self.tool.command:
            self.position -= 1
            self._take_command()
            return
        key = word.lower() if self.tool.ignore_case else word
        if key in self.tool.refuse:
            raise NotUnderstoodError(f"{self.tool.title} {word}: {self.tool.refuse[key]}")
        if not self.tool.verbs or self.operands:
            self.operands.append(word)
        elif key in self.tool.verbs:
            self.tool = self.tool.verbs[key]
        elif self.tool.command_class is not None:
            self.operands.append(word)
        else:
            raise NotUnderstoodError(f"{self.tool.title} has no known verb {word!r}")

    def _long(self, word: str) -> None:
        name, equals, value = word.partition("=")
        self._check_refused(name)
        if name in self.tool.values:
            self.options.append((name, value if equals else self._next(name)))
        elif equals and f"{name}=" in self.tool.flags:
            self.options.append((name, value))
        elif not equals and self._is_flag(name):
            self.options.append((name, None))
        elif equals and name in self.tool.flags and value in {"true", "false"}:
            self.options.append((name, value))
        elif self.tool.greedy:
            self._take_values(name, value if equals else None)
        elif self.tool.lenient:
            self.options.append((name, value if equals else None))
        else:
            raise NotUnderstoodError(f"{self.tool.title} has no known option {name!r}")

    def _take_values(self, name: str, attached: str | None) -> None:
        """Take every word up to the next option: more than the tool would, never less."""
        self.options.append((name, attached))
        while attached is None and self.position < len(self.arguments):
            if _is_option(self.arguments[self.position]):
                return
            self.options.append((name, self._next(name)))

    def _cluster(self, word: str) -> None:
        """Read `-abc`, `-n5`, `-n 5`, `-20` or a whole word such as `-HUP`."""
        if self.tool.numeric and word[1:].isdigit():
            self.options.append(("-#", word[1:]))
            return
        if len(word) > 2 and word in self.tool.flags:
            self.options.append((word, None))
            return
        for place in range(1, len(word)):
            name = f"-{word[place]}"
            rest = word[place + 1 :]
            self._check_refused(name)
            if name in self.tool.values:
                attached = rest.removeprefix("=")
                self.options.append((name, attached if rest else self._next(name)))
                return
            if f"{name}=" in self.tool.flags:
                self.options.append((name, rest or None))
                return
            if not self._is_flag(name) and not self.tool.lenient:
                raise NotUnderstoodError(f"{self.tool.title} has no known option {name!r}")
            self.options.append((name, None))

    def _next(self, name: str) -> str:
        if self.position >= len(self.arguments):
            raise NotUnderstoodError(f"{self.tool.title} {name} needs a value")
        self.position += 1
        return self.arguments[self.position - 1]

    def _is_flag(self, name: str) -> bool:
        tool = self.tool
        return name in tool.flags or f"{name}=" in tool.flags or name in tool.changing

    def _check_refused(self, name: str) -> None:
        for refused, reason in self.tool.refuse.items():
            if name == refused or _abbreviates(name, refused, self.tool):
                raise NotUnderstoodError(f"{self.tool.title} {refused}: {reason}")


def _dashed(tool: Tool, arguments: tuple[str, ...]) -> tuple[str, ...]:
    """Give an old-style first word its dash; only its last letter may take a value."""
    if not tool.dashless or not arguments or not arguments[0].isalpha():
        return arguments
    word = arguments[0]
    if any(f"-{letter}" in tool.values for letter in word[:-1]):
        raise NotUnderstoodError(f"{tool.title} {word} can be read in more than one way")
    return (f"-{word}", *arguments[1:])


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


def _abbreviates(name: str, refused: str, tool: Tool) -> bool:
    """Whether a lenient tool could read `name` as a shortened `refused`."""
    known = name in tool.flags or f"{name}=" in tool.flags or name in tool.values
    guesses = tool.lenient or tool.greedy
    return guesses and not known and len(name) > 3 and refused.startswith(name)

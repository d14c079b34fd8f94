"""What can go wrong with a model file. Every message is one sentence that ends in what to do.

ModelError  (an InferenceError)
├── UnknownModelError      no such catalogue entry, and not a path either
├── MissingModelError      known, but its file is not here
├── BadModelFileError      the file is not what it should be: wrong hash, cut short, not GGUF
└── PullError
    ├── SourceError        one source cannot deliver; another one may
    ├── WrongHashError     what a source delivered is not the catalogue's file; it was deleted
    ├── DiskFullError      not enough room; what was fetched so far is kept
    └── FolderError        the models folder cannot be written
"""

from __future__ import annotations

from pathlib import Path

from ..errors import InferenceError


class ModelError(InferenceError):
    """A model cannot be used or fetched."""


class UnknownModelError(ModelError):
    """The name is in no catalogue.

    Attributes:
        suggestions: Close catalogue names, best first.
    """

    def __init__(self, name: str, suggestions: tuple[str, ...] = ()) -> None:
        self.name = name
        self.suggestions = suggestions
        hint = f"did you mean {' or '.join(suggestions)}? " if suggestions else ""
        super().__init__(
            f"there is no model named {name!r}: {hint}`opsbot models list` shows all, "
            "and a GGUF file is named by its path"
        )


class MissingModelError(ModelError):
    """A catalogue model whose file has not been pulled."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.path = path
        super().__init__(f"model {name} is not on this machine: run `opsbot models pull {name}`")


class BadModelFileError(ModelError):
    """A file that must not be loaded."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path} {reason}")


class PullError(ModelError):
    """A model could not be fetched."""


class SourceError(PullError):
    """One source cannot deliver.

    Attributes:
        source: Its label, for example "package index".
        reason: Why, without the label.
    """

    def __init__(self, source: str, reason: str) -> None:
        self.source = source
        self.reason = reason
        super().__init__(f"{source}: {reason}")


class WrongHashError(PullError):
    """A download is not the pinned file; it has been deleted."""

    def __init__(self, source: str, file: str, found: str) -> None:
        self.source = source
        self.file = file
        super().__init__(
            f"{file} from the {source} is not the catalogue's file ({found}), so it was deleted: "
            "pull again, or name another --source"
        )


class DiskFullError(PullError):
    """There is no room for the download."""

    def __init__(self, folder: Path, n_missing_bytes: int | None = None) -> None:
        self.folder = folder
        self.n_missing_bytes = n_missing_bytes
        amount = "some space" if n_missing_bytes is None else f"{n_missing_bytes / 1e6:,.0f} MB"
        super().__init__(
            f"the disk of {folder} is too full: free {amount} and pull again, "
            "what was fetched so far is kept"
        )


class FolderError(PullError):
    """The models folder cannot be used."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder = folder
        super().__init__(
            f"the models folder {folder} cannot be written ({reason}): "
            "fix its permissions or set OPSBOT_MODELS_DIR to another folder"
        )

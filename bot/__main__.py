"""Entry point of `opsbot` and `python -m bot`."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from .settings import prepare_environment

    prepare_environment()
    from .cli.root import app

    app()


if __name__ == "__main__":
    main()

#!/usr/bin/env bash
# Resolves pyproject.toml into hashed lock files without any index's address in them.
set -euo pipefail
cd "$(dirname "$0")/.."
lock() { .venv/bin/uv pip compile "$@" --quiet --upgrade --generate-hashes --no-header --no-emit-package llama-cpp-python; }
lock pyproject.toml --extra install --output-file requirements/app.txt
lock pyproject.toml --extra dev --output-file requirements/dev.txt
.venv/bin/uv pip compile - --quiet --no-deps --generate-hashes --no-header --output-file requirements/llama.txt \
    < <(grep -o 'llama-cpp-python==[0-9.]*' pyproject.toml)

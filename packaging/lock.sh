#!/usr/bin/env bash
# Writes lock.txt anew: exact versions for Python 3.11 to 3.13 and all systems, from pyproject.toml.
set -euo pipefail
cd "$(dirname "$0")/.."
exec .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --extra dev --no-header \
  --output-file packaging/lock.txt pyproject.toml "$@"

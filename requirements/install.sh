#!/usr/bin/env bash
# Makes .venv and installs the locked dependencies; does nothing when they are already there.
# Usage: install.sh app|dev
set -euo pipefail

profile=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
venv=$root/.venv
python=${PYTHON:-python3}

fail() { echo "opsbot: $1" >&2; exit 1; }

command -v "$python" >/dev/null || fail "no $python found; install Python 3.11 or newer"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Python 3.11 or newer is needed, $python is $("$python" -V 2>&1)"

stamp=$venv/.installed-$profile
want=$(cat "$here/$profile.txt" "$here/llama.txt" "$here/llama.cmake" "$root/pyproject.toml" | cksum)
if [ -x "$venv/bin/opsbot" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
    exit 0
fi
# The other profile's lock holds everything of this one, or will be brought up to date by its own run.
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv" ||
    fail "no virtual environment could be made (Debian: apt-get install python3-venv)"

log=$venv/install.log
pip() { PIP_DISABLE_PIP_VERSION_CHECK=1 "$venv/bin/python" -m pip "$@" >>"$log" 2>&1; }
give_up() { tail -n 15 "$log" >&2; fail "$1; the whole log is in $log"; }

started=$SECONDS
echo "installing the locked dependencies ($(grep -c '^[a-z].*==' "$here/$profile.txt") packages)" >&2
pip install --require-hashes --requirement "$here/$profile.txt" &
installing=$!
while kill -0 "$installing" 2>/dev/null; do
    sleep 1
    [ $(((SECONDS - started) % 10)) -ne 0 ] || echo "  installing, $((SECONDS - started)) s" >&2
done
wait "$installing" || give_up "the dependencies could not be installed (is the package index reachable?)"

wheel=$("$here/build_wheel.sh" "$venv/bin/python" | tail -n 1)
pip install --no-deps --force-reinstall "$wheel" || give_up "llama-cpp-python could not be installed"
pip install --no-deps --no-build-isolation --editable "$root" || give_up "opsbot could not be installed"
echo "$want" >"$stamp"
echo "dependencies are ready after $((SECONDS - started)) s" >&2

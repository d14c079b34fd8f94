#!/usr/bin/env bash
# Builds llama-cpp-python once for this machine and keeps the wheel outside the checkout.
# Prints the wheel's path as its last line. Usage: build_wheel.sh PYTHON
set -euo pipefail

python=$1
here=$(cd "$(dirname "$0")" && pwd)
cache=${OPSBOT_WHEEL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/opsbot/wheels}
extra=${CMAKE_ARGS:-}
flags="-DLLAVA_BUILD=OFF -DCMAKE_PROJECT_llama_cpp_INCLUDE=$here/llama.cmake $extra"

# What the wheel depends on: source hash, interpreter, processor, build flags.
cpu=$({ grep -m1 '^flags' /proc/cpuinfo || sysctl -n machdep.cpu.features || uname -m; } 2>/dev/null)
key=$("$python" - "$here" "$cpu" "$extra" <<'P'
import hashlib, pathlib, sys, sysconfig
here, cpu, extra = sys.argv[1:]
seed = [sysconfig.get_platform(), sys.version.split()[0], cpu, extra]
seed += [(pathlib.Path(here) / name).read_text() for name in ("llama.txt", "llama.cmake")]
print(hashlib.sha256("\n".join(seed).encode()).hexdigest()[:16])
P
)
folder=$cache/$key

find_wheel() { find "$folder" -maxdepth 1 -name 'llama_cpp_python-*.whl' 2>/dev/null | head -n 1; }

if [ -z "$(find_wheel)" ]; then
    for tool in cc c++; do
        command -v "$tool" >/dev/null || {
            echo "opsbot: no C/C++ compiler found ($tool); install one (Debian: apt-get install build-essential) and run make again" >&2
            exit 1
        }
    done
    mkdir -p "$cache"
    work=$(mktemp -d "$cache/build.XXXXXX")
    log=$cache/build-$key.log
    trap 'rm -rf "$work"' EXIT
    echo "building llama.cpp for this machine, once (2 to 8 minutes; log: $log)" >&2
    CMAKE_ARGS=$flags "$python" -m pip wheel --quiet --no-cache-dir --no-deps --require-hashes \
        --no-binary llama-cpp-python --wheel-dir "$work/out" --requirement "$here/llama.txt" \
        >"$log" 2>&1 &
    build=$!
    started=$SECONDS
    while kill -0 "$build" 2>/dev/null; do
        sleep 1
        if [ $(((SECONDS - started) % 15)) -eq 0 ]; then
            echo "  still compiling, $((SECONDS - started)) s" >&2
        fi
    done
    if ! wait "$build"; then
        tail -n 20 "$log" >&2
        echo "opsbot: llama.cpp could not be built; the whole log is in $log" >&2
        exit 1
    fi
    mkdir -p "$folder"
    mv "$work"/out/llama_cpp_python-*.whl "$folder/"
    echo "built in $((SECONDS - started)) s" >&2
fi
find_wheel

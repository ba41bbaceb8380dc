#!/bin/sh
# fake-gpu.sh DIR COMMAND [ARG...]: runs a program built with the feature `cuda` on a GPU made of the CPU (tests/fake_gpu/README.md);
# its libraries are made in DIR at first, and after a change of their sources.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
dir=$1
shift
mkdir -p "$dir"
made=$(cat "$here"/tests/fake_gpu/*.cpp "$here"/tests/fake_gpu/*.h "$here"/tests/fake_gpu/build.sh "$here"/Cargo.lock | cksum)
if [ "$(cat "$dir/made" 2>/dev/null)" != "$made" ]; then
    "$here/tests/fake_gpu/build.sh" "$dir" >&2
    echo "$made" > "$dir/made"
fi
FAKE_GPU=1 LD_LIBRARY_PATH="$(cd "$dir" && pwd)${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" exec "$@"

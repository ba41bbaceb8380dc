#!/bin/sh
# build.sh DIR: makes libcuda, libcublas, libcurand and libnvidia-ml there. Needs g++ and Candle's kernels where Cargo keeps them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/src"
dir=$(cd "$1" && pwd)
kernels=$(cd "$here" && cargo metadata --format-version 1 --locked --features cuda --filter-platform x86_64-unknown-linux-gnu | python3 -c '
import json, os, sys
found = [p for p in json.load(sys.stdin)["packages"] if p["name"] == "candle-kernels"]
print(os.path.join(os.path.dirname(found[0]["manifest_path"]), "src"))')

# Links to Candle's sources; what they include of CUDA is empty, kernels.h comes before.
for file in "$kernels"/*.cuh; do ln -sf "$file" "$dir/src/"; done
for file in compatibility.cuh cuda_fp16.h cuda_bf16.h cuda_fp8.h cuda.h; do rm -f "$dir/src/$file"; : > "$dir/src/$file"; done

cd "$dir/src"
compile() { g++ -std=c++17 -O2 -fPIC -w -I "$here" -I . "$@"; }
for part in affine binary cast fill indexing ternary unary; do
    ln -sf "$kernels/$part.cu" "$part.cu"
    printf '#include "kernels.h"\nnamespace {\n#include "%s.cu"\n' "$part" > "$part.cpp"
    # A line in a table for each kernel.
    names=$(compile -E "$part.cpp" | grep -o 'extern "C" *void [a-z0-9_]*' | sed 's/.* //' | sort -u)
    {
        echo 'const Kernel KERNELS[] = {'
        for name in $names; do echo "    {\"$name\", [](void **args) { call($name, args); }},"; done
        echo '};'
        echo 'struct Added { Added() { add(KERNELS, sizeof KERNELS / sizeof *KERNELS); } } added;'
        echo '} // namespace'
    } >> "$part.cpp"
    compile -c "$part.cpp"
done
compile -c "$here/cuda.cpp" "$here/reduce.cpp"
g++ -shared -o "$dir/libcuda.so" *.o
for library in cublas curand; do g++ -std=c++17 -O3 -march=native -fPIC -shared -o "$dir/lib$library.so" "$here/$library.cpp" -L"$dir" -lcuda; done
g++ -std=c++17 -O2 -fPIC -shared -o "$dir/libnvidia-ml.so.1" "$here/nvml.cpp" -L"$dir" -lcuda
ln -sf libnvidia-ml.so.1 "$dir/libnvidia-ml.so"

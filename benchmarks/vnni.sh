#!/usr/bin/env bash
# For a machine with AVX-512 VNNI or AVX-VNNI: are the kernels right there, how fast is each way to multiply, and how fast
# are they beside other libraries? Run it in the repository after `make install`, on an otherwise idle machine. It takes
# about an hour, and goes on where it was stopped if it is given the same folder: benchmarks/vnni.sh [FOLDER]
set -euo pipefail
python=.venv/bin/python
folder=${1:-/tmp/vnni}
mkdir -p "$folder"
once() { # a part that is done is not done again
  local name=$1
  shift
  [ -e "$folder/$name.done" ] && return
  echo "== $name" >&2
  "$@" >"$folder/$name.txt"
  touch "$folder/$name.done"
}
flags() { lscpu | grep 'Model name' && grep -m1 ^flags /proc/cpuinfo | tr ' ' '\n' | grep -E '^(avx|fma|f16c|amx)' | sort | xargs; }
models="embedded,124M,smollm2"

once flags flags
once install $python -m pip install --quiet --constraint constraints.txt --editable '.[dev,bench]'
once correct $python -m pytest -q -rs --timeout 3000 tests/huggingtweets/generation/engine/test_native_decoder.py
# AVX2 multiplies without VNNI. AVX-VNNI is vpdpbusd on 256 bits, AVX-512 VNNI on 512.
once phases $python -m benchmarks.phases --models "$models" --every-product
once generation $python -m benchmarks.generation --models "$models" --resume "$folder/generation.jsonl"
for name in flags correct phases generation; do
  printf '\n## %s\n\n' "$name"
  cat "$folder/$name.txt"
done

#!/usr/bin/env bash
# The kernels' tests with gcc's address and undefined-behaviour sanitizers. Run it in the repository after `make install`.
# -fanalyzer reads the source as well. An access out of bounds ends the run with a report.
set -euo pipefail
source=$(find huggingtweets -name kernels.c)
built=$(find huggingtweets -name '_kernels*.so')
kept=$(mktemp)
cp "$built" "$kept"
trap 'cp "$kept" "$built"; rm -f "$kept"' EXIT
gcc -fanalyzer -ffp-contract=off -Wall -Wextra -Werror -O1 -fPIC -shared -pthread -o /dev/null "$source" -lm
gcc -g -O1 -ffp-contract=off -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
  -fPIC -shared -pthread -o "$built" "$source" -lm
LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)" \
  ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc HYPOTHESIS_PROFILE="${HYPOTHESIS_PROFILE:-fixed}" \
  .venv/bin/python -m pytest -q -s -p no:cacheprovider --timeout 3000 "$(find tests -name test_native_decoder.py)" "$@"

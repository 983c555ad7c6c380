#!/usr/bin/env bash
# The embedded base model on one GPU, in steps that each fit a short session on a machine without a network.
#
#   benchmarks/pretrain_gpu.sh keep FILE...      copy parts of the corpus into $STORE; call it as often as there are parts
#   benchmarks/pretrain_gpu.sh widths            three shapes of about 17 M parameters on the same $TRY_TOKENS tokens
#   benchmarks/pretrain_gpu.sh run [OPTION...]   the long training; goes on where it was stopped; the model goes to $OUT
#
# All parts that are kept are learned from. A shape is chosen by its options, as for `huggingtweets pretrain`.
set -euo pipefail
cd "$(dirname "$0")/.."

STORE=${STORE:-/tmp/pretraining}
OUT=${OUT:-/tmp/base}
TOKENS=${TOKENS:-1000000000}
TRY_TOKENS=${TRY_TOKENS:-100000000}
SHARED=(--vocabulary 16384 --context 512 --row-tokens 512 --batch-tokens 262144 --micro-batch-tokens 65536 --learning-rate 0.004 --seed 1)
SHAPE=(--width 384 --layers 6 --heads 6)

pretrain() {  # pretrain OUT TOKENS OPTION...
  local out=$1 tokens=$2 parts=()
  shift 2
  for part in "$STORE"/*; do parts+=(--corpus "$part"); done
  mkdir -p "$out"
  PYTHONUNBUFFERED=1 python3 -m huggingtweets pretrain "${parts[@]}" --out "$out" --tokens "$tokens" "${SHARED[@]}" "$@"
}

case ${1:-} in
  keep)
    shift
    mkdir -p "$STORE"
    cp -v "$@" "$STORE"
    ;;
  widths)
    for shape in "320 9 5" "384 6 6" "448 4 7"; do
      read -r width layers heads <<<"$shape"
      out=/tmp/widths/$width
      # The prepared corpus is the same for all.
      if [[ ! -d $out && -d /tmp/widths/320/.work ]]; then
        mkdir -p "$out/.work"
        cp /tmp/widths/320/.work/{prepared.json,tokens.npz,tokenizer.json} "$out/.work"
      fi
      echo "width $width, $layers layers"
      pretrain "$out" "$TRY_TOKENS" --width "$width" --layers "$layers" --heads "$heads"
    done
    ;;
  run)
    shift
    work=/tmp/base-run
    if [[ ! -d $work && -d /tmp/widths/320/.work ]]; then
      mkdir -p "$work/.work"
      cp /tmp/widths/320/.work/{prepared.json,tokens.npz,tokenizer.json} "$work/.work"
    fi
    pretrain "$work" "$TOKENS" "${SHAPE[@]}" "$@"
    mkdir -p "$OUT"
    cp "$work"/*.* "$OUT"
    ;;
  *)
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 64
    ;;
esac

#!/bin/sh
# The engine on a GPU: its tests, then its speed on GPT-2 124M. Prints JSON.
set -e
python -m pytest -q -m gpu tests/huggingtweets/generation/engine
python -m benchmarks.generation_gpu

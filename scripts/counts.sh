#!/usr/bin/env bash
# Holds the faces that are found in the clips of the corpus against the reference, at all moments that it has. The corpus
# must lie beside the project. Prints the counts and, with BENCH=1, the time of a picture.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/.."
[ -d ../shared/corpus/persons ] || die "the corpus is not beside the project" "put it there"
eval "$(scripts/ffmpeg.sh env)"
CONSENTRY_COUNTS=all go test ./persons/onnx -run '^TestCounts$' -count=1 -v
[ -z "${BENCH:-}" ] || go test ./persons/onnx -run '^$' -bench . -count=3

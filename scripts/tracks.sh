#!/usr/bin/env bash
# Follows the faces in all clips of the corpus, holds them against the declarations, and prints the tables of
# docs/accuracy.md. With an argument: with that model of the shared ones instead of the default. The corpus must lie beside
# the project. 3.5 minutes of video; about three of work on two idle cores.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/.."
[ -d ../shared/corpus/persons ] || die "the corpus is not beside the project" "put it there"
eval "$(scripts/ffmpeg.sh env)"
CONSENTRY_TRACKS=all CONSENTRY_FACE_MODEL="${1:-}" go test ./persons/onnx -run "^TestTracks$" -count=1 -v -timeout 60m

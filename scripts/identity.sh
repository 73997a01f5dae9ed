#!/usr/bin/env bash
# Compares the faces in all clips of the corpus and prints the rates of docs/accuracy.md, "Comparing faces". The corpus must
# lie beside the project. Ten minutes of work of one busy core.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/.."
[ -d ../shared/corpus/persons ] || die "the corpus is not beside the project" "put it there"
eval "$(scripts/ffmpeg.sh env)"
CONSENTRY_IDENTITY=all go test ./persons -run "^TestIdentity$" -count=1 -v -timeout 60m

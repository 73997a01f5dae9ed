#!/usr/bin/env bash
# Measures the detectors of marks whole: 1,000 unmarked encodes and marked ones of 10 scenes, each codec and quality.
# The encodes stay in the user's cache folder. Usage: scripts/accuracy.sh [UNMARKED] [SCENES]
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/.."
have ffmpeg || die "the ffmpeg program is missing" "run: scripts/setup.sh test"
CGO_ENABLED=0 nice -n 19 go test ./internal/accuracy -count=1 -timeout 0 -v -run 'TestUnmarkedEncodes|TestDetection' \
  -encodes "${1:-1000}" -scenes "${2:-10}"

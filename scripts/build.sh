#!/usr/bin/env bash
# Builds the binary at ./consentry.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/.."
if [ "${CGO_ENABLED:-1}" != 0 ]; then eval "$(scripts/ffmpeg.sh env)"; fi
version=$(git describe --tags --always --dirty 2>/dev/null || echo unknown)
mkdir -p build
go build -trimpath -ldflags "-s -w -X main.version=$version" -o consentry ./cmd/consentry

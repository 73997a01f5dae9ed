#!/usr/bin/env bash
# Builds the binary at ./consentry.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/.."
if [ "${CGO_ENABLED:-1}" != 0 ]; then eval "$(scripts/ffmpeg.sh env)"; fi
version=$(git describe --tags --always --dirty 2>/dev/null || echo unknown)
mkdir -p build
# The tag leaves out what urfave/cli writes manual pages with, a third of the time that a start takes.
go build -trimpath -tags urfave_cli_no_docs -ldflags "-s -w -X main.version=$version" -o consentry ./cmd/consentry

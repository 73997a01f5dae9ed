#!/usr/bin/env bash
# All checks, in the order in which they are cheap. Usage: scripts/test.sh [FUZZ_SECONDS]
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/.."
fuzz_seconds=${1:-${FUZZ_SECONDS:-3}}

if [ "${CGO_ENABLED:-1}" != 0 ]; then eval "$(scripts/ffmpeg.sh env)"; fi
mkdir -p build
version=$(git describe --tags --always --dirty 2>/dev/null || echo unknown)

say "gofumpt"
unformatted=$(git ls-files -co --exclude-standard '*.go' | xargs -r build/tools/gofumpt -l)
[ -z "$unformatted" ] || die "not formatted: $unformatted" "run: build/tools/gofumpt -w ."
say "go mod tidy -diff"
go mod tidy -diff >/dev/null || die "go.mod is not tidy" "run: go mod tidy"
say "go vet"
go vet ./...
say "staticcheck"
build/tools/staticcheck ./...

# The tests run where there is no network, so that nothing which they verify can be looked up.
CGO_ENABLED=0 go build -o build/tools/netless ./internal/netless
netless=build/tools/netless
if ! "$netless" true; then
  netless=env
  say "no network namespace here: the tests run beside the network"
fi

# run NAME ARGS…: go test with its whole output in build/NAME.log; shows the failures and the packages.
run_tests() {
  local log=build/$1.log rc=0; shift
  "$netless" go test -v -count=1 -timeout 30m "$@" >"$log" 2>&1 || rc=$?
  if [ $rc -ne 0 ]; then grep -E -B 40 '^\s*--- FAIL|^panic:|^FAIL|\[build failed\]' "$log" | tail -n 200; fi
  grep -E '^(ok|FAIL)\s' "$log" || true
  return $rc
}

say "pure packages, without cgo"
CGO_ENABLED=0 go vet ./...
# shellcheck disable=SC2046
CGO_ENABLED=0 run_tests pure $(go list ./... | grep -v -E '/(video/ffmpeg|persons/onnx|watermark/onnx)$')
say "32-bit is refused at build time"
if CGO_ENABLED=0 GOARCH=386 go build -o /dev/null ./cmd/consentry >/dev/null 2>&1; then
  die "a 32-bit build went through" "see the build constraint of the root package"
fi

say "the binary ($version)"
go build -trimpath -ldflags "-X main.version=$version" -o consentry ./cmd/consentry
# Under the race detector some tests of the command look at fewer pictures; here they look at all.
say "the command with what it decodes with"
run_tests whole ./cmd/consentry
say "go test -race"
run_tests race -race ./...

say "fuzz targets, $fuzz_seconds s each"
scripts/fuzz.sh "${fuzz_seconds}s" >build/fuzz-all.log || { cat build/fuzz-all.log; exit 1; }

# The closing line counts the tests of the run with the race detector.
count() { grep -c -E "^\s*--- $1" build/race.log || true; }
skips=$(count SKIP)
if [ "$skips" -gt 0 ]; then say "skipped:"; grep -E -A 1 '^\s*--- SKIP' build/race.log | grep -v '^--$' | head -n 40 >&2; fi
[ -z "${CONSENTRY_REQUIRE_CORPUS:-}" ] || [ -d ../shared ] || die "the corpus is asked for and not here" "unset CONSENTRY_REQUIRE_CORPUS"
say "all checks passed, $(wc -l <build/fuzzed.list) fuzz targets ran"
echo "$(count PASS) passed, $(count FAIL) failed, $skips skipped"

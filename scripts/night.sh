#!/usr/bin/env bash
# Tries for HOURS to break what is here: every fuzz target in turn, then seeded mutations of signed files, then the same
# mutations against other implementations, with seeds that were not used before. Says what was tried and what was found,
# on stdout and in build/night.txt, and fails where something was. Usage: scripts/night.sh [HOURS [SEED]]
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/.."
hours=${1:-8} seed=${2:-$(date -u +%Y%m%d)}
seconds=$(awk -v h="$hours" 'BEGIN {printf "%d", h * 3600}')
[ "$seconds" -gt 0 ] || die "$hours is no number of hours" "make night HOURS=8"
mkdir -p build
log=build/night.log report=build/night.txt
: >"$log"; : >"$report"
start=$(date +%s) found=0
left() { echo $((seconds - ($(date +%s) - start))); }
tell() { printf '%s\n' "$*" | tee -a "$report"; }

# Of the time, seven tenths are for the fuzz targets, two for mutations, one for the others.
targets=$(grep -r -h -o -E --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | wc -l)
each=$((seconds * 7 / 10 / targets)); [ "$each" -ge 1 ] || each=1
tell "from $(date -u +%FT%TZ), commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown), $hours hours, seeds from $seed"
scripts/fuzz.sh "${each}s" -parallel 1 >>"$log" 2>&1 || { found=1; tell "fuzzing found something: see $log"; }
tell "fuzzing: $(tail -n 1 "$log")"

# try NAME LEFT PACKAGE TEST FLAG…: rounds of a test with one seed after the other, until LEFT seconds are left of the
# time. One that is skipped says why and is not tried again.
try() {
  local name=$1 until=$2 package=$3 test=$4 rounds=0 failed=0 root=$PWD s; shift 4
  CGO_ENABLED=0 go test -c -o build/night.test "$package" >>"$log" 2>&1 || die "$package cannot be tested" "see $log"
  while [ "$(left)" -gt "$until" ] || [ $rounds -eq 0 ]; do
    s=$((seed + rounds)); rounds=$((rounds + 1))
    (cd "$package" && "$root/build/night.test" -test.run "$test" -test.count 1 -test.timeout 0 -test.v "$@" -seed "$s") >build/night.round 2>&1 ||
      { failed=$((failed + 1)) found=1; tell "$name: seed $s found something: see $log"; }
    cat build/night.round >>"$log"
    if grep -q -e '--- SKIP' build/night.round; then tell "$name: skipped: $(grep -m 1 'skip\|_test.go' build/night.round | sed 's,^ *,,' || echo "see $log")"; return; fi
  done
  tell "$name: $rounds rounds, $failed of them found something"
}
try "mutations, ${MUTATIONS:-100000} a round" $((seconds / 10)) ./internal/mutate '^TestMutations$' -mutations "${MUTATIONS:-100000}"
try "mutations against other implementations, ${ASKED:-6000} a round" 0 ./internal/mutate Elsewhere -asked "${ASKED:-6000}"
tell "to $(date -u +%FT%TZ)"
exit $found

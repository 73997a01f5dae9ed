#!/usr/bin/env bash
# Runs every fuzz target of the module, one after the other, and says how many inputs each was given. Goes on when one
# finds something, names it at the end and fails then. What is worth trying again stays in Go's cache, so that a later
# run begins where this one ended. Usage: scripts/fuzz.sh [TIME [FLAG…]], TIME for each target ("30s", "8m"), and flags
# of "go test" ("-parallel 1").
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/.."
time=${1:-30s}; shift || true
if [ "${CGO_ENABLED:-1}" != 0 ]; then eval "$(scripts/ffmpeg.sh env)"; fi
mkdir -p build; : >build/fuzzed.list
found=()

# fuzz DIR TARGET FLAG…: one run, its output in build/fuzz.log.
fuzz() {
  local dir=$1 target=$2; shift 2
  go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 10x "$@" "$dir" </dev/null >build/fuzz.log 2>&1
}
# The fuzzer itself sometimes fails where its time ends while it works on an input; then there is no failing input, and
# it is asked again.
no_input() { grep -q 'context deadline exceeded' build/fuzz.log && ! grep -q 'Failing input written' build/fuzz.log; }
# executions: how many inputs the run in build/fuzz.log tried.
executions() { sed -n 's/^fuzz: elapsed: .* execs: \([0-9]*\) .*/\1/p' build/fuzz.log | tail -n 1; }

root=$PWD
while read -r dir; do
  while read -r target; do
    name=${dir#"$root"}; name=${name#/}; name=${name:-.} rc=0
    fuzz "$dir" "$target" "$@" || { no_input && fuzz "$dir" "$target" "$@"; } || rc=$?
    count=$(executions)
    if [ $rc -ne 0 ]; then
      cat build/fuzz.log
      found+=("$name $target")
      printf '%-28s %-20s %12s  FAILED\n' "$name" "$target" "${count:-0}"
      continue
    fi
    printf '%-28s %-20s %12s%s\n' "$name" "$target" "${count:-0}" "$([ "${count:-0}" -gt 0 ] || echo '  nothing tried: give it more time')"
    echo "$name $target ${count:-0}" >>build/fuzzed.list
  done < <({ grep -h -o -E '^func Fuzz[A-Za-z0-9_]+' "$dir"/*_test.go 2>/dev/null || true; } | sed 's/^func //')
done < <(go list -f '{{.Dir}}' ./...)

total=$(awk '{n += $3} END {print n + 0}' build/fuzzed.list)
printf '%d targets, %s each: %d inputs, %d found something\n' "$(($(wc -l <build/fuzzed.list) + ${#found[@]}))" "$time" "$total" "${#found[@]}"
[ ${#found[@]} -eq 0 ] || die "found something: ${found[*]}" "the input is in testdata/fuzz of the package; run it again with: go test -run=FuzzTarget/ID"

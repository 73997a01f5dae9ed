#!/usr/bin/env bash
# Times the binary against openssl on the same files, in the same run, and prints medians, ratios and peak memory.
# Usage: scripts/bench.sh [MEBIBYTES]   (default 1050, about 1.1 GB)
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/.."
size=${1:-1050}
runs=${RUNS:-5}
bin=$PWD/consentry
work=$(mktemp -d "$cache/bench.XXXXXX")
# shellcheck disable=SC2064
trap "rm -rf '$work'" EXIT
[ -x /usr/bin/time ] || packages time
have openssl || packages openssl

say "making a signed file of $size MiB"
"$bin" demo "$work/demo" >/dev/null 2>&1 || true
demo=$work/demo
{
  cat internal/demo/clip.mp4
  # A further media data box with a 64-bit size: 16 bytes of header, then noise that no disk or kernel can shorten.
  n=$((size * 1024 * 1024))
  printf '\0\0\0\1mdat'
  printf '%016x' $((n + 16)) | sed 's/../\\x&/g' | xargs -0 printf '%b'
  openssl enc -aes-128-ctr -nosalt -K 000102030405060708090a0b0c0d0e0f -iv 00 </dev/zero 2>/dev/null | head -c "$n" || true
} >"$work/plain.mp4"
"$bin" sign --key "$demo/signer.key.pem" --cert "$demo/signer.chain.pem" --source-type trainedAlgorithmicMedia "$work/plain.mp4" "$work/big.mp4" || die "signing the large file failed" "run the command by hand"
rm "$work/plain.mp4"
verify=("$bin" verify --frames off --persons off --trust-list none --trust "$demo/ca.pem" --format json)

say "the same binary rejects the same file with its last bit changed"
"${verify[@]}" "$work/big.mp4" >"$work/good.json" || true
last=$(tail -c 1 "$work/big.mp4" | od -An -tu1 | tr -d ' ')
flip() { printf "\\x$(printf %02x "$1")" | dd of="$work/big.mp4" bs=1 seek=$(($(stat -c %s "$work/big.mp4") - 1)) conv=notrunc 2>/dev/null; }
flip $((last ^ 1))
"${verify[@]}" "$work/big.mp4" >"$work/bad.json" && die "the changed file was accepted" "this is a defect"
flip "$last"
grep -q '"state": *"trusted"' "$work/good.json" || die "the sound file was not accepted as trusted" "see $work/good.json"
grep -q 'assertion.bmffHash.mismatch' "$work/bad.json" || die "the changed file was refused for another reason" "this is a defect"
echo "sound file: trusted; one bit changed at its end: assertion.bmffHash.mismatch, exit 1"

# measure NAME COMMAND…: wall seconds and peak memory (KiB) of each run into NAME.times
measure() { local name=$1; shift; /usr/bin/time -q -a -o "$work/$name.times" -f '%e %M' "$@" >/dev/null 2>&1 || true; }
say "timing, $runs runs each, in turn"
for i in $(seq 0 "$runs"); do
  [ "$i" -eq 1 ] && rm -f "$work"/*.times # the first is a warm-up
  measure openssl openssl dgst -sha256 "$work/big.mp4"
  measure verify "${verify[@]}" "$work/big.mp4"
  measure small "${verify[@]}" "$demo/clip.mp4"
done
median() { awk '{print $1}' "$1" | sort -n | awk '{a[NR]=$1} END {print a[int((NR+1)/2)]}'; }
peak() { awk '{if ($2>m) m=$2} END {print int(m/1024)}' "$1"; }
o=$(median "$work/openssl.times"); v=$(median "$work/verify.times"); s=$(median "$work/small.times")
printf 'openssl dgst -sha256, %s MiB: median %s s\n' "$size" "$o"
printf 'verify --frames off, the same file: median %s s, ratio %s, peak %s MB\n' "$v" "$(awk -v a="$v" -v b="$o" 'BEGIN {printf "%.2f", a/b}')" "$(peak "$work/verify.times")"
printf 'verify --frames off, a small clip: median %s s, peak %s MB\n' "$s" "$(peak "$work/small.times")"

#!/usr/bin/env bash
# Times the binary against others on the same files, in the same run, in turn (A B A B), and prints medians, ratios and
# peak memory; docs/performance.md says how to read it. What is not there to be compared with is said.
# Usage: scripts/bench.sh [MEBIBYTES]   (default 1050, about 1.1 GB)
#        scripts/bench.sh persons       (only how long it takes to find faces)
# C2PATOOL names the reference implementation's program, where it is not on the PATH; RUNS=N pairs of the long
# measurements (default 5); BENCH_DIR=DIR is where the files go (3.5 GB; default: the cache).
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/.."
size=${1:-1050}
runs=${RUNS:-5}
many=$((runs * 4 + 1)) # pairs of the short ones
bin=$PWD/consentry
work=$(mktemp -d "${BENCH_DIR:-$cache}/bench.XXXXXX")
# shellcheck disable=SC2064
trap "rm -rf '$work'" EXIT
have openssl || packages openssl
go build -o "$work/bench" ./internal/bench
bench() { "$work/bench" "$@"; }
# As installed: the kernel counts more pages for a file as the linker wrote it than for a copy of it.
install "$bin" "$work/consentry"
bin=$work/consentry
c2patool=${C2PATOOL:-$(command -v c2patool || true)}
load() { echo "load of this machine: $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) cores"; }

# faces: eight and four seconds of two faces that move in front of noise that does; asked is 0.7 of the eight, and a cost
# that grows with the frames.
faces() {
  say "finding faces"
  if ! "$bin" models check >"$work/faces.txt" 2>&1; then
    echo "what finds faces is not there ($(tail -n 1 "$work/faces.txt")): it was not measured"
    return
  fi
  have ffmpeg || { echo "the ffmpeg program is not there: finding faces was not measured"; return; }
  local pictures=testdata/demo seconds
  for seconds in 4 8; do
    ffmpeg -v error -f lavfi -i "testsrc2=size=1536x864:rate=25:duration=$seconds,boxblur=8,noise=alls=12:allf=t,crop=1280:720:'128+100*sin(t)':'72+50*cos(t)'" \
      -loop 1 -framerate 25 -t "$seconds" -i "$pictures/person-1.webp" -loop 1 -framerate 25 -t "$seconds" -i "$pictures/person-2.webp" \
      -filter_complex "[1]scale=360:360[a];[2]scale=150:150[b];[0][a]overlay=x='100+40*t':y=200[c];[c][b]overlay=x='1000-30*t':y='300+30*sin(2*t)':shortest=1,format=yuv420p" \
      -t "$seconds" -c:v libx264 -preset veryfast "$work/faces-$seconds.mp4" 2>"$work/faces.log" || { echo "the ffmpeg program cannot make the clip ($(tail -n 1 "$work/faces.log")): finding faces was not measured"; return; }
    "$bin" persons --format json "$work/faces-$seconds.mp4" >"$work/faces.json" || true
    grep -q '"status": *"analysed"' "$work/faces.json" || die "faces-$seconds.mp4 was not analysed" "see: $bin persons on a clip of your own"
  done
  bench -runs "$runs" -target 2 -seconds 5.6 "8 s of 1280x720, of 4 s" "$bin" persons --format json "$work/faces-4.mp4" -- "$bin" persons --format json "$work/faces-8.mp4"
}
if [ "$size" = persons ]; then
  load
  faces
  load
  exit
fi

say "making files: a signed one of $size MiB, the same with blocks of 1 MiB, fragments, histories"
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
sign=("$bin" sign --key "$demo/signer.key.pem" --cert "$demo/signer.chain.pem" --source-type trainedAlgorithmicMedia)
"${sign[@]}" "$work/plain.mp4" "$work/big.mp4" >/dev/null 2>&1 || die "signing the large file failed" "run the command by hand"
"${sign[@]}" --merkle 1024 "$work/plain.mp4" "$work/merkle.mp4" >/dev/null 2>&1 || die "signing the large file in blocks failed" "run the command by hand"
rm "$work/plain.mp4"
CGO_ENABLED=0 go test ./internal/forge -count=1 -run '^TestWriteBenchFiles$' -args -bench-files "$work" >"$work/forge.log" || die "the files of the forge could not be made" "see: $(tail -n 1 "$work/forge.log")"
verify=("$bin" verify --frames off --persons off --trust-list none --trust "$demo/ca.pem" --format json)
forged=("$bin" verify --frames off --persons off --trust-list none --trust "$work/ca.pem" --tsa-trust "$work/tsa.pem" --at "$(cat "$work/time")" --format json)

# sound COMMAND…: what is timed is an answer, and the right one.
sound() { "$@" >"$work/good.json" || true; grep -q '"state": *"trusted"' "$work/good.json" || die "${*: -1}: not accepted as trusted" "this is a defect"; }
# rejects FILE COMMAND…: the same binary refuses the same file with the last bit of its media changed.
rejects() {
  local file=$1 last; shift
  last=$(tail -c 1 "$file" | od -An -tu1 | tr -d ' ')
  flip() { printf "\\x$(printf %02x "$1")" | dd of="$file" bs=1 seek=$(($(stat -c %s "$file") - 1)) conv=notrunc 2>/dev/null; }
  flip $((last ^ 1))
  "$@" "$file" >"$work/bad.json" && die "the changed file was accepted" "this is a defect"
  flip "$last"
  grep -q 'assertion.bmffHash.mismatch' "$work/bad.json" || die "the changed file was refused for another reason" "this is a defect"
  echo "$(basename "$file"): trusted; one bit changed at its end: assertion.bmffHash.mismatch, exit 1"
}
say "the same binary rejects the same files with their last bit changed"
for f in big merkle; do sound "${verify[@]}" "$work/$f.mp4"; rejects "$work/$f.mp4" "${verify[@]}"; done
for f in fragments-4000 fragments-16000 fragments-64000; do sound "${forged[@]}" "$work/$f.mp4"; rejects "$work/$f.mp4" "${forged[@]}"; done
for f in wide deep wide-bare deep-bare clip; do sound "${forged[@]}" "$work/$f.mp4"; done

load
say "$size MiB, $runs pairs each"
hash=(openssl dgst -sha256 "$work/big.mp4")
bench -runs "$runs" -target 1.1 -mb 40 "flat, of openssl" "${hash[@]}" -- "${verify[@]}" "$work/big.mp4"
# Blocks are hashed on all cores. How much that can give is what two openssl at once take of one: 1.9 times the work
# means a ratio of at most 2/1.9.
two=(sh -c 'openssl dgst -sha256 "$0" & openssl dgst -sha256 "$0" & wait' "$work/big.mp4")
parallel=$(bench -runs "$runs" "two openssl at once, of one" "${hash[@]}" -- "${two[@]}")
echo "$parallel"
ratio=$(sed 's/.*ratio wall \([0-9.]*\).*/\1/' <<<"$parallel")
bench -runs "$runs" -target 0.65 -mb 40 "blocks of 1 MiB, of openssl" "${hash[@]}" -- "${verify[@]}" "$work/merkle.mp4"
if awk -v r="$ratio" 'BEGIN {exit !(2 / r < 1.9)}'; then
  echo "  the condition of this target is not met: two openssl at once do $(awk -v r="$ratio" 'BEGIN {printf "%.2f", 2 / r}') times the work of one, not 1.9"
fi

say "fragments, histories, a small clip, $many pairs each"
# Both look for the same anchors: without any, c2patool checks no chain. It has one list for signers and time-stamps.
theirs() { "$c2patool" "$1" trust --trust_anchors "$work/anchors.pem"; }
# reference RUNS TARGET SECONDS NAME FILE: against c2patool where it is there, else against the seconds that it is known
# for; 0: no target.
reference() {
  local pairs=$1 target=$2 seconds=$3 name=$4 file=$5
  if [ -n "$c2patool" ]; then
    bench -runs "$pairs" -target "$target" -mb 40 "$name, of c2patool" "$c2patool" "$file" trust --trust_anchors "$work/anchors.pem" -- "${forged[@]}" "$file"
  else
    bench -runs "$many" -seconds "$seconds" -mb 40 "$name" "${forged[@]}" "$file"
  fi
}
if [ -n "$c2patool" ]; then
  for f in wide deep wide-bare deep-bare clip; do
    theirs "$work/$f.mp4" >"$work/theirs.json" 2>/dev/null || true
    grep -q '"validation_state": *"Trusted"' "$work/theirs.json" || echo "c2patool does not say that $f.mp4 is trusted: its time is not that of the same answer"
  done
fi
[ -n "$c2patool" ] || echo "c2patool is not on the PATH and C2PATOOL does not name it: files are held against its known times (4,000 fragments 1.4 s, a clip 21 ms); histories against nothing"
reference "$runs" 0.05 0.070 "4,000 fragments" "$work/fragments-4000.mp4"
bench -runs "$((runs * 2 + 1))" -target 4.5 -mb 40 "64,000 fragments, of 16,000" "${forged[@]}" "$work/fragments-16000.mp4" -- "${forged[@]}" "$work/fragments-64000.mp4"
# Three renditions of 1,000 segments of 64 kB, by their playlist, of hashing the same bytes.
sound "${forged[@]}" "$work/dash/list.mpd"
bench -runs "$runs" -target 1.5 -mb 40 "3 x 1,000 segments, of openssl" sh -c 'exec openssl dgst -sha256 "$0"/*/*' "$work/dash" -- "${forged[@]}" "$work/dash/list.mpd"
reference "$many" 2 0.042 "a clip of 50 kB" "$work/clip.mp4"
# As an editor leaves them: thumbnails, recorded results, time-stamps, padded signatures. The bare ones have nothing but
# hashes and signatures.
reference "$many" 0.2 0 "200 ingredients wide" "$work/wide.mp4"
reference "$many" 0.2 0 "60 ingredients deep" "$work/deep.mp4"
reference "$many" 0 0 "200 wide, bare" "$work/wide-bare.mp4"
reference "$many" 0 0 "60 deep, bare" "$work/deep-bare.mp4"

say "decoding in the jail"
if "$bin" version | grep -q 'no decoder'; then
  echo "this binary has no decoder: decoding was not measured"
elif ! have ffmpeg; then
  echo "the ffmpeg program is not there: decoding was not measured"
elif ! (eval "$(scripts/ffmpeg.sh env)" && go build -o "$work/decode" ./internal/bench/decode) 2>"$work/decode.log"; then
  echo "the program that decodes and does nothing else cannot be built ($(tail -n 1 "$work/decode.log")): decoding was not measured"
elif ! ffmpeg -v error -f lavfi -i testsrc2=size=1920x1080:rate=30:duration=20,noise=alls=8 -c:v libx264 -preset veryfast -pix_fmt yuv420p "$work/video.mp4" 2>"$work/ffmpeg.log"; then
  echo "the ffmpeg program cannot make the clip ($(tail -n 1 "$work/ffmpeg.log")): decoding was not measured"
else
  ffmpeg=(ffmpeg -v error -threads 2 -i "$work/video.mp4" -f null -)
  "$work/decode" "$work/video.mp4" >"$work/decoded" || true
  grep -q '^600 frames, .* few system calls: true' "$work/decoded" || echo "not all 600 frames in the whole jail: $(cat "$work/decoded")"
  # Start to end of both processes: a rate of 0.9 is a ratio of times of 1/0.9.
  bench -runs "$runs" -target 1.11 "600 frames, of ffmpeg -threads 2" "${ffmpeg[@]}" -- "$work/decode" "$work/video.mp4"
  # With what is looked for in the frames: watermarks, fingerprints where something asks for them.
  bench -runs "$runs" "the same, verify --frames all" "${ffmpeg[@]}" -- "$bin" verify --frames all --persons off --trust-list none --format json "$work/video.mp4"
fi
faces
load

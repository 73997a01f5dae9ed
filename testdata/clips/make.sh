#!/bin/sh
# Makes the clips of the tests of index and find: two pictures that move, and copies of the first.
# Needs an ffmpeg program with libx264.
set -eu
cd "$(dirname "$0")"
make() { # name, picture, options
	name=$1 picture=$2
	shift 2
	ffmpeg -v error -y -f lavfi -i "$picture" -an -c:v libx264 -preset veryslow -pix_fmt yuv420p -fflags +bitexact -flags:v +bitexact -map_metadata -1 "$@" "$name"
}
first="mandelbrot=size=96x72:rate=10:start_scale=2:end_scale=0.02:end_pts=80:maxiter=200"
other="gradients=size=128x96:rate=10:seed=5:nb_colors=6:speed=0.06"
make first.mp4 "$first" -t 8 -crf 36
make other.mp4 "$other" -t 6 -crf 26
# 3.3 to 7.3 seconds of the first, smaller and more compressed
make copy.mp4 "$first" -t 4 -crf 40 -vf "trim=start=3.3,setpts=PTS-STARTPTS,scale=80:60"

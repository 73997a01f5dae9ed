#!/bin/sh
# Makes talk.raw: four seconds of synthetic speech, one channel, 16000 Hz, 8 bits with sign. The words are our own; the
# voice is "slt" of flite (CMU Arctic; both under licences like BSD's). Needs the Debian packages flite and ffmpeg.
set -eu
cd "$(dirname "$0")"
wav=$(mktemp)
trap 'rm -f "$wav"' EXIT
flite -voice slt -t "Could you bring the blue folder and a cup of coffee to the room at the end of the hall? We begin at nine." -o "$wav"
ffmpeg -nostdin -v error -y -i "$wav" -af loudnorm=I=-16 -ac 1 -ar 16000 -t 4 -f s8 -c:a pcm_s8 talk.raw

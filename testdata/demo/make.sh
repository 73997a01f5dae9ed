#!/bin/sh
# Makes internal/demo/clip.mp4 from the two pictures beside it: two faces side by side that move slowly for five seconds, and a tone.
# It takes the distribution's ffmpeg with libx264. The clip is in the repository: building consentry does not run this.
set -eu
cd "$(dirname "$0")"
ffmpeg -v error -y -bitexact \
  -f lavfi -i "gradients=s=640x360:c0=0x20303c:c1=0x6a7f86:x0=0:y0=0:x1=640:y1=360:nb_colors=2:seed=1:speed=0.00001:r=25:d=5" \
  -loop 1 -framerate 25 -t 5 -i person-1.webp \
  -loop 1 -framerate 25 -t 5 -i person-2.webp \
  -f lavfi -i "sine=frequency=330:sample_rate=48000:duration=5" \
  -filter_complex "[1]scale=300:300[a];[2]scale=300:300[b];[0][a]overlay=x='10+12*sin(2*PI*t/5)':y='58+3*sin(2*PI*t/2.5)':shortest=1[c];[c][b]overlay=x='330-12*sin(2*PI*t/5)':y='58-3*sin(2*PI*t/2.5)':shortest=1,format=yuv420p[v];[3]volume=0.1[s]" \
  -map "[v]" -map "[s]" -t 5 \
  -c:v libx264 -profile:v main -preset slow -crf 27 -g 50 -colorspace bt709 -color_primaries bt709 -color_trc bt709 \
  -c:a aac -b:a 48k -ac 1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact -map_metadata -1 \
  -movflags +faststart ../../internal/demo/clip.mp4

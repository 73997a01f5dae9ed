#!/usr/bin/env bash
# Makes the clips of this folder and what is expected of them, with a distribution's ffmpeg program (5.1 made those that
# are checked in). The expectations come from that program and not from the code under test: NAME.framehash has time
# stamps and SHA-256 of the packed planes of every frame, NAME.sound.framehash the same of the interleaved samples of
# every block of sound, NAME.sound.s16 the first samples themselves where the codec is not exact.
# Usage: ./make.sh [NAME…]; without names: all.
set -euo pipefail
cd "$(dirname "$0")"

only=("$@")
wanted() { [ ${#only[@]} -eq 0 ] || printf '%s\n' "${only[@]}" | grep -qx -- "$1"; }
ff() { ffmpeg -nostdin -v error -y -threads 1 "$@"; }

# picture SIZE FRAMES: a moving test picture. sound SECONDS: a tone.
picture() { printf 'testsrc2=size=%s:rate=25:duration=%s,trim=end_frame=%s' "$1" 4 "$2"; }
sound() { printf 'sine=frequency=440:sample_rate=48000:duration=%s' "$1"; }

small=(-map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact -threads 1)

# clip NAME SIZE FRAMES ARGS…: a video clip from the test picture, without sound.
clip() {
  local name=$1 size=$2 frames=$3; shift 3
  wanted "$name" || return 0
  ff -f lavfi -i "$(picture "$size" "$frames")" "${small[@]}" "$@" "$name"
  expect "$name"
}
# talk NAME SIZE FRAMES ARGS…: with a tone as long as the picture.
talk() {
  local name=$1 size=$2 frames=$3; shift 3
  wanted "$name" || return 0
  ff -f lavfi -i "$(picture "$size" "$frames")" -f lavfi -i "$(sound 0.4)" "${small[@]}" "$@" "$name"
  expect "$name"
}
# audio NAME ARGS…: a tone of a fifth of a second, or of sound_of.
audio() {
  local name=$1; shift
  wanted "$name" || return 0
  ff -f lavfi -i "$(sound "${sound_of:-0.2}")" "${small[@]}" "$@" "$name"
}
# channels NAME LAYOUT SECONDS ARGS…: another tone in each channel.
channels() {
  local name=$1 layout=$2 seconds=$3 tones; shift 3
  wanted "$name" || return 0
  case $layout in stereo) tones='440 660' ;; 5.1) tones='440 550 660 110 770 880' ;; esac
  ff -f lavfi -i "aevalsrc=$(printf 'sin(%s*2*PI*t)/8|' $tones | sed 's/|$//'):c=$layout:s=48000:d=$seconds" "${small[@]}" "$@" "$name"
}
# expect NAME [ARGS…]: frames as the program decodes them, in the format of the file unless ARGS convert them, time
# stamps untouched.
expect() {
  local name=$1; shift
  ff -copyts -noautorotate -i "$name" -map 0:v:0 -fps_mode passthrough -enc_time_base -1 -copyts \
    "$@" -fflags +bitexact -f framehash -hash sha256 "$name.framehash"
  printf '#start %s\n' "$(ffprobe -v error -show_entries format=start_time -of csv=p=0 "$name")" >>"$name.framehash"
}
# hear NAME FORMAT [N]: blocks of sound of the Nth audio track (0) as the program decodes them, as samples of this
# format: one that holds them exactly, or s16le.
hear() {
  local name=$1 format=$2 n=${3:-0}; local out=$name.sound${3:-}
  wanted "$name" || return 0
  ff -copyts -i "$name" -map "0:a:$n" -c:a "pcm_$format" -copyts -fflags +bitexact -f framehash -hash sha256 "$out.framehash"
  printf '#start %s\n' "$(ffprobe -v error -show_entries format=start_time -of csv=p=0 "$name")" >>"$out.framehash"
}
# lossy NAME…: floating-point decoders differ in the last bits from one machine and version to the next, so their first
# samples are kept themselves, to be compared within a step of 16 bits. A digest of rounded samples would not hold: some
# lie between two steps.
lossy() {
  local name
  for name in "$@"; do
    wanted "$name" || continue
    hear "$name" s16le
    ff -i "$name" -map 0:a:0 -c:a pcm_s16le -fs 9600 -f s16le - | head -c 9600 >"$name.sound.s16"
  done
}
# convert NAME FORMAT: what is expected of a clip whose pictures have no planes of YCbCr.
convert() { wanted "$1" || return 0; expect "$1" -vf "scale=flags=accurate_rnd+bitexact+full_chroma_inp+full_chroma_int+neighbor" -pix_fmt "$2"; }

x264=(-c:v libx264 -preset medium -x264-params "threads=1:scenecut=0" -g 10 -bf 2)
yuv=(-pix_fmt yuv420p)
aac=(-c:a aac -b:a 16k -ac 1)

talk h264.mp4 96x64 20 "${x264[@]}" "${yuv[@]}" "${aac[@]}"
clip h264.fragments.mp4 96x64 20 "${x264[@]}" "${yuv[@]}" -movflags frag_keyframe+empty_moov+default_base_moof
talk h264.flv 96x64 12 "${x264[@]}" "${yuv[@]}" "${aac[@]}" -ar 44100
clip h264.h264 96x64 12 "${x264[@]}" "${yuv[@]}"
clip h264.10bit.mp4 96x64 10 "${x264[@]}" -pix_fmt yuv420p10le
clip h264.422.mkv 96x64 6 "${x264[@]}" -pix_fmt yuv422p
clip h264.444.mkv 96x64 6 "${x264[@]}" -pix_fmt yuv444p
clip h264.grey.mkv 96x64 6 "${x264[@]}" -pix_fmt gray
clip h264.opengop.ts 96x64 24 "${x264[@]}" -x264-params "threads=1:scenecut=0:open-gop=1" "${yuv[@]}"
clip h264.odd.mp4 75x53 6 -c:v libx264 -g 10 -pix_fmt yuv444p -x264-params threads=1
clip h264.aspect.mp4 96x64 6 -vf setsar=4/3 "${x264[@]}" "${yuv[@]}"
clip h264.color.mp4 96x64 6 "${x264[@]}" "${yuv[@]}" -color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range pc
# turned NAME A B C D: the same with a display matrix of these words, written into the track header.
turned() {
  wanted "$1" || return 0
  clip "$1" 96x64 4 "${x264[@]}" "${yuv[@]}"
  local at; at=$(($(grep -abo tkhd "$1" | head -n 1 | cut -d: -f1) + 44))
  printf "\\x${2:0:2}\\x${2:2:2}\\x${2:4:2}\\x${2:6:2}\\x${3:0:2}\\x${3:2:2}\\x${3:4:2}\\x${3:6:2}" | dd of="$1" bs=1 seek=$at conv=notrunc status=none
  printf "\\x${4:0:2}\\x${4:2:2}\\x${4:4:2}\\x${4:6:2}\\x${5:0:2}\\x${5:2:2}\\x${5:4:2}\\x${5:6:2}" | dd of="$1" bs=1 seek=$((at + 12)) conv=notrunc status=none
}
turned h264.turn90.mp4 00000000 00010000 ffff0000 00000000
turned h264.turn180.mp4 ffff0000 00000000 00000000 ffff0000
turned h264.turn270.mp4 00000000 ffff0000 00010000 00000000
turned h264.mirror.mp4 ffff0000 00000000 00000000 00010000
clip hevc.mp4 96x64 20 -c:v libx265 -x265-params "pools=none:frame-threads=1:keyint=10:log-level=none:info=0" "${yuv[@]}" -tag:v hvc1
clip hevc.12bit.mp4 96x64 6 -c:v libx265 -x265-params "pools=none:frame-threads=1:log-level=none:info=0" -pix_fmt yuv420p12le -tag:v hvc1
clip hevc.hevc 96x64 6 -c:v libx265 -x265-params "pools=none:frame-threads=1:log-level=none:info=0" "${yuv[@]}"
talk vp8.webm 96x64 12 -c:v libvpx -g 6 -b:v 100k "${yuv[@]}" -c:a libvorbis -q:a 0 -ac 1
talk vp9.webm 96x64 12 -c:v libvpx-vp9 -g 6 -b:v 100k "${yuv[@]}" -c:a libopus -b:a 16k -ac 1
clip vp9.ivf 96x64 6 -c:v libvpx-vp9 -b:v 100k "${yuv[@]}"
clip av1.mp4 96x64 12 -c:v libaom-av1 -cpu-used 8 -g 6 -b:v 60k "${yuv[@]}"
clip av1.obu 96x64 4 -c:v libaom-av1 -cpu-used 8 -b:v 60k "${yuv[@]}"
talk mpeg4.avi 96x64 12 -c:v mpeg4 -bf 0 -g 6 -q:v 8 "${yuv[@]}" -c:a libmp3lame -b:a 32k -ac 1
talk mpeg2.ts 96x64 12 -c:v mpeg2video -bf 2 -g 6 -q:v 8 "${yuv[@]}" -c:a mp2 -b:a 32k -ac 1
clip mpeg1.mpg 96x64 12 -c:v mpeg1video -g 6 -q:v 8 "${yuv[@]}"
clip prores.mov 64x48 4 -c:v prores_ks -profile:v 0 -pix_fmt yuv422p10le
clip mjpeg.avi 96x64 6 -c:v mjpeg -q:v 12 -pix_fmt yuvj420p
clip dnxhd.mxf 256x120 1 -c:v dnxhd -profile:v dnxhr_lb -pix_fmt yuv422p
talk ffv1.mkv 48x32 4 -c:v ffv1 -level 3 -g 1 "${yuv[@]}" -c:a flac -ac 1
clip ffv1.grey10.mkv 48x32 3 -c:v ffv1 -level 3 -g 1 -pix_fmt gray10le
clip raw.nv12.avi 32x24 3 -c:v rawvideo -pix_fmt nv12
clip raw.uyvy.mov 32x24 3 -c:v rawvideo -pix_fmt uyvy422
clip raw.bgr.avi 32x24 3 -c:v rawvideo -pix_fmt bgr24
clip png.mov 48x32 3 -c:v png -pix_fmt rgb24
convert raw.nv12.avi yuv420p
convert raw.uyvy.mov yuv422p
convert raw.bgr.avi yuv444p
convert png.mov yuv444p

audio aac.m4a -c:a aac -b:a 24k
audio alac.m4a -c:a alac
audio aac.aac -c:a aac -b:a 24k
audio mp3.mp3 -c:a libmp3lame -b:a 32k
audio flac.flac -c:a flac
audio vorbis.ogg -c:a libvorbis -q:a 0
audio opus.ogg -c:a libopus -b:a 24k
audio ac3.ts -c:a ac3 -b:a 64k
audio eac3.mp4 -c:a eac3 -b:a 64k
sound_of=0.6 audio latm.ts -c:a aac -b:a 24k -mpegts_flags latm # of a shorter one the program finds no rate
audio pcm16.wav -c:a pcm_s16le -ar 16000
audio pcm24.aiff -c:a pcm_s24be -ar 16000
audio pcm16.w64 -c:a pcm_s16le -ar 16000

channels aac.stereo.m4a stereo 0.1 -c:a aac -b:a 48k
channels flac.51.mkv 5.1 0.02 -c:a flac -compression_level 12
channels pcm16.51.wav 5.1 0.01 -c:a pcm_s16le
for c in u8 s24le s32le f32le alaw mulaw; do audio pcm."$c".wav -c:a pcm_"$c" -ar 8000; done
for c in s8 s16be s32be f32be; do audio pcm."$c".mov -c:a pcm_"$c" -ar 8000; done
# Two audio tracks of different rates behind a picture.
if wanted tracks.mkv; then
  ff -f lavfi -i "$(picture 48x32 3)" -f lavfi -i "sine=frequency=440:sample_rate=16000:duration=0.1" -f lavfi -i "sine=frequency=880:sample_rate=8000:duration=0.1" \
    -map 0:v -map 1:a -map 2:a "${small[@]}" -c:v ffv1 -level 3 -g 1 "${yuv[@]}" -c:a flac tracks.mkv
  expect tracks.mkv
fi

for c in flac.flac alac.m4a ffv1.mkv pcm16.wav pcm16.w64 pcm16.51.wav pcm.{u8,alaw,mulaw}.wav pcm.{s8,s16be}.mov tracks.mkv; do hear "$c" s16le; done
for c in pcm24.aiff pcm.s24le.wav flac.51.mkv; do hear "$c" s24le; done
for c in pcm.{s32le,f32le}.wav pcm.{s32be,f32be}.mov; do hear "$c" f32le; done
hear tracks.mkv s16le 1
lossy aac.m4a aac.stereo.m4a aac.aac mp3.mp3 vorbis.ogg opus.ogg ac3.ts eac3.mp4 latm.ts
lossy h264.mp4 h264.flv vp8.webm vp9.webm mpeg4.avi mpeg2.ts

find . -maxdepth 1 -type f -size +20k -exec echo "over 20 kB: {}" \;

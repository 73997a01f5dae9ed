#!/usr/bin/env bash
# FFmpeg 7 for the decoder. Usage: scripts/ffmpeg.sh setup|env|key
#
#   setup  makes sure that it is there: the static, minimal, LGPL build of Debian 13's source package in the cache,
#          or with FFMPEG=system the development packages of the distribution
#   env    prints the environment that "go build" needs, for eval
#   key    prints the cache key
#
# Where the source comes from: apt checks the release signature with Debian's archive keyring, the signed index names
# the hash of the source package, and apt verifies that on download. A private apt folder leaves the machine's own
# configuration alone. Whatever 7.x the suite holds is taken: a mirror drops a version when its security update lands.
. "$(dirname "$0")/lib.sh"

suite=trixie
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
mode=${FFMPEG:-static}
libs=(libavcodec libavdevice libavfilter libavformat libswresample libswscale libavutil)
wanted=('libavcodec >= 61' 'libavcodec < 62' 'libavdevice >= 61' 'libavfilter >= 10' 'libavformat >= 61' 'libswresample >= 5' 'libswscale >= 8' 'libavutil >= 59')

# Decoders, demuxers and parsers of the containers and codecs that consentry reads, and nothing that writes or goes to
# a network or a file: input comes through a reader of our own. avdevice and avfilter stay (empty) because go-astiav
# links all seven libraries.
configure_args=(
  --enable-static --disable-shared --enable-pic --disable-everything --disable-autodetect
  --disable-doc --disable-debug --disable-network --disable-hwaccels --disable-programs --enable-zlib --enable-libdav1d
  --enable-avdevice --enable-avfilter --enable-swscale --enable-swresample
  --enable-decoder=h264,hevc,vp8,vp9,libdav1d,mpeg4,mpeg1video,mpeg2video,prores,mjpeg,dnxhd,ffv1,rawvideo,png
  --enable-decoder=aac,aac_latm,mp3float,mp2float,ac3,eac3,opus,vorbis,flac,alac
  --enable-decoder=pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_u8,pcm_s8,pcm_alaw,pcm_mulaw
  --enable-demuxer=mov,matroska,avi,flv,mpegts,mpegps,mxf,wav,w64,aiff,mp3,flac,ogg,aac,h264,hevc,obu,ivf,mpegvideo,m4v,ac3,eac3,loas
  --enable-parser=h264,hevc,vp8,vp9,av1,mpeg4video,mpegvideo,mjpeg,dnxhd,aac,aac_latm,mpegaudio,ac3,opus,vorbis,flac,png
  --enable-bsf=h264_mp4toannexb,hevc_mp4toannexb,extract_extradata,vp9_superframe,vp9_superframe_split,av1_frame_merge,av1_frame_split,mpeg4_unpack_bframes,aac_adtstoasc,null
)
key() { printf '%s\n' 2 "$suite" "$(uname -m)" "$(. /etc/os-release 2>/dev/null; echo "${ID:-}${VERSION_ID:-}")" "${configure_args[@]}" | sha256sum | cut -c1-16; }
prefix=$cache/ffmpeg-$(key)

print_env() {
  if [ "$mode" = system ]; then
    printf 'export CGO_ENABLED=1\n'
    return
  fi
  [ -e "$prefix/complete" ] || die "FFmpeg is not set up" "run: scripts/ffmpeg.sh setup"
  printf 'export CGO_ENABLED=1 PKG_CONFIG_PATH=%q\n' "$prefix/lib/pkgconfig"
  printf 'export CGO_LDFLAGS=%q\n' "$(PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config --static --libs "${libs[@]}")"
}

setup_system() {
  case $(os) in
    debian|ubuntu) packages gcc pkg-config "${libs[@]/%/-dev}" ;;
    *) say "FFMPEG=system on this system is untested: the development packages of FFmpeg 7 must be there already" ;;
  esac
  pkg-config --exists "${wanted[@]}" || die "the system's FFmpeg is not 7.x (libavcodec $(pkg-config --modversion libavcodec 2>/dev/null || echo missing))" "leave FFMPEG unset to build the static one"
}

# Where Debian's packages come from on this machine; CONSENTRY_DEBIAN_MIRROR names another place.
mirrors() {
  if [ -n "${CONSENTRY_DEBIAN_MIRROR:-}" ]; then printf '%s\n' "$CONSENTRY_DEBIAN_MIRROR"; return; fi
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -E '/debian/?$' | sort -u | head -n 1
}
security_mirror() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -E 'debian-security/?$' | sort -u | head -n 1; }

download() { # WORK → the source package in WORK/src
  local w=$1 uri sec
  [ -r "$keyring" ] || packages debian-archive-keyring
  uri=$(mirrors); sec=$(security_mirror)
  if [ -z "$uri" ]; then
    [ "$(os)" = debian ] && { "${sudo[@]}" apt-get update -qq || true; uri=$(mirrors); sec=$(security_mirror); }
  fi
  [ -n "$uri" ] || die "no Debian mirror is configured on this machine" "set CONSENTRY_DEBIAN_MIRROR to the address of one"
  mkdir -p "$w"/{etc/apt.conf.d,etc/preferences.d,state/lists/partial,cache/archives/partial,src}
  : >"$w/state/status"
  {
    echo "deb-src [signed-by=$keyring] $uri $suite main"
    if [ -n "$sec" ]; then echo "deb-src [signed-by=$keyring] $sec $suite-security main"; fi
  } >"$w/etc/sources.list"
  local apt=(-o "Dir::Etc=$w/etc" -o "Dir::Etc::sourcelist=$w/etc/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o Dir::Etc::trusted=/dev/null -o Dir::Etc::trustedparts=/dev/null -o "Dir::State=$w/state"
    -o "Dir::State::status=$w/state/status" -o "Dir::Cache=$w/cache" -o APT::Sandbox::User=root
    -o Acquire::AllowInsecureRepositories=false -o APT::Get::AllowUnauthenticated=false)
  apt-get "${apt[@]}" -qq update || die "the signed package index of Debian $suite could not be had" "check the network; the mirror is $uri"
  (cd "$w/src" && apt-get "${apt[@]}" -qq source --download-only ffmpeg) || die "the source package of FFmpeg could not be had" "check the network; the mirror is $uri"
}

build_static() {
  [ -e "$prefix/complete" ] && return 0
  case $(uname -s)/$(uname -m) in
    Linux/x86_64|Linux/aarch64) ;;
    *) die "the static FFmpeg is built on 64-bit Linux only (this is $(uname -s)/$(uname -m))" "set FFMPEG=system, or CGO_ENABLED=0 for a binary that does not decode" ;;
  esac
  sudo=(); [ "$(id -u)" -eq 0 ] || sudo=(sudo -n)
  packages nasm libdav1d-dev zlib1g-dev gcc make pkg-config dpkg-dev xz-utils debian-archive-keyring
  local w; w=$(mktemp -d "$cache/build.XXXXXX")
  # shellcheck disable=SC2064  # the folder's name is wanted now: the variable is gone when the trap runs
  trap "rm -rf '$w'" EXIT
  say "fetching the source of FFmpeg 7 from Debian $suite, verified with the archive keyring"
  download "$w" 2>>"$cache/ffmpeg.log" || { tail -n 5 "$cache/ffmpeg.log" >&2; exit 1; }
  (cd "$w/src" && dpkg-source -x ffmpeg_7.*.dsc tree >>"$cache/ffmpeg.log" 2>&1) || die "Debian $suite no longer holds FFmpeg 7.x, or its source package is broken (see $cache/ffmpeg.log)" "set FFMPEG=system on a machine with FFmpeg 7"
  say "building FFmpeg (once; some minutes; log: $cache/ffmpeg.log)"
  (
    cd "$w/src/tree"
    ./configure --prefix="$w/prefix" "${configure_args[@]}" | tee configure.out
    grep -q '^License: LGPL version 2.1' configure.out
    make -j"$(nproc)"
    make install
  ) >>"$cache/ffmpeg.log" 2>&1 || { tail -n 15 "$cache/ffmpeg.log" >&2; die "building FFmpeg failed (see $cache/ffmpeg.log)" "free some memory and disk and run it again"; }
  sed -i "s#$w/prefix#$prefix#g" "$w"/prefix/lib/pkgconfig/*.pc
  (cd "$w/src" && sha256sum ffmpeg_7.*) >"$w/prefix/SOURCE"
  rm -rf "$prefix"; mv "$w/prefix" "$prefix"; touch "$prefix/complete"
  say "FFmpeg is built: $(PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config --modversion libavcodec) (libavcodec), LGPL"
}

case ${1:-} in
  setup) if [ "$mode" = system ]; then setup_system; else once ffmpeg build_static; packages libdav1d-dev zlib1g-dev gcc pkg-config; fi ;;
  env) print_env ;;
  key) key ;;
  *) die "usage: scripts/ffmpeg.sh setup|env|key" "see the top of the script" ;;
esac

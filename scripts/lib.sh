# Shared by the scripts of this folder: messages, the cache, packages of the system. To be sourced.
set -euo pipefail

# One line a step, on stderr: stdout belongs to the answer.
say() { printf 'setup: %s\n' "$*" >&2; }
# die MESSAGE REMEDY: what does not work, and what would.
die() { printf 'setup: error: %s\nsetup: hint: %s\n' "$1" "$2" >&2; exit 1; }

# Slow results live outside the tree that git sees, named after a hash of their recipe.
cache=${CONSENTRY_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/consentry}
mkdir -p "$cache" 2>/dev/null || die "cannot write to the cache folder $cache" "set CONSENTRY_CACHE to a folder that you may write to"

have() { command -v "$1" >/dev/null 2>&1; }

# os ID → the distribution's name ("debian", "ubuntu", …), empty where it is not known.
os() { [ -r /etc/os-release ] && (. /etc/os-release && printf '%s' "${ID:-}") || true; }

# packages NAME…: installs those of the distribution's packages that are missing.
packages() {
  have dpkg-query || die "this set-up needs apt and dpkg (Debian 12 or 13)" "install these yourself and set FFMPEG=system: $*"
  local missing=() p
  for p in "$@"; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  have apt-get || die "apt-get is missing" "install these packages yourself: ${missing[*]}"
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    have sudo && sudo -n true 2>/dev/null || die "these packages are missing and you are not root: ${missing[*]}" "run: sudo apt-get install ${missing[*]}"
    root=(sudo -n)
  fi
  say "installing packages: ${missing[*]}"
  install_packages() { "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$cache/apt.log" 2>&1; }
  install_packages && return 0
  say "refreshing the package lists"
  "${root[@]}" apt-get update -qq >>"$cache/apt.log" 2>&1 || die "apt-get update failed (see $cache/apt.log)" "check the network and the package sources of this machine"
  install_packages || die "apt-get install failed (see $cache/apt.log)" "run: sudo apt-get install ${missing[*]}"
}

# once NAME COMMAND…: holds a lock of that name while the command runs, so that two set-ups don't build the same thing.
once() {
  local name=$1; shift
  if have flock; then
    ( flock 9; "$@" ) 9>"$cache/$name.lock"
  else
    "$@"
  fi
}

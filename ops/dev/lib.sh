# shellcheck shell=bash
# What the scripts below ops/ share. Sourced, never run.
#
# Sourcing it enters the project's folder, so a script works from wherever it is called.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# What the build needs of the system; `ops/dev/generate` needs the compiler of schemas on top.
# shellcheck disable=SC2034 # read by the scripts that source this file
build_packages=(librocksdb-dev libcurl4-openssl-dev libpq-dev libhiredis-dev libnghttp2-dev pkg-config curl git)
# shellcheck disable=SC2034
generate_packages=(protobuf-compiler)

say() { printf '%s\n' "$*"; }

# die MESSAGE HINT [STATUS]: ends the script with what went wrong and what to do about it.
die() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  if [ -n "${2:-}" ]; then printf '  → %s\n' "$2" >&2; fi
  exit "${3:-1}"
}

# seconds SINCE: whole seconds since a value of $SECONDS, as text.
seconds() {
  local spent=$((SECONDS - $1))
  if [ "$spent" -ge 60 ]; then printf '%dm %02ds' $((spent / 60)) $((spent % 60)); else printf '%ds' "$spent"; fi
}

# step TITLE COMMAND…: runs the command, tells how long it took, ends the script if it fails.
step() {
  local title=$1 began=$SECONDS status=0
  shift
  say "── $title"
  "$@" || status=$?
  if [ "$status" -ne 0 ]; then
    printf '%s: "%s" failed after %s\n' "${0##*/}" "$title" "$(seconds "$began")" >&2
    exit "$status"
  fi
  say "   $title: $(seconds "$began")"
}

# swift_build OPTIONS…: swift build. On a terminal its own progress is shown; elsewhere, where thousands of
# lines would bury what matters, its last line now and then, and its errors.
swift_build() {
  if [ -t 1 ]; then
    swift build "$@"
    return
  fi
  local status=0 ticker log=.build/build.txt
  mkdir -p .build
  : >"$log"
  # It ends with the script at the latest, and its sleep keeps no pipe of the caller's open.
  while sleep 30 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
    say "   $(tail -n 1 "$log" | cut -c 1-100)"
  done &
  ticker=$!
  swift build "$@" >"$log" 2>&1 || status=$?
  # A signal that nobody can have blocked: whoever started this may have.
  kill -KILL "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  if [ "$status" -ne 0 ]; then
    grep -E '(error|fatal):' "$log" | sort --unique | head -n 40 >&2 || true
    tail -n 20 "$log" >&2
    printf '   the whole output is in %s\n' "$log" >&2
  fi
  return "$status"
}

need_swift() {
  # The toolchain's usual folders, for shells whose profile does not name them.
  local folder
  for folder in /opt/swift/usr/bin "$HOME/.local/share/swiftly/bin"; do
    if ! command -v swift >/dev/null && [ -x "$folder/swift" ]; then PATH=$PATH:$folder; fi
  done
  command -v swift >/dev/null ||
    die "Swift is missing" "install Swift 6.3 or later from https://www.swift.org/install/linux" 69
  local version
  version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | grep -oE '[0-9.]+$' || true)
  [ -n "$version" ] || die "swift does not tell its version" "try: swift --version" 69
  if [ "${version%%.*}" -lt 6 ] || { [ "${version%%.*}" -eq 6 ] && [ "${version#*.}" -lt 3 ]; }; then
    die "Swift $version is too old" "install Swift 6.3 or later from https://www.swift.org/install/linux" 69
  fi
}

is_installed() {
  dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

# need_packages NAME…: installs what is missing of these Debian packages; silent when nothing is.
need_packages() {
  command -v dpkg-query >/dev/null ||
    { say "   not a Debian system: expecting $* to be there"; return 0; }
  local package missing=() run=()
  for package; do is_installed "$package" || missing+=("$package"); done
  if [ "${#missing[@]}" -eq 0 ]; then return 0; fi
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      die "these Debian packages are missing: ${missing[*]}" \
        "as root: apt-get install ${missing[*]}" 69
    run=(sudo)
  fi
  local began=$SECONDS log
  log=$(mktemp)
  say "── installing ${missing[*]}"
  run+=(env DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 -y)
  # The package lists may be absent or old: they are fetched when the first try fails. A foreign
  # source that does not answer must not stop us, so only the second try is judged.
  if ! "${run[@]}" install "${missing[@]}" >"$log" 2>&1; then
    say "   fetching package lists"
    "${run[@]}" update >>"$log" 2>&1 || true
    "${run[@]}" install "${missing[@]}" >>"$log" 2>&1 || {
      tail -n 15 "$log" >&2
      die "apt-get could not install ${missing[*]}" "the whole output is in $log" 69
    }
  fi
  rm -f "$log"
  say "   installed in $(seconds "$began")"
}

# What tests ask of the Python Package Index: client and server of UmaDB, whose protocol we speak.
python_packages=(umadb==0.7.8)
python_folder=.build/python

# need_python: makes a Python of the project's own with these packages; silent when it is there.
need_python() {
  local mark="$python_folder/packages" log
  if [ -x "$python_folder/bin/python" ] && [ "$(cat "$mark" 2>/dev/null)" = "${python_packages[*]}" ]; then
    return 0
  fi
  need_packages python3-venv
  log=$(mktemp)
  say "── installing ${python_packages[*]} into $python_folder"
  # Only the marked folder counts, so one that was broken off is begun anew.
  { python3 -m venv --clear "$python_folder" &&
    "$python_folder/bin/pip" install --disable-pip-version-check "${python_packages[@]}"; } >"$log" 2>&1 || {
    tail -n 15 "$log" >&2
    die "the Python packages could not be installed" "the whole output is in $log" 69
  }
  printf '%s\n' "${python_packages[*]}" >"$mark"
  rm -f "$log"
}

# need_space MEBIBYTES: a full disk ends a build in messages nobody understands.
need_space() {
  local free
  free=$(df --output=avail -m . | tail -n 1 | tr -d ' ')
  [ "$free" -ge "$1" ] ||
    die "the disk of $PWD has $free MiB free, the build needs about $1" \
      "free some space, or remove .build if other branches left much in it" 74
}

# The Swift files that people write; generated ones keep the style of their generator.
swift_files() {
  find Package.swift Sources Tests Benchmarks \
    \( -name .build -o -path Sources/Schemas/Generated \) -prune -o -name '*.swift' -print
}

lint_format() {
  swift_files | tr '\n' '\0' |
    xargs -0 swift format lint --strict --parallel --configuration .swift-format ||
    die "some files are not formatted" \
      "swift format --in-place --configuration .swift-format FILE…"
}

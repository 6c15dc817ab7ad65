# shellcheck shell=bash
# The memory of a green run: what it ran over, when, and how many tests. Sourced by ops/test.
#
# It lies below .build, so that who removes what was built removes it too.
green_memory=.build/green

# Everything that the outcome of the tests can depend on, one fact a line.
surroundings() {
  swift --version 2>/dev/null
  # All packages: which libraries and servers are installed decides what is built and what is skipped.
  if command -v dpkg-query >/dev/null; then dpkg-query --show; fi
  env | grep '^WORDWEAVE_' | LC_ALL=C sort || true
  # Contents of the shared data would take long to read; a change of them changes size or time.
  if [ -d "${WORDWEAVE_SHARED:-}" ]; then
    find "$WORDWEAVE_SHARED" -type f -printf '%P %s %T@\n' | LC_ALL=C sort
  fi
  # The project's files with their contents and rights: tracked ones, new ones that are not ignored,
  # and the resolved versions of the packages.
  local file files=()
  while IFS= read -r -d '' file; do
    if [ -f "$file" ]; then files+=("$file"); fi
  done < <(
    git ls-files -z --cached --others --exclude-standard
    printf 'Package.resolved\0'
  )
  printf '%s\0' "${files[@]}" | xargs -0 stat --format '%A %N' --
  printf '%s\0' "${files[@]}" | xargs -0 sha256sum --
}

# A digest of the surroundings; empty outside a git checkout, where nothing says which files count.
surroundings_digest() {
  git rev-parse --is-inside-work-tree >/dev/null 2>&1 || return 0
  surroundings | sha256sum | cut -d ' ' -f 1
}

# Prints "TIME, COUNT tests" if the last green run was over this digest; fails otherwise.
recall_green() {
  local digest when count
  [ -n "$1" ] && [ -r "$green_memory" ] || return 1
  IFS=$'\t' read -r digest when count <"$green_memory" || return 1
  [ "$digest" = "$1" ] || return 1
  printf '%s, %s tests' "$when" "$count"
}

# remember_green DIGEST COUNT
remember_green() {
  if [ -n "$1" ]; then
    printf '%s\t%s\t%s\n' "$1" "$(date '+%Y-%m-%d %H:%M:%S')" "$2" >"$green_memory"
  fi
}

forget_green() { rm -f "$green_memory"; }

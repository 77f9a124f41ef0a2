# Removes the paths on stdin, each ended by a NUL, and the directories that this leaves empty: git knows no empty ones.
set -eu
list=$(mktemp)
trap 'rm -f "$list"' EXIT
cat >"$list"
xargs -0 -r -a "$list" rm -rf --
# The parents of what went; one that is not empty, or gone already, stays as it is.
sed -z -n 's|/[^/]*$||p' "$list" | sort -z -u -r | xargs -0 -r rmdir -p --ignore-fail-on-non-empty -- 2>/dev/null || :

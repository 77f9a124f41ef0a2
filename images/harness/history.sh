# Makes the tree in the current directory a repository of its own, from a pack on stdin.
#   history.sh COMMIT [CUT...]
# A CUT is a commit whose parents are not in the pack.
# No template (no hooks), no remote, no reflog, nothing but what the commit reaches.
set -eu
commit=$1
shift
format=sha1
if [ "${#commit}" -eq 64 ]; then format=sha256; fi
git init -q --template= --object-format="$format" -b work .
git config core.logAllRefUpdates false
git index-pack --stdin >/dev/null
[ "$#" -eq 0 ] || printf '%s\n' "$@" >.git/shallow
git update-ref refs/heads/work "$commit"
# The files are the bytes that git stores: no attribute may make one of them look changed.
mkdir -p .git/info
echo '* -text -eol -filter -ident -working-tree-encoding' >.git/info/attributes
git read-tree HEAD
git update-index -q --refresh || :
git config --unset core.logAllRefUpdates
git config user.name specialist
git config user.email specialist@bulkhead.invalid

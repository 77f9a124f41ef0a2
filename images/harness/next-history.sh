# Moves the repository in the current directory from the commit that it is on to a later one.
#   next-history.sh pack COMMIT    takes the objects of the commits between them, as a pack on stdin
#   next-history.sh index COMMIT   takes the paths that differ (each ended by a NUL) into the index
# Cost grows with what differs: the other entries of the index keep what git noted of their files.
set -eu
step=$1 commit=$2
case $step in
pack)
  git index-pack --stdin --fix-thin >/dev/null
  git update-ref refs/heads/work "$commit"
  ;;
index)
  git update-index --add --remove -z --stdin
  # Whatever was forgotten above would show as a change that nobody made.
  git diff-index --cached --quiet "$commit"
  ;;
esac

# One command in a box, in any image with /bin/sh and the usual small tools (coreutils or busybox).
#   call.sh exec ID NONCE SECONDS MAX CWD STDIN_BYTES ARGV...
#   call.sh recall ID
#   call.sh cancel ID NONCE
# Output goes to files, so a child that keeps stdout open holds nobody up. Everything under $dir can be changed by the
# code in the box: the reader of the frame trusts no number in it.
set -uf
verb=$1 id=$2
shift 2
base=/run/bulkhead
dir=$base/$id

say() { printf 'bulkhead-call 1 %s\n' "$*"; }

# The frame: one line of numbers, then head and tail of stdout and of stderr.
emit() {
  read -r line <"$dir/done" || return 1
  say "done $line"
  set -- $line
  head -c "$4" "$dir/out.head"
  head -c "$5" "$dir/out.tail"
  head -c "$7" "$dir/err.head"
  head -c "$8" "$dir/err.tail"
}

# Keeps the first and the last half of a stream, so that many calls do not fill the box's memory.
keep() {
  total=$(($(wc -c <"$dir/$1")))
  if [ "$total" -le "$max" ]; then
    mv "$dir/$1" "$dir/$1.head"
    : >"$dir/$1.tail"
    kept="$total $total 0"
  else
    tail=$((max / 2))
    head=$((max - tail))
    head -c "$head" "$dir/$1" >"$dir/$1.head"
    tail -c "+$((total - tail + 1))" "$dir/$1" | head -c "$tail" >"$dir/$1.tail"
    rm -f "$dir/$1"
    kept="$total $head $tail"
  fi
}

# kill and read are built in: at the limit of processes nothing can be forked any more.
end() {
  if [ "$group" = yes ]; then kill -KILL "-$1"; else kill -KILL "$1"; fi 2>/dev/null
}

group=no
if command -v setsid >/dev/null 2>&1; then group=yes; fi

case $verb in
exec)
  nonce=$1 seconds=$2 max=$3 cwd=$4 input=$5
  shift 5
  mkdir -p "$dir" || exit 1
  if [ -e "$dir/started" ]; then
    say refused
    exit 0
  fi
  # The whole input first: a driver that dies halfway leaves a call that never began, not one with half of its input.
  : >"$dir/in" || exit 1
  if [ "$input" -gt 0 ]; then head -c "$input" >"$dir/in"; fi
  if [ "$(($(wc -c <"$dir/in")))" -ne "$input" ]; then
    rm -rf "$dir"
    exit 1
  fi
  if [ -e "$dir/cancel-$nonce" ]; then exit 1; fi
  echo "$$" >"$dir/started" || exit 1
  start=
  if [ "$group" = yes ]; then start=setsid; fi
  $start /bin/sh -c 'cd "/workspace/$1" || exit 126; shift; exec "$@"' sh "$cwd" "$@" <"$dir/in" >"$dir/out" 2>"$dir/err" &
  child=$!
  echo "$child" >"$dir/pid"
  if [ -e "$dir/cancel-$nonce" ]; then end "$child"; fi
  (
    trap 'kill "$!" 2>/dev/null; exit 0' TERM
    sleep "$seconds" &
    wait "$!"
    : >"$dir/timed-out"
    end "$child"
  ) </dev/null >/dev/null 2>&1 &
  watch=$!
  wait "$child"
  code=$?
  kill -TERM "$watch" 2>/dev/null
  wait "$watch" 2>/dev/null
  timed=0
  if [ -e "$dir/timed-out" ]; then timed=1 code=124; fi
  keep out
  out=$kept
  keep err
  rm -f "$dir/in"
  echo "$code $timed $out $kept" >"$dir/done.new" && mv "$dir/done.new" "$dir/done"
  emit
  ;;
recall)
  if [ -e "$dir/done" ]; then emit; exit; fi
  if [ ! -e "$dir/started" ]; then say absent; exit; fi
  read -r script <"$dir/started"
  if kill -0 "$script" 2>/dev/null; then say running; exit; fi
  if [ -e "$dir/done" ]; then emit; else say lost; fi
  ;;
cancel)
  if [ ! -d "$dir" ]; then mkdir -p "$dir" || exit 1; fi
  : >"$dir/cancel-$1"
  if [ -e "$dir/pid" ]; then
    read -r child <"$dir/pid"
    end "$child"
  fi
  say cancelled
  ;;
esac

# What Bulkhead runs in a box, by the busybox that it brings along: the image's own tools may be missing or changed.
#   box.sh session                     a long-lived shell: requests on stdin, one after another, answers on stdout
#   box.sh recall ID MAX               the answer to an earlier call
#   box.sh cancel ID NONCE             ends a call's processes, or keeps it from starting
# A request is the number of its lines, then these lines: words in shell quotes, then the bytes that it announces.
#   call ID NONCE SECONDS MAX CWD STDIN_BYTES PROGRAM ARGUMENTS...   answered by `ended`, both streams, each up to a mark
#   whole ID MAX                                                     answered like recall, for streams that are longer
#   prove ADDRESS:PORT...
# A command writes into files, so a child that keeps its output open holds nobody up. Everything under $base can be
# changed by the code in the box: the reader of an answer trusts no number in it.
# Forks are what a call costs: everything else here is built into the shell.
set -uf
base=/run/bulkhead
work=/box/workspace
line_feed='
'

say() { printf 'bulkhead-call 2 %s\n' "$*"; }

# The whole answer: one line of numbers, then head and tail of stdout and of stderr. Only the first and the last half of
# a long stream stay, so that many calls do not fill the box's memory.
emit() {
  read -r ended <"$dir.done" || return 1
  keep out
  out=$kept
  keep err
  say "done $ended $out $kept"
  for part in out err; do
    if [ -s "$dir.$part" ]; then head -c "$max" "$dir.$part"; fi
  done
}

keep() {
  kept='0 0 0'
  if [ ! -s "$dir.$1" ]; then return; fi
  if [ -s "$dir.$1.kept" ]; then
    read -r kept <"$dir.$1.kept"
    return
  fi
  total=$(stat -c %s "$dir.$1") || total=0
  if [ "$total" -le "$max" ]; then
    kept="$total $total 0"
    return
  fi
  tail=$((max / 2)) head=$((max - max / 2))
  # In the room that it has, the tail moved up behind the head: a stream that filled all of it leaves none for a copy,
  # and an answer that is shorter than it says would be waited for until the call's time is over.
  tail -c "+$((total - tail + 1))" "$dir.$1" | head -c "$tail" | dd of="$dir.$1" bs=65536 conv=notrunc oflag=seek_bytes seek="$head" 2>/dev/null
  truncate -s "$max" "$dir.$1"
  kept="$total $head $tail"
  echo "$kept" >"$dir.$1.kept"
}

# Ends what left the group of a call: every process of a call carries its id in its environment. Again, while there is any:
# one may have been made during the look.
end_strays() {
  for round in 1 2 3 4 5 6 7 8; do
    strays=$(set +f; grep -lszxF "BULKHEAD_CALL=$1" /proc/[0-9]*/environ)
    if [ -z "$strays" ]; then return; fi
    for pid in $strays; do
      pid=${pid#/proc/}
      kill -KILL "${pid%/environ}" 2>/dev/null
    done
  done
}

# How often the kernel counted that the box ran into a limit: "memory processes". Both forms of cgroups.
count_limits() {
  memory=0 processes=0
  for file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control /sys/fs/cgroup/pids.events /sys/fs/cgroup/pids/pids.events; do
    if [ ! -r "$file" ]; then continue; fi
    while read -r name value; do
      case $name in
      oom_kill) memory=$value ;;
      max) case $file in *pids*) processes=$value ;; esac ;;
      esac
    done <"$file"
  done
}

now() { read -r now rest </proc/uptime; now=${now%%.*}; }

# The program as the PATH of the box has it. Not busybox's own way, which takes its applets for the image's programs.
resolve() {
  case $1 in */*) program=$1; return ;; esac
  IFS=:
  for folder in $PATH; do
    program=${folder:-.}/$1
    if [ -f "$program" ] && [ -x "$program" ]; then unset IFS; return; fi
  done
  unset IFS
  return 1
}

# Ends the current call when its time is over, also when nobody listens any more; goes when the session has. At the limit
# of processes nothing can be forked, but kill and read are built in.
watch_time() {
  while sleep 1; do
    if read -r child deadline dir <"$current" && [ -n "${dir:-}" ]; then
      now
      if [ "$now" -ge "$deadline" ]; then
        : >"$dir.timed-out"
        kill -KILL "-$child" 2>/dev/null
        kill -0 "$$" 2>/dev/null || { end_strays "${dir##*/}"; return; }
      fi
    else
      kill -0 "$$" 2>/dev/null || return
    fi
  done
}

call() {
  id=$1 nonce=$2 seconds=$3 max=$4 cwd=$5 input=$6
  shift 6
  dir=$base/$id
  if [ -e "$dir.started" ]; then
    if [ "$input" -gt 0 ]; then head -c "$input" >/dev/null; fi
    say refused
    return
  fi
  # The whole input first: a driver that dies halfway leaves a call that never began, not one with half of its input.
  in=/dev/null
  if [ "$input" -gt 0 ]; then
    in=$dir.in
    head -c "$input" >"$in"
    if [ "$(stat -c %s "$in")" != "$input" ]; then rm -f "$in"; exit 1; fi
  fi
  if [ -e "$dir.cancel-$nonce" ]; then exit 1; fi
  count_limits
  memory_before=$memory processes_before=$processes
  echo "$$" >"$dir.started" || exit 1
  resolve "$1" || program=
  # In the foreground: a shell starts what it does not wait for with SIGINT and SIGQUIT ignored, for good.
  (
    read -r child rest </proc/self/stat
    now
    echo "$child $((now + seconds + 1)) $dir" >"$current"
    echo "$child" >"$dir.pid"
    if [ -e "$dir.cancel-$nonce" ]; then exit 137; fi
    exec <"$in" >"$dir.out" 2>"$dir.err"
    if [ -z "$program" ]; then printf '%s: not found\n' "$1" >&2; exit 127; fi
    cd "$work/$cwd" || exit 126
    shift
    BULKHEAD_CALL=$id exec setsid -- "$program" "$@"
  )
  code=$?
  : >"$current"
  if [ "$input" -gt 0 ]; then : >"$in"; fi
  timed=0
  if [ -e "$dir.timed-out" ]; then
    timed=1 code=124
    end_strays "$id"
  fi
  count_limits
  ended="$code $timed $((memory - memory_before)) $((processes - processes_before))"
  # A command that filled all room with its output gives some of it back first.
  echo "$ended" >"$dir.done" || { keep out; keep err; echo "$ended" >"$dir.done"; }
  say "ended $ended"
  # One byte too many tells that there is more.
  for part in out err; do
    if [ -e "$dir.$part.kept" ]; then head -c "$max" "$dir.$part" && echo
    elif [ -s "$dir.$part" ]; then head -c "$((max + 1))" "$dir.$part"; fi
    printf '\n%s\n' "$nonce"
  done
}

whole() {
  dir=$base/$1 max=$2
  emit
}

# What this box can reach: its devices and routes as the kernel lists them, and each address that answers.
prove() {
  for place in /tmp "$base" "$HOME" "$work"; do
    if [ -w "$place" ]; then echo "writable $place"; fi
  done
  for file in dev route if_inet6 ipv6_route; do
    if [ -e "/proc/net/$file" ]; then
      while read -r line; do echo "$file $line"; done <"/proc/net/$file"
    fi
  done
  for address; do
    if nc -w 1 "${address%:*}" "${address##*:}" </dev/null >/dev/null 2>&1; then echo "reached $address"; fi
  done
  echo proved
}

verb=$1
shift
case $verb in
session)
  mkdir -p "$base" || exit 1
  current=$base/.current-$$
  : >"$current" || exit 1
  watch_time </dev/null >/dev/null 2>&1 &
  echo 'bulkhead-session 1'
  while read -r lines; do
    request=
    while [ "$lines" -gt 0 ]; do
      IFS= read -r line || exit 1
      request=$request$line$line_feed
      lines=$((lines - 1))
    done
    eval "$request"
  done
  ;;
recall)
  dir=$base/$1 max=$2
  if [ -s "$dir.done" ]; then emit; exit; fi
  if [ ! -e "$dir.started" ]; then say absent; exit; fi
  read -r session <"$dir.started"
  if kill -0 "$session" 2>/dev/null; then say running; exit; fi
  if [ -s "$dir.done" ]; then emit; else say lost; fi
  ;;
cancel)
  dir=$base/$1
  mkdir -p "$base" || exit 1
  : >"$dir.cancel-$2"
  if [ -e "$dir.pid" ]; then
    read -r child <"$dir.pid"
    kill -KILL "-$child" 2>/dev/null
    end_strays "$1"
  fi
  say cancelled
  ;;
esac

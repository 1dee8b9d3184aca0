# Steps: commands in process groups of their own, each with a limit. For tests/run, which sources it.
# shellcheck shell=bash

# Between asking a group to end and ending it, in seconds.
limit_grace=5

# Process groups that are ours to end; empty where there is none.
running=
watchdog=

# bounded SECONDS COMMAND…: runs the command with no input, and leaves its status in $outcome. Never call it in a
# condition (if, &&, ||): bash would then go on after a failure inside the command.
bounded() {
  local limit=$1 seconds_before=$SECONDS
  shift
  in_group "$@"
  running=$started
  watch "$limit" "$running"
  outcome=0
  wait "$running" || outcome=$?
  # Whatever the command left behind goes with it.
  end_group "$running"
  running=
  unwatch
  if ((outcome != 0 && SECONDS - seconds_before >= limit)); then
    echo "Ended after its limit of $limit s."
  fi
}

# Starts a command in the background, in a process group whose id is the process id left in $started. Job control makes
# the group, and keeps SIGINT from being ignored as it is for other background commands.
in_group() {
  set -m
  ("$@") </dev/null &
  started=$!
  set +m
}

# watch SECONDS GROUP: ends the group after so long, unless unwatch comes first.
watch() {
  in_group end_after "$@"
  watchdog=$started
}

end_after() {
  sleep "$1"
  kill -TERM -- "-$2"
  sleep "$limit_grace"
  kill -KILL -- "-$2"
}

unwatch() {
  kill -KILL -- "-$watchdog" 2>/dev/null || true
  wait "$watchdog" 2>/dev/null || true
  watchdog=
}

# Ends a process group of ours: asks, then insists.
end_group() {
  local tries=$((limit_grace * 10))
  kill -TERM -- "-$1" 2>/dev/null || return 0
  while kill -0 -- "-$1" 2>/dev/null; do
    if ((tries-- == 0)); then
      kill -KILL -- "-$1" 2>/dev/null || true
      break
    fi
    sleep 0.1
  done
  wait "$1" 2>/dev/null || true
}

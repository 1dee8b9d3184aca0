# The running demo that the foreign clients ask. For tests/run, which sources it.
# shellcheck shell=bash
# shellcheck disable=SC2154 # the paths and limits are set by tests/run

# Its process group; empty where it does not run.
demo=

prepare_demo() {
  # With --tests the dependencies have the features that the tests gave them, or all would be built a second time.
  cargo build "${quiet[@]}" --workspace --bins --tests
  "$target/debug/statuscheck-mocks" --dump-samples >"$scratch/samples"
}

start_demo() {
  demo_dir=$scratch/demo
  set -m
  "$target/debug/statuscheck" demo --dir "$demo_dir" --json </dev/null >"$scratch/demo.log" 2>&1 &
  demo=$!
  set +m
  local give_up=$((SECONDS + limit_demo_start)) fault=
  until [[ -s $demo_dir/demo.json ]]; do
    kill -0 "$demo" 2>/dev/null || fault="ended before it was ready"
    ((SECONDS <= give_up)) || fault="was not ready within $limit_demo_start s"
    if [[ -n $fault ]]; then
      echo "The demo $fault. The end of what it said:"
      tail -n 50 "$scratch/demo.log"
      end_group "$demo"
      demo=
      return 1
    fi
    sleep 0.2
  done
}

# Stops the demo as an operator would, and looks at how it ends.
stop_demo() {
  local status=0
  watch "$limit_demo_stop" "$demo"
  kill -INT "$demo" 2>/dev/null || true
  wait "$demo" || status=$?
  end_group "$demo"
  demo=
  unwatch
  if ((status != 0)); then
    echo "The demo did not end with exit 0 on SIGINT, but with $status. The end of what it said:"
    tail -n 50 "$scratch/demo.log"
    return 1
  fi
}

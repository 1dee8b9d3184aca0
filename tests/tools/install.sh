# What the stages need, installed where it is missing. For tests/run, which sources it.
# shellcheck shell=bash
# shellcheck disable=SC2154 # the paths are set by tests/run

prepare_rust() {
  local missing=()
  command -v cargo >/dev/null || missing+=(cargo)
  cargo fmt --version >/dev/null 2>&1 || missing+=(rustfmt)
  cargo clippy --version >/dev/null 2>&1 || missing+=(clippy)
  if ((${#missing[@]})); then
    echo "Rust is not all there (${missing[*]}): install it from https://rustup.rs"
    return 1
  fi
  # SQLite and the cryptography are partly C.
  command -v cc >/dev/null || debian_packages build-essential
  # The tests of a failing disk make and mount file systems of their own.
  command -v mkfs.ext4 >/dev/null || debian_packages e2fsprogs
  command -v mount >/dev/null || debian_packages mount
}

prepare_postgres() {
  command -v openssl >/dev/null || debian_packages openssl
  # The tests start servers of their own, so the programs are enough.
  deploy/postgres/local version && return
  # Debian's package makes a cluster and starts it. What asks whether to is in a package that it needs; where somebody has
  # decided already, that stays.
  local decides=/etc/postgresql-common/createcluster.conf
  debian_packages postgresql-common
  as_root sed -i -E 's/^#\s*create_main_cluster\s*=.*$/create_main_cluster = false/' "$decides"
  debian_packages postgresql postgresql-contrib
  deploy/postgres/local version
}

prepare_promtool() {
  [[ -x $promtool ]] && "$promtool" --version && return
  command -v dpkg-deb >/dev/null || { echo "promtool is taken from Debian's package, and this is no Debian" && return 1; }
  lock_tools
  # Debian's package starts a server. Only one program of it is wanted, so it is unpacked and not installed.
  local folder=$tools/promtool
  rm -rf "$folder"
  mkdir -p "$folder"
  (cd "$folder" && apt-get download -qq prometheus) || {
    as_root apt-get update -qq
    (cd "$folder" && apt-get download -qq prometheus)
  }
  dpkg-deb --fsys-tarfile "$folder"/prometheus_*.deb | tar -x -C "$folder" ./usr/bin/promtool
  rm "$folder"/prometheus_*.deb
  "$promtool" --version
}

prepare_npm() {
  command -v node >/dev/null || debian_packages nodejs
  command -v npm >/dev/null || debian_packages npm
  if ! node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)'; then
    echo "Node $(node --version) is too old: 18 is needed, for its test runner"
    return 1
  fi
  lock_tools
  local stamp
  stamp=$(node --version && cat tests/tools/{package.json,package-lock.json,.npmrc})
  is_fresh "$tools/node" "$stamp" && return
  echo "Installing the npm packages of tests/tools into the target folder"
  rm -rf "$tools/node"
  mkdir -p "$tools/node"
  cp tests/tools/{package.json,package-lock.json,.npmrc} "$tools/node"
  (cd "$tools/node" && npm ci --loglevel=error)
  printf '%s\n' "$stamp" >"$tools/node/stamp"
}

prepare_chromium() {
  [[ -x /usr/bin/chromium ]] || debian_packages chromium
  /usr/bin/chromium --version
}

prepare_virtualenv() {
  command -v python3 >/dev/null || debian_packages python3 python3-venv
  python3 -c 'import ensurepip, venv' 2>/dev/null || debian_packages python3-venv
  lock_tools
  local requirements=tests/foreign/python/requirements.txt stamp
  stamp=$(python3 --version && cat "$requirements")
  is_fresh "$tools/python" "$stamp" && return
  echo "Installing the Python packages of $requirements into the target folder"
  python3 -m venv --clear "$tools/python"
  "$python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: -r "$requirements"
  printf '%s\n' "$stamp" >"$tools/python/stamp"
}

# Two runs at a time share the tools: one installs, the other waits.
lock_tools() {
  mkdir -p "$tools"
  exec 9>"$tools/lock"
  flock 9
}

is_fresh() {
  [[ -f $1/stamp && $(<"$1/stamp") == "$2" ]]
}

debian_packages() {
  if ((EUID != 0)) && ! sudo -n true 2>/dev/null; then
    echo "Missing here, and only root can install it: apt-get install $*"
    return 1
  fi
  echo "Installing Debian packages: $*"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq --no-install-recommends -o DPkg::Lock::Timeout=120 "$@" >/dev/null
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo -n "$@"; fi
}

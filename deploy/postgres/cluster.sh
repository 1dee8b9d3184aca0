# The servers of one directory. For deploy/postgres/local, which sources it.
# shellcheck shell=bash
# shellcheck disable=SC2154 # $shipped is set by deploy/postgres/local
#
# In the directory:
#   nodes/NAME/   the data of one server; main is the first, others are standbys or were
#   nodes/NAME.port, nodes/NAME.log
#   primary       the name of the node that takes changes
#   tls/          ca.crt and the servers' certificate
#   secrets/      ROLE.password, and pgpass with all of them, as libpq reads it
#   .s.PGSQL.*    the sockets
#   lock          held while a command works; also the mark that the directory is ours to delete

# Seconds. A start replays at most a few megabytes, and a busy machine is given time; what takes longer hangs.
limit_start=60
limit_stop=30
limit_sync=30

# Below the ports that systems give to outgoing connections (32768 and up, on Linux).
port_first=20000
ports=12000

roles=(owner gateway auditor standby)

fail() {
  printf 'deploy/postgres/local: %s\n' "$1" >&2
  exit 1
}

# The newest PostgreSQL of Debian's, else the one in the PATH. What the caller's environment says about some other server
# is of no use here.
find_programs() {
  local name
  for name in "${!PG@}"; do unset "$name"; done
  export LC_ALL=C
  bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  [[ -x $bin/postgres ]] || bin=$(dirname "$(command -v postgres || echo /nowhere/postgres)")
  [[ -x $bin/postgres ]] || fail 'PostgreSQL is not installed: apt-get install postgresql'
  local version
  version=$("$bin/postgres" --version | grep -oE '[0-9]+' | head -n 1)
  ((version >= 15)) || fail "PostgreSQL 15 or newer is needed, and $bin has $version"
}

# choose_directory [DIR]: sets dir, and the user that the servers run as.
choose_directory() {
  if ((EUID == 0)); then
    user=postgres
    id "$user" >/dev/null 2>&1 || user=nobody
    dir=${1:-/var/lib/statuscheck-postgres}
    as=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --init-groups --)
  else
    user=$(id -un)
    dir=${1:-${XDG_STATE_HOME:-$HOME/.local/state}/statuscheck/postgres}
    as=()
  fi
  dir=$(realpath -m -- "$dir")
  # It stands in URLs, configuration files and lines of key=value, so nothing in it may need quoting in any of them.
  [[ $dir =~ ^[A-Za-z0-9/._+-]+$ ]] || fail "give a --dir of letters, digits and / . _ + - alone; this is $dir"
  # A socket's path may have 107 bytes.
  ((${#dir} <= 90)) || fail "give a --dir of 90 bytes at most, for the socket in it; this is $dir"
  # The servers' user may not be able to look into the caller's folders, and what lies there about other servers is of no
  # use here.
  export HOME=$dir
  cd /
}

# Runs a command as the user of the servers; they do not inherit the lock.
as_server() {
  "${as[@]}" "$@" 9>&-
}

# put FILE: writes the input into a file that only the servers' user may read, or leaves the file as it was.
put() {
  # shellcheck disable=SC2016 # for the inner shell
  as_server sh -c 'umask 077 && cat >"$1.new" && mv "$1.new" "$1"' sh "$1"
}

prepare_directory() {
  if [[ -e $dir && ! -e $dir/lock && -n $(ls -A "$dir") ]]; then
    fail "$dir holds something else: give a --dir that is empty or not there yet"
  fi
  mkdir -p "$dir"
  if [[ ! -e $dir/lock ]]; then
    chmod 700 "$dir"
    ((EUID != 0)) || chown "$user:" "$dir"
  fi
  as_server test -w "$dir" || fail "$user cannot write to $dir: give a --dir that $user can reach"
  as_server touch "$dir/lock"
  as_server mkdir -p -m 700 "$dir"/{nodes,tls,secrets}
}

# require FILE: lock is there from the first moment, primary once there is a server.
require() {
  [[ -e $dir/$1 ]] || fail "there is no cluster in $dir"
}

# locked COMMAND…: one command at a time works on the directory.
locked() {
  exec 9<"$dir/lock"
  flock -w "$limit_start" 9 || fail "another command works on $dir"
  "$@"
  exec 9<&-
}

nodes() {
  local data
  for data in "$dir"/nodes/*/PG_VERSION; do
    [[ ! -e $data ]] || basename "$(dirname "$data")"
  done
}

primary() {
  cat "$dir/primary"
}

# primary, standby, or former: a primary that was replaced, and holds what nobody else has.
kind_of() {
  if [[ $1 == "$(primary)" ]]; then
    echo primary
  elif [[ -e $dir/nodes/$1/standby.signal ]]; then
    echo standby
  else
    echo former
  fi
}

standbys() {
  local node
  for node in $(nodes); do
    [[ $(kind_of "$node") != standby ]] || echo "$node"
  done
}

is_running() {
  ! is_zombie "$1" && as_server "$bin/pg_ctl" status -D "$dir/nodes/$1" >/dev/null 2>&1
}

# A server that was killed, and whose end the system's first process has not taken note of yet: to PostgreSQL's own
# programs it still runs.
is_zombie() {
  local id stat
  { read -r id <"$dir/nodes/$1/postmaster.pid" && read -r stat <"/proc/$id/stat"; } 2>/dev/null || return 1
  [[ $stat == *') Z '* ]]
}

is_any_running() {
  local node
  for node in ${1:-$(nodes)}; do
    ! is_running "$node" || return 0
  done
  return 1
}

port_of() {
  cat "$dir/nodes/$1.port"
}

# sql NODE DATABASE [PSQL OPTION…]: as the superuser, over the socket. A commit waits for as long as a synchronous standby is
# away, so this gives up.
sql() {
  local node=$1 database=$2
  shift 2
  as_server timeout "$limit_start" "$bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -h "$dir" -p "$(port_of "$node")" -U postgres \
    -d "$database" "$@"
}

# up STANDBY PORT
up() {
  prepare_directory
  locked bring_up "$@"
}

bring_up() {
  local standby=$1 port=$2 node
  make_certificate
  make_secrets
  if [[ -e $dir/nodes/main/PG_VERSION ]]; then
    start "$(primary)"
  else
    # With --standby the port is the standby's.
    [[ -z $standby ]] || port=''
    make_main "$port"
    start_first main "$port"
    port=$2
  fi
  for node in $(standbys); do start "$node"; done
  apply_roles statuscheck
  if [[ -n $standby && $standby != "$(primary)" && $(kind_of "$standby") != standby ]]; then
    make_standby "$standby" "$port"
  fi
  [[ -z $(standbys) ]] || wait_for_sync
}

make_main() {
  local made=$dir/nodes/main.new said
  as_server rm -rf "$made"
  # Not synced: what is lost when the machine crashes in this moment is made again by the next up.
  said=$(as_server "$bin/initdb" -D "$made" -U postgres --encoding=UTF8 --locale=C --data-checksums \
    --auth-local=peer --auth-host=scram-sha-256 --no-instructions --no-sync 2>&1) || fail "initdb: $said"
  as_server mv "$made" "$dir/nodes/main"
  echo main | put "$dir/primary"
  choose_port main "$1"
}

# choose_port NODE [PORT]
choose_port() {
  local port=${2:-$((port_first + RANDOM % ports))}
  # What nobody answers at may still be taken; then start says so.
  while [[ -z ${2:-} ]] && (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    port=$((port_first + RANDOM % ports))
  done
  echo "$port" | put "$dir/nodes/$1.port"
}

# Everything that a server reads when it starts: the files that are shipped, and what is this machine's own.
configure() {
  local node=$1 data=$dir/nodes/$1 kind
  kind=$(kind_of "$node")
  put "$data/statuscheck.conf" <"$shipped/postgresql.conf"
  put "$data/pg_hba.conf" <"$shipped/pg_hba.conf"
  # The superuser is whoever runs the servers, and root.
  printf 'statuscheck %s postgres\n' "$user" root | put "$data/pg_ident.conf"
  {
    echo "include 'statuscheck.conf'"
    echo "cluster_name = '$node'"
    echo "listen_addresses = '127.0.0.1'"
    echo "port = $(port_of "$node")"
    echo "unix_socket_directories = '$dir'"
    echo "unix_socket_permissions = 0700"
    echo "ssl_cert_file = '$dir/tls/server.crt'"
    echo "ssl_key_file = '$dir/tls/server.key'"
    case $kind in
      primary) echo "synchronous_standby_names = '$(synchronous)'" ;;
      standby)
        echo "primary_conninfo = '$(replication) application_name=$node'"
        echo "primary_slot_name = 'standby_$node'"
        ;;
    esac
  } | put "$data/postgresql.conf"
}

# One standby has to have a commit before it is acknowledged; where it fails, the next one.
synchronous() {
  local names
  names=$(standbys | paste -sd,)
  echo "${names:+FIRST 1 ($names)}"
}

# How a standby reaches the primary.
replication() {
  echo "host=127.0.0.1 port=$(port_of "$(primary)") user=statuscheck_standby passfile=$dir/secrets/pgpass" \
    "sslmode=verify-full sslrootcert=$dir/tls/ca.crt"
}

# Starts a server and waits until it is ready, or has one that runs read its settings again.
start() {
  local node=$1 data=$dir/nodes/$1
  configure "$node"
  ! is_zombie "$node" || as_server rm -f "$data/postmaster.pid" "$dir/.s.PGSQL.$(port_of "$node").lock"
  if is_running "$node"; then
    as_server "$bin/pg_ctl" reload -s -D "$data"
  elif ! as_server "$bin/pg_ctl" start -s -w -t "$limit_start" -D "$data" -l "$data.log" </dev/null >/dev/null 2>&1; then
    as_server tail -n 20 "$data.log" >&2
    fail "$node does not start; its log, $data.log, ends as above"
  fi
}

# For a server that never ran: its port may be taken in the moment before it starts, unless it was asked for.
start_first() {
  local node=$1 port=$2 tries=5
  while [[ -z $port ]] && ((tries-- > 0)); do
    (start "$node") 2>/dev/null && return
    choose_port "$node"
  done
  start "$node"
}

make_standby() {
  local node=$1 made=$dir/nodes/$1.new slot=standby_$1 said
  make_slot "$slot"
  as_server rm -rf "$made" "$dir/nodes/$node"
  said=$(as_server "$bin/pg_basebackup" -d "$(replication)" -D "$made" -X stream -c fast -S "$slot" --no-sync 2>&1) ||
    fail "pg_basebackup: $said"
  as_server touch "$made/standby.signal"
  as_server mv "$made" "$dir/nodes/$node"
  # One that comes back is found where it was.
  [[ -z $2 && -e $dir/nodes/$node.port ]] || choose_port "$node" "$2"
  start_first "$node" "$2"
  # Now that it is there, the primary waits for it.
  start "$(primary)"
}

make_slot() {
  sql "$(primary)" postgres >/dev/null -v slot="$1" <<'SQL'
SELECT pg_create_physical_replication_slot(:'slot')
 WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = :'slot');
SQL
}

wait_for_sync() {
  local tries=$((limit_sync * 10)) wanted
  wanted=$(standbys | wc -l)
  until [[ $(sql "$(primary)" postgres -c \
    "SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'potential')") == "$wanted" ]]; do
    ((tries-- > 0)) || fail "a standby does not follow; see $dir/nodes/*.log"
    sleep 0.1
  done
}

# apply_roles DATABASE: roles.sql as it is shipped, and the passwords, which stand in no argument.
apply_roles() {
  sql "$(primary)" postgres -v database="$1" <"$shipped/roles.sql"
  local role
  for role in "${roles[@]}"; do
    echo "ALTER ROLE statuscheck_$role PASSWORD '$(<"$dir/secrets/$role.password")';"
  done | sql "$(primary)" postgres
}

make_database() {
  is_running "$(primary)" || fail "nothing runs in $dir: see up"
  sql "$(primary)" postgres -v database="$1" <"$shipped/roles.sql"
}

promote() {
  local node=$1 other
  if [[ $(kind_of "$node") != standby ]] || ! is_running "$node"; then fail "$node is no standby that runs"; fi
  ! is_running "$(primary)" || fail "the primary still runs, and there must not be two: down --node $(primary)"
  as_server "$bin/pg_ctl" promote -s -w -t "$limit_start" -D "$dir/nodes/$node"
  echo "$node" | put "$dir/primary"
  for other in $(standbys); do
    make_slot "standby_$other"
    start "$other"
  done
  start "$node"
}

# down [NODE]: stops one, or all of them, those first that others follow.
down() {
  local node
  # It was never finished, and nothing of it was started.
  [[ -e $dir/primary ]] || return 0
  for node in ${1:-$(primary) $(nodes)}; do
    ! is_running "$node" || as_server "$bin/pg_ctl" stop -s -m fast -w -t "$limit_stop" -D "$dir/nodes/$node" ||
      as_server "$bin/pg_ctl" stop -s -m immediate -w -t "$limit_stop" -D "$dir/nodes/$node"
  done
}

delete_directory() {
  rm -rf -- "$dir"
}

# Whatever ends us from here on, nothing of the cluster is left.
delete_at_end() {
  trap take_away EXIT
  trap 'exit 143' INT TERM HUP
}

take_away() {
  # A second signal must not leave half of it; those who send one send more.
  trap '' INT TERM HUP
  [[ -e $dir/lock ]] || return 0
  (locked down '') || true
  delete_directory
}

# Stays until the input ends, which it does when whoever started it is gone, however that came about.
hold() {
  # Who reads what was said sees its end.
  exec >/dev/null 2>&1
  while read -r; do :; done
}

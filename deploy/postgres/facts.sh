# What is told of the servers of one directory. For deploy/postgres/local, which sources it after cluster.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154 # $dir, $roles and the like are set by cluster.sh

url_of() {
  local role=$1 hosts='' some='' node
  [[ $role != migration ]] || role=owner
  if [[ $role == admin ]]; then
    echo "postgresql://postgres@/$2?host=$dir&port=$(port_of "$(primary)")"
    return
  fi
  [[ " ${roles[*]} " == *" $role "* ]] || wrong "there is no role $role"
  for node in $(primary) $(standbys); do
    hosts+=${hosts:+,}127.0.0.1:$(port_of "$node")
    [[ $node == "$(primary)" ]] || some='?target_session_attrs=read-write'
  done
  echo "postgresql://statuscheck_$role@$hosts/$2$some"
}

say() {
  if [[ $1 == no ]]; then
    facts
  else
    # No value has anything in it that JSON would have quoted.
    printf '{%s}\n' "$(facts | sed -E 's/^([^=]+)=(.*)$/"\1":"\2"/' | paste -sd,)"
  fi
}

facts() {
  local role node
  echo "dir=$dir"
  echo "primary=$(primary)"
  echo "host=127.0.0.1"
  echo "port=$(port_of "$(primary)")"
  echo "database=statuscheck"
  echo "ca_file=$dir/tls/ca.crt"
  echo "pgpass_file=$dir/secrets/pgpass"
  echo "admin_url=$(url_of admin statuscheck)"
  for role in gateway migration auditor; do
    echo "${role}_url=$(url_of "$role" statuscheck)"
    echo "${role}_password_file=$dir/secrets/${role/migration/owner}.password"
  done
  for node in $(nodes); do
    echo "node.$node.kind=$(kind_of "$node")"
    echo "node.$node.running=$(is_running "$node" && echo yes || echo no)"
    echo "node.$node.port=$(port_of "$node")"
    echo "node.$node.pid_file=$dir/nodes/$node/postmaster.pid"
    echo "node.$node.log_file=$dir/nodes/$node.log"
  done
}

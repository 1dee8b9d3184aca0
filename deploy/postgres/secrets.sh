# What servers and roles of one directory prove themselves by. For deploy/postgres/local, which sources it after cluster.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154 # $dir, $roles and the like are set by cluster.sh

# An authority that signs once and is forgotten, and the servers' certificate. Made anew a day before they end.
make_certificate() {
  if [[ -e $dir/tls/server.crt ]] && as_server openssl x509 -checkend 86400 -noout -in "$dir/tls/server.crt" >/dev/null; then
    return
  fi
  local made=$dir/tls.new
  as_server rm -rf "$made"
  as_server mkdir -m 700 "$made"
  certificate "$made/ca" -subj '/CN=PostgreSQL of this directory' <<'CONF'
[req]
distinguished_name = name
x509_extensions = extensions
[name]
[extensions]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
CONF
  certificate "$made/server" -subj '/CN=localhost' -CA "$made/ca.crt" -CAkey "$made/ca.key" <<'CONF'
[req]
distinguished_name = name
x509_extensions = extensions
[name]
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
authorityKeyIdentifier = keyid
CONF
  as_server rm -rf "$made"/{ca.key,ca.cnf,server.cnf} "$dir/tls"
  as_server mv "$made" "$dir/tls"
}

# certificate FILE OPTION…: makes FILE.key and FILE.crt as the configuration in the input says.
certificate() {
  local file=$1 said
  shift
  put "$file.cnf"
  said=$(as_server openssl req -x509 -config "$file.cnf" -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc \
    -days 365 -keyout "$file.key" -out "$file.crt" "$@" 2>&1) || fail "openssl makes no certificate: $said"
}

make_secrets() {
  local role password
  for role in "${roles[@]}"; do
    [[ -e $dir/secrets/$role.password ]] || openssl rand -hex 24 | put "$dir/secrets/$role.password"
  done
  for role in "${roles[@]}"; do
    password=$(<"$dir/secrets/$role.password")
    echo "*:*:*:statuscheck_$role:$password"
  done | put "$dir/secrets/pgpass"
}

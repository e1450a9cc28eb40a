#!/usr/bin/env bash
# Installs from Debian the real programs that the tests talk to. Quick when they are there already.
# Nothing is started, nothing is asked, and no port is bound: every test starts what it needs, on loopback.
set -euo pipefail

if [ "$(id -u)" != 0 ]; then
  echo "debian.sh: run it as root, or install the programs by hand; tests of a missing one are skipped" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
exim_root=/opt/postern-exim
exim=$exim_root/usr/sbin/exim4

# Swaks needs the Perl modules for TLS, for CRAM-MD5 and for IPv6; Postfix's client takes its SASL mechanisms from
# libsasl2-modules. The libgnutls-dane0 … libpcre2-8-0 row is what Exim's binary is linked with.
packages=(
  swaks libnet-ssleay-perl libauthen-sasl-perl libio-socket-inet6-perl libnet-dns-perl
  msmtp gsasl
  postfix libsasl2-modules sasl2-bin
  haproxy dnsmasq-base redis-server
  openssl curl ca-certificates
  python3 python3-aiosmtpd python3-dkim opendkim-tools
  procps iproute2 systemd
  libgnutls-dane0 libgnutls30 libidn12 libidn2-0 libnsl2 libdb5.3 libcrypt1 libpcre2-8-0
)

retry_after_update() {
  # A new machine has no package list, or an old one that names files that are gone.
  if "$@" >"$log" 2>&1; then return; fi
  apt-get update -q >>"$log" 2>&1 || true
  if "$@" >>"$log" 2>&1; then return; fi
  tail -n 40 "$log" >&2
  echo "debian.sh: '$*' failed twice" >&2
  exit 1
}

missing() {
  local name
  for name in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)" = installed ] || echo "$name"
  done
}

work=$(mktemp -d)
log=$work/log
policy=/usr/sbin/policy-rc.d
made_policy=
cleanup() {
  rm -rf "$work"
  if [ -n "$made_policy" ]; then rm -f "$policy"; fi
}
trap cleanup EXIT

mapfile -t wanted < <(missing)
if [ "${#wanted[@]}" -gt 0 ]; then
  # No package may start its service (policy-rc.d 101), and Postfix must not ask what kind of site this is.
  if [ ! -e "$policy" ]; then
    made_policy=1
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
  retry_after_update apt-get install -y -q --no-install-recommends "${wanted[@]}"
fi

# Debian's Exim and Postfix exclude each other as packages; as files they do not.
if [ ! -x "$exim" ]; then
  cd "$work"
  chmod 777 "$work"
  retry_after_update apt-get download -q exim4-daemon-light
  rm -rf "$exim_root"
  mkdir -p "$exim_root"
  dpkg -x exim4-daemon-light_*.deb "$exim_root"
  cd /
fi
# The name is compiled into the binary, which looks it up when it starts.
if ! id Debian-exim >/dev/null 2>&1; then
  useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin Debian-exim
fi
if ldd "$exim" | grep 'not found' >&2; then
  echo "debian.sh: Exim's libraries are not complete" >&2
  exit 1
fi

line() { printf '%-12s %s\n' "$1" "$2"; }
package() { dpkg-query -W -f '${Version}' "$1"; }
line swaks "$(package swaks)"
line msmtp "$(package msmtp)"
line gsasl "$(package gsasl)"
line postfix "$(package postfix)"
line exim "$("$exim" -bV -C /dev/null 2>/dev/null | sed -n '1s/^Exim version \([^ ]*\).*/\1/p')"
line haproxy "$(package haproxy)"
line dnsmasq "$(package dnsmasq-base)"
line redis "$(package redis-server)"
line openssl "$(package openssl)"
line curl "$(package curl)"
line python3 "$(/usr/bin/python3 -c 'import smtplib, sys; print(sys.version.split()[0], "with smtplib")')"
line aiosmtpd "$(package python3-aiosmtpd)"
line dkimpy "$(package python3-dkim)"
line opendkim "$(package opendkim-tools)"

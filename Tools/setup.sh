#!/bin/sh
# Installs the system packages that the build needs and this machine lacks, and says so. Needs root or sudo for that.
set -eu

if ! command -v swift >/dev/null 2>&1; then
  echo "error: swift is not on the PATH; install Swift 6.3 or newer from https://www.swift.org/install/linux/" >&2
  exit 1
fi

[ "$(uname -s)" = Linux ] || exit 0
command -v dpkg-query >/dev/null 2>&1 || exit 0

# screen · .gz and .zst data · session databases · the C++ library that Swift's Foundation builds against
wanted="libncursesw5-dev zlib1g-dev libzstd-dev libsqlite3-dev libstdc++-12-dev"
missing=""
for package in $wanted; do
  state=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  [ "$state" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "error: these packages are missing and neither root nor sudo is at hand:$missing" >&2
    exit 1
  fi
  as_root="sudo"
fi
echo "installing with apt:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null

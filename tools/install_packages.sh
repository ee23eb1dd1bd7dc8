#!/usr/bin/env bash
# Installs what building needs (and with "test" what the tests need too), and only what is missing.
# Debian 12 is what we test; Debian 13 and Ubuntu 24.04 take the same path. Asks nothing; uses sudo when not root.
#   tools/install_packages.sh [build|test]
set -euo pipefail
what=${1:-build}

. /etc/os-release 2>/dev/null || ID=unknown
case "${ID:-}:${VERSION_ID:-}" in
    debian:12) boost=libboost1.81-dev ;;
    debian:13 | ubuntu:24.04) boost=libboost1.83-dev ;;
    *)
        echo "This installs packages on Debian 12, Debian 13 and Ubuntu 24.04; here is ${PRETTY_NAME:-an unknown system}." >&2
        echo "Install by hand: clang 19, lld 19, CMake >= 3.25, Ninja, ccache, Boost >= 1.81 (headers), fmt, spdlog, CLI11," >&2
        echo "nlohmann-json, yaml-cpp, simdjson, SOCI with SQLite, SQLite 3, libcurl, OpenSSL, libarchive, tl-expected," >&2
        echo "GoogleTest, rapidcheck and Python 3 with venv; then: cmake --workflow --preset release" >&2
        exit 2
        ;;
esac

packages=(git ca-certificates cmake ninja-build ccache clang-19 lld-19 "$boost" libfmt-dev libspdlog-dev libcli11-dev
    nlohmann-json3-dev libyaml-cpp-dev libsimdjson-dev libsoci-dev libsqlite3-dev libcurl4-openssl-dev libssl-dev
    libarchive-dev libexpected-dev libgtest-dev libgmock-dev pkg-config python3 python3-venv)
if [ "$what" = test ]; then
    packages+=(clang-format-19 clang-tidy-19 libclang-rt-19-dev llvm-19 librapidcheck-dev libbenchmark-dev gcovr sqlite3
        curl procps iproute2 systemd chromium)
fi

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "Not root and no sudo: as root, run: apt-get install ${missing[*]}" >&2; exit 2; }
    root=(sudo)
fi
echo "Installing ${#missing[@]} packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
"${root[@]}" apt-get update -qq >"$log" 2>&1 || { cat "$log" >&2; echo "apt-get update failed" >&2; exit 1; }
"${root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$log" 2>&1 ||
    { tail -n 30 "$log" >&2; echo "apt-get install failed" >&2; exit 1; }
rm -f "$log"

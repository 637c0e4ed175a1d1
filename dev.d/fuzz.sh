#!/usr/bin/env bash
# Runs every cargo-fuzz target of tests/fuzz for a while. Usage: fuzz.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
if [ ! -f tests/fuzz/Cargo.toml ]; then
    echo "[canal-native] FAILED: there are no fuzz targets: tests/fuzz/Cargo.toml does not exist" >&2
    exit 1
fi
if ! cargo +nightly --version >/dev/null 2>&1; then
    command -v rustup >/dev/null || { echo "[canal-native] FAILED: fuzzing needs a nightly Rust; install rustup" >&2; exit 1; }
    echo "[canal-native] installing a nightly Rust with rustup, for the sanitizer"
    rustup toolchain install nightly --profile minimal
fi
if ! cargo fuzz --version >/dev/null 2>&1; then
    echo "[canal-native] installing cargo-fuzz with cargo"
    cargo install cargo-fuzz --locked
fi
for target in $(cargo +nightly fuzz list --fuzz-dir tests/fuzz); do
    echo "[canal-native] fuzzing $target for $seconds s"
    # New findings are kept in the corpus, which is not checked in; the seeds are.
    corpus=tests/fuzz/corpus/$target seeds=tests/fuzz/seeds/$target
    mkdir -p "$corpus"
    [ -d "$seeds" ] || seeds=
    cargo +nightly fuzz run --fuzz-dir tests/fuzz "$target" "$corpus" $seeds -- "-max_total_time=$seconds" -timeout=10 -rss_limit_mb=4096
done

#!/usr/bin/env bash
# Runs every cargo-fuzz target of tests/fuzz for a while, from its seeds and what earlier runs found. Usage: fuzz.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
say() { printf '[canal-native] %s\n' "$*"; }
die() { printf '[canal-native] FAILED: %s\n' "$*" >&2; exit 1; }

[[ $seconds =~ ^[0-9]+$ ]] || die "'$seconds' is no number of seconds"
[ -f tests/fuzz/Cargo.toml ] || die "there are no fuzz targets: tests/fuzz/Cargo.toml does not exist"
if ! cargo +nightly --version >/dev/null 2>&1; then
    command -v rustup >/dev/null || die "fuzzing needs a nightly Rust; install rustup"
    say "installing a nightly Rust with rustup, for the sanitizer"
    rustup toolchain install nightly --profile minimal
fi
if ! cargo fuzz --version >/dev/null 2>&1; then
    say "installing cargo-fuzz with cargo"
    cargo install cargo-fuzz --locked
fi
for target in $(cargo +nightly fuzz list --fuzz-dir tests/fuzz); do
    corpus=build/fuzz/corpus/$target crashes=build/fuzz/crashes/$target
    mkdir -p "$corpus" "$crashes"
    seeds=()
    [ ! -d "tests/fuzz/seeds/$target" ] || seeds=("tests/fuzz/seeds/$target")
    say "building and fuzzing '$target' for $seconds s; what breaks it is kept in $crashes"
    cargo +nightly fuzz run --fuzz-dir tests/fuzz --target-dir target/fuzz "$target" "$corpus" "${seeds[@]}" -- \
        "-max_total_time=$seconds" -timeout=10 -rss_limit_mb=2048 "-artifact_prefix=$PWD/$crashes/" -print_final_stats=1
done

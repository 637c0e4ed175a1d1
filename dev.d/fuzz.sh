#!/usr/bin/env bash
# Runs every cargo-fuzz target of tests/fuzz for a while, from its seeds and what earlier runs found. Usage: fuzz.sh [SECONDS [TARGET ...]]
# Goes through all targets whatever one of them finds; the exit code is 1 if one found something.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
say() { printf '[canal-native] %s\n' "$*"; }
die() { printf '[canal-native] FAILED: %s\n' "$*" >&2; exit 1; }

[[ $seconds =~ ^[0-9]+$ ]] || die "'$seconds' is no number of seconds"
if ! cargo +nightly --version >/dev/null 2>&1; then
    command -v rustup >/dev/null || die "fuzzing needs a nightly Rust; install rustup"
    say "installing a nightly Rust with rustup, for the sanitizer"
    rustup toolchain install nightly --profile minimal
fi
if ! cargo fuzz --version >/dev/null 2>&1; then
    say "installing cargo-fuzz with cargo"
    cargo install cargo-fuzz --locked
fi
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(cargo +nightly fuzz list --fuzz-dir tests/fuzz)
say "building the fuzz targets (the first time takes minutes)"
cargo +nightly fuzz build --fuzz-dir tests/fuzz --target-dir target/fuzz
found=()
for target in "${targets[@]}"; do
    corpus=build/fuzz/corpus/$target crashes=build/fuzz/crashes/$target
    mkdir -p "$corpus" "$crashes"
    say "fuzzing '$target' for $seconds s; what breaks it is kept in $crashes"
    # One message is rarely longer than 2 KiB; the tapes of the generators are shorter.
    cargo +nightly fuzz run --fuzz-dir tests/fuzz --target-dir target/fuzz "$target" "$corpus" "tests/fuzz/seeds/$target" -- \
        "-max_total_time=$seconds" -max_len=8192 -timeout=10 -rss_limit_mb=2048 -dict=tests/fuzz/canal.dict \
        "-artifact_prefix=$PWD/$crashes/" -print_final_stats=1 || found+=("$target")
done
[ ${#found[@]} = 0 ] || die "found something: ${found[*]}"

#!/usr/bin/env bash
# Runs the native tests under AddressSanitizer (with a nightly Rust, in target/asan): what reads or writes memory that is not
# its own ends the test. The standard library itself is not instrumented. Usage: asan.sh [cargo test arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
target=x86_64-unknown-linux-gnu
if ! cargo +nightly --version >/dev/null 2>&1; then
    rustup toolchain install nightly --profile minimal
fi
# Far fewer generated cases than without: the sanitizer is slow, and bad memory shows in the first ones.
export PROPTEST_CASES="${CANAL_NATIVE_ASAN_CASES:-1000}" CANAL_NATIVE_FUZZ_INPUTS="${CANAL_NATIVE_ASAN_CASES:-1000}"
export RUSTFLAGS="-Zsanitizer=address" ASAN_OPTIONS="detect_leaks=1"
# Documentation tests are linked without the sanitizer's runtime.
[ $# -gt 0 ] || set -- --lib --tests
exec cargo +nightly test --no-fail-fast --target "$target" --target-dir target/asan "$@"

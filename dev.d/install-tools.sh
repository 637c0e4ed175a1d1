# Finds the programs that `dev` needs, or installs them: Debian packages by apt, the rest by pip into the state directory.
# Sourced by dev. Each need_* function returns at once when the thing is there, and says what it does when it is not.

STATE="${CANAL_NATIVE_HOME:-$HOME/.cache/canal-native}"
# zig 0.15.2 linked the library for glibc 2.17 when this was written; others were not tried.
ZIGLANG_VERSION=0.15.2

say() { printf '[canal-native] %s\n' "$*"; }
die() { printf '[canal-native] FAILED: %s\n' "$*" >&2; exit 1; }

apt_install() {
    local root=()
    command -v apt-get >/dev/null || die "$* missing, and there is no apt-get to install it; install it by hand"
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || die "missing: $*. Not root and no sudo; run as root: apt-get install $*"
        root=(sudo)
    fi
    say "installing with apt: $* (log: $STATE/apt.log)"
    {
        # -n: a password would be a question nobody sees where there is no terminal.
        [ -t 0 ] || [ "$(id -u)" = 0 ] || root=(sudo -n)
        if [ -z "${APT_UPDATED:-}" ]; then
            "${root[@]}" apt-get update
            APT_UPDATED=1
        fi
        "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
    } </dev/null >"$STATE/apt.log" 2>&1 || { tail -n 5 "$STATE/apt.log" >&2; die "apt-get install $* failed; log: $STATE/apt.log"; }
}

need_rust() {
    if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then
        export PATH="$HOME/.cargo/bin:$PATH"
    fi
    command -v cargo >/dev/null || die "cargo not found: install Rust 1.88 or later (rustup); Debian 12's own rustc is too old"
    command -v cc >/dev/null || apt_install gcc libc6-dev
    command -v objdump >/dev/null || apt_install binutils
}

need_rustfmt() {
    cargo fmt --version >/dev/null 2>&1 && return
    command -v rustup >/dev/null || die "cargo fmt not found: install rustfmt for this Rust"
    say "installing rustfmt with rustup"
    rustup component add rustfmt
}

# A JDK (not a JRE) that Debian 12's Gradle runs on and that compiles for Java 8.
is_jdk_17() { [ -x "$1/bin/javac" ] && "$1/bin/javac" -version 2>&1 | grep -q '^javac 17'; }

need_jdk() {
    local found candidate
    for candidate in "${JAVA_HOME:-}" "$(readlink -f "$(command -v javac || true)" | sed 's#/bin/javac$##')" /usr/lib/jvm/*17*; do
        if [ -n "$candidate" ] && is_jdk_17 "$candidate"; then
            found=$candidate
            break
        fi
    done
    if [ -z "${found:-}" ]; then
        apt_install openjdk-17-jdk-headless
        for candidate in /usr/lib/jvm/java-17-openjdk-*; do
            if is_jdk_17 "$candidate"; then found=$candidate; fi
        done
    fi
    [ -n "${found:-}" ] || die "no JDK 17 found, and apt's openjdk-17-jdk-headless did not bring one; set JAVA_HOME to one"
    export JAVA_HOME="$found" PATH="$found/bin:$PATH"
}

need_gradle() {
    need_jdk
    if [ -z "${CANAL_NATIVE_GRADLE:-}" ]; then
        command -v gradle >/dev/null || apt_install gradle
        export CANAL_NATIVE_GRADLE=gradle
    fi
}

need_python() {
    local probe='import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))'
    if ! python3 -c "$probe" 2>/dev/null; then
        apt_install python3 python3-venv
        python3 -c "$probe" || die "python3 on the PATH ($(command -v python3)) has no venv and ensurepip or is older than 3.9"
    fi
}

# pip in an environment of its own: Debian's Python refuses to have packages installed into it.
need_pip() {
    need_python
    export CANAL_NATIVE_PYTHON="$STATE/venv/bin/python"
    if ! "$CANAL_NATIVE_PYTHON" -m pip --version >/dev/null 2>&1; then
        say "making a Python environment for pip in $STATE/venv"
        python3 -m venv --clear "$STATE/venv" || die "python3 -m venv $STATE/venv failed"
    fi
}

# zig links for an older glibc than this machine's. Without it the jar runs on machines as new as this one only.
need_zig() {
    if [ "${CANAL_NATIVE_ZIG:-}" = none ]; then
        unset CANAL_NATIVE_ZIG
        say "CANAL_NATIVE_ZIG=none: linking with cc, so the library will need this machine's glibc"
        return
    fi
    [ -z "${CANAL_NATIVE_ZIG:-}" ] || return 0
    need_pip
    local zig
    zig=$(echo "$STATE"/venv/lib/python3*/site-packages/ziglang/zig)
    if [ ! -x "$zig" ] || [ ! -e "$STATE/ziglang-$ZIGLANG_VERSION" ]; then
        say "fetching zig $ZIGLANG_VERSION with pip (100 MB; log: $STATE/pip.log)"
        if ! "$CANAL_NATIVE_PYTHON" -m pip install --no-cache-dir --progress-bar off "ziglang==$ZIGLANG_VERSION" >"$STATE/pip.log" 2>&1; then
            say "zig could not be fetched (see $STATE/pip.log): linking with cc, so the library will need this machine's glibc"
            return
        fi
        touch "$STATE/ziglang-$ZIGLANG_VERSION"
        zig=$(echo "$STATE"/venv/lib/python3*/site-packages/ziglang/zig)
    fi
    export CANAL_NATIVE_ZIG="$zig"
}

# A database for the test with a real Canal server. The package has the server's program alone: no service is started.
need_mariadb() {
    [ -x /usr/sbin/mariadbd ] || command -v mariadbd >/dev/null || apt_install mariadb-server-core
}

need_mariadb_client() {
    command -v mariadb >/dev/null || apt_install mariadb-client-core
}

# What the MySQL server that comes from Maven Central needs of the system.
need_mysql() {
    local known
    known=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p)
    if [[ $known != *libaio.so.1* || $known != *libnuma.so.1* ]]; then
        apt_install libaio1 libnuma1
    fi
}

# Another one for the data jobs. Debian starts a server of its own with it, which the test leaves alone.
need_postgres() {
    compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || apt_install postgresql postgresql-contrib
}

run_gradle() {
    # Debian's start script prints the JVM's version on stderr each time.
    "$CANAL_NATIVE_GRADLE" --no-daemon "$@" </dev/null 2> >(grep -v -E '^(openjdk version|OpenJDK (Runtime|64-Bit))' >&2)
}

# `./dev bench`: runs the parts that are asked for, all unless told otherwise, and makes the report. Sourced by dev.

bench() {
    local load quick=() write=() parts=() workload="" part
    local all=(codec growth small alone jobs rust bounds) command="./dev bench${*:+ $*}"
    load=$(cut -d ' ' -f 1-3 /proc/loadavg)
    for part in "$@"; do
        case "$part" in
        --quick) quick=(--quick) ;;
        --write) write=(--write) ;;
        codec | growth | small | alone | jobs | rust | bounds) parts+=("$part") ;;
        -*) die "bench: unknown option $part; there are --quick and --write" ;;
        *) parts+=(codec) workload=$part ;;
        esac
    done
    if [ ${#parts[@]} != 0 ] && [ ${#write[@]} != 0 ]; then
        for part in "${all[@]}"; do
            [ -e "build/bench/$part.measured" ] || die "bench --write writes a report of all parts, and $part was not measured yet; leave out ${parts[*]}"
        done
    fi
    if [ ${#parts[@]} = 0 ]; then
        parts=("${all[@]}")
        # Whatever an earlier run left is not of this one.
        rm -rf build/bench target/criterion/{products,wide40,batch100,filtered,metadata}
    fi
    need_cluster_for_bench "${parts[@]}"
    for part in "${parts[@]}"; do
        say "bench: $part"
        case "$part" in
        codec) run_gradle -q benchJava -PbenchProgram=CodecBench -PbenchArgs="${quick[*]} $workload" >/dev/null ;;
        growth) run_gradle -q benchJava -PbenchProgram=GrowthBench -PbenchArgs="${quick[*]}" >/dev/null ;;
        small) run_gradle -q benchJava -PbenchProgram=SmallMachineBench -PbenchArgs="${quick[*]}" >/dev/null ;;
        alone) run_gradle -q benchJava -PbenchProgram=AloneBench -PbenchArgs="${quick[*]}" >/dev/null ;;
        jobs) python3 -u dev.d/bench_jobs.py "$PWD/$JAR" "${quick[@]}" ;;
        rust)
            cargo bench --quiet --bench decode -- "${quick[@]}"
            cargo bench --quiet --bench encode -- "${quick[@]}" '/flink$'
            ;;
        bounds) python3 -u dev.d/bench_bounds.py ;;
        esac
        echo "$(git rev-parse --short HEAD)$(git diff --quiet HEAD || echo ' with changes'), load ${load% * *}" >"build/bench/$part.measured"
    done
    python3 dev.d/bench_report.py "$command" "${write[@]}"
}

# The jar, the clusters' parts where jobs run, and everything compiled before the first clock starts.
need_cluster_for_bench() {
    need_zig
    need_python
    case " $* " in
    *" jobs "*) need_cluster readyRowsJar benchClasses ;;
    *) build_jar benchClasses ;;
    esac
    case " $* " in
    *" rust "* | *" bounds "*) cargo bench --quiet --bench decode --bench encode --no-run ;;
    esac
    case " $* " in
    *" bounds "*) command -v valgrind >/dev/null || apt_install valgrind ;;
    esac
}

"""What `./dev bench database` found, in Markdown; goals and words go by the numbers."""

import os
from statistics import median

import database_routes as routes_of
from bench_database_plot import bars
from bench_report import OUT, goals_table, processor, revision
from parts import KAFKA_VERSION, java_home, java_version

STREAMING, BATCH, NATIVE, DATABASE = (route.name for route in routes_of.routes("json"))
#: Beside the report.
PLOT = "database-routes.svg"
READ_STOCK, READ = routes_of.READ_STOCK, routes_of.READ


def spread(values) -> str:
    """Median (lowest – highest); one value alone."""
    return f"{median(values):,.0f}" + (f" ({min(values):,.0f} – {max(values):,.0f})" if len(values) > 1 else "")


class Found:
    """The runs of one part, as nanoseconds of a row."""

    def __init__(self, bench, part: str):
        self.runs = {key[1:]: outcomes for key, outcomes in bench.found.items() if key[0] == part}
        self.workloads = list(dict.fromkeys(workload for workload, _, _ in self.runs))
        self.rows = bench.rows

    def nanos(self, workload: str, route: str, form: str = "json"):
        """Of a row, each run."""
        return [one.nanos / one.measured / self.rows[workload] for one in self.runs[workload, route, form]]

    def cost(self, workload: str, route: str, form: str = "json") -> float:
        """Above the source; where the part has none of its own, with it."""
        source = READ if route == DATABASE else READ_STOCK
        return median(self.nanos(workload, route, form)) - (median(self.nanos(workload, source)) if (workload, source, "json") in self.runs else 0)

    def resident(self, workload: str, route: str, form: str = "json") -> float:
        """VmHWM in bytes, the highest."""
        return max(one.resident for one in self.runs[workload, route, form])

    def table(self, workload: str, form: str = "json") -> str:
        """The routes of a workload."""
        lines = ["| | whole job, ns a row | rows a CPU second | above its source, ns | of streaming | of batch mode | peak of memory, MiB |", "|---|---|---|---|---|---|---|"]
        for name, route, one_form in self.runs:
            if (name, one_form) != (workload, form) and (name, route) not in ((workload, READ), (workload, READ_STOCK)):
                continue
            nanos = self.nanos(workload, route, one_form)
            cells = ["", "", ""]
            if route not in (READ, READ_STOCK):
                cost = self.cost(workload, route, one_form)
                ours = route in (DATABASE, NATIVE)
                cells = [f"{cost:,.0f}", *(f"1/{self.cost(workload, other, form) / cost:.1f}" if ours and (workload, other, form) in self.runs else "" for other in (STREAMING, BATCH))]
            lines.append(f"| {route} | {spread(nanos)} | {1e9 / median(nanos):,.0f} | {' | '.join(cells)} | {self.resident(workload, route, one_form) / (1 << 20):,.0f} |")
        return "\n".join(lines) + "\n"


def head(bench, command: str, turns: int, load) -> str:
    """What is needed to reproduce it."""
    busy = " ".join(f"{one:.1f}" for one in load)
    return f"""# Whole databases: canal-to-doris, and a table at a time

`{command}`: canal-to-doris (`CanalDorisSink`, as `bin/canal-native run` runs it) against Flink's canal-json with the official Doris connector, which take a job or a query for each table. All
write to the stand-in, which counts rows and discards them; every row has to have arrived. How, says `dev.d/bench_database.py`.

- machine: {processor()}, {os.cpu_count()} processors, {os.uname().sysname} {os.uname().release}; load average when it began {busy}, when it ended {' '.join(f'{one:.1f}' for one in os.getloadavg())}: other programs
  kept the machine busy where that is above 2
- JVM of every run: Java {java_version(java_home())}, {' '.join(routes_of.HEAP)}; object reuse; one slot; measured at {revision()}
- versions: {bench.paths['versions']}, Kafka {KAFKA_VERSION}
- turns: {turns}; {bench.measure / 1000:g} s of CPU measured after {bench.warm_up / 1000:g} s to warm up (from Kafka {' after '.join(f'{one / 1000:g}' for one in reversed(routes_of.KAFKA_BUDGET))}), between two checkpoints; a checkpoint a second unless a part says otherwise
- CPU is that of the whole process, user and system, with garbage collection, compilers and sending threads. A row is a row of the source: an update is one. Medians (lowest – highest)
- the official connector's batch mode and doris-native: bodies of 10 MB, two in a queue; canal-to-doris: the job's defaults, and its hidden sequence column, which the others do not write
"""


def growth(bench, goals) -> str:
    """From one table to a thousand."""
    found = Found(bench, "growth")
    lines = ["## From 1 to 1,000 tables", "", f"products UPDATE again, each message of another table than the one before; a checkpoint and a flush every 10 s, the job's defaults. "
             f"{2 * bench.measure / 1000:g} s of CPU measured. From memory, source not subtracted. A flush is a load of each table, and comes by the clock: on a busy machine "
             "fewer rows share one.", "",
             "| | ns a row | rows a CPU second | of one table's | peak of memory, MiB |", "|---|---|---|---|---|"]
    first = median(found.nanos(found.workloads[0], DATABASE))
    for name in found.workloads:
        nanos = found.nanos(name, DATABASE)
        lines.append(f"| {name} | {spread(nanos)} | {1e9 / median(nanos):,.0f} | {100 * first / median(nanos):.0f} % | {found.resident(name, DATABASE) / (1 << 20):,.0f} |")
    least = min(first / median(found.nanos(name, DATABASE)) for name in found.workloads)
    goals.append(("rows a CPU second with 10 to 1,000 tables, of those with one", f"≥ {100 * routes_of.FLAT:.0f} %", f"{100 * least:.0f} %", "met" if least >= routes_of.FLAT else "missed"))
    return "\n".join(lines) + "\n"


def command_as_it_is(bench) -> str:
    """What the process of `bin/canal-native run` takes."""
    small, large = routes_of.COMMAND_TIMES
    lines = ["## The command as it is", "", "`bin/canal-native run` from files, with no options for the JVM, whose heap may then be 768 MB: the whole process, from its start to "
             f"its end. A row's CPU is the difference of {small * 2000:,} and {large * 2000:,} messages, reading the file included.", "",
             "| | messages | CPU, s | ns a row | peak of memory, MiB |", "|---|---|---|---|---|"]
    for name in dict.fromkeys(name for name, _ in bench.commands):
        first, last = (bench.commands[name, times] for times in (small, large))
        nanos = (median(one for one, _ in last) - median(one for one, _ in first)) / ((large - small) * 2000) * 1e9
        for times, runs in ((small, first), (large, last)):
            lines.append(f"| {name} | {times * 2000:,} | {median(one for one, _ in runs):.2f} | {f'{nanos:,.0f}' if times == large else ''} | {max(size for _, size in runs) / (1 << 20):,.0f} |")
    return "\n".join(lines) + "\n"


def writer_alone(bench) -> str:
    """What of it is the native library's writing thread."""
    lines = ["## The writing thread alone", "", "What bounds it: `cargo bench --bench database` writes the same messages without Flink and a JVM, and takes the CPU time of the thread that decodes "
             "them and writes their bodies; sending is other threads'. What the job takes beyond it is sending, Flink, the JVM and the way over its boundary.", "", "| | ns a message |", "|---|---|"]
    return "\n".join(lines + [f"| {name} | {nanos} |" for name, nanos in bench.writer]) + "\n"


def report(bench, command: str, turns: int, load) -> str:
    """All that was measured so far."""
    parts = {key[0] for key in bench.found}
    text, goals = [head(bench, command, turns, load)], []
    if "routes" in parts:
        found = Found(bench, "routes")
        text.append("## One table, JSON bodies\n\nMessages are read from memory, so that their source costs next to nothing.\n")
        text.append(f"![Nanoseconds of CPU a row, above its source]({PLOT})\n")
        (OUT / PLOT).write_text(bars("Nanoseconds of CPU a row, above its source", [
            (workload, [(route, found.cost(workload, route)) for route in (BATCH, STREAMING, NATIVE, DATABASE)]) for workload in found.workloads]))
        for workload in found.workloads:
            text.append(f"### {workload}\n\n{found.table(workload)}")
            cost = found.cost(workload, DATABASE)
            for other, what in ((STREAMING, "streaming"), (BATCH, "batch mode")):
                times = found.cost(workload, other) / cost
                goals.append((f"{workload}, above the source, of the official connector's {what}", f"≥ {routes_of.TIMES_STOCK}×", f"{times:.1f}×", "met" if times >= routes_of.TIMES_STOCK else "missed"))
    if "kafka" in parts:
        found = Found(bench, "kafka")
        text.append("## One table, from Kafka\n\nThe same, and the messages from a topic: the whole job is with Kafka's client, which is what \"above its source\" subtracts.\n\n" + found.table(found.workloads[0]))
    if "csv" in parts:
        found = Found(bench, "csv")
        text.append("## One table, CSV bodies\n\nWithout the line breaks in texts. From memory, source not subtracted.\n")
        text += [f"### {workload}\n\n{found.table(workload, 'csv')}" for workload in found.workloads]
    if "growth" in parts:
        text.append(growth(bench, goals))
    if bench.commands:
        text.append(command_as_it_is(bench))
    if bench.writer:
        text.append(writer_alone(bench))
    ours = [one.resident for key, outcomes in bench.found.items() if key[2] == DATABASE for one in outcomes] + [size for runs in bench.commands.values() for _, size in runs]
    if ours:
        goals.append(("canal-to-doris' memory, the highest of all runs", f"< {routes_of.RESIDENT >> 20:,} MiB", f"{max(ours) >> 20:,} MiB", "met" if max(ours) < routes_of.RESIDENT else "missed"))
    return "\n".join([*text, "## Goals\n\n" + goals_table(goals)])

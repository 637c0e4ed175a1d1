"""Says what bounds the codec: how much of a message's time is Rust's and how much the JVM's, in how many instructions.

Usage: bench_bounds.py. Reads what the parts `codec`, `rust` and `jobs` of `./dev bench` measured, counts instructions with callgrind, and writes
build/bench/bounds.md.
"""

import re
import statistics
import subprocess
from pathlib import Path

from bench_report import OUT, estimate, OURS
from parts import REPO, say

#: Corpus of the Rust benchmark, messages in it, name in the part `codec`, and the ratio wanted of rows that are discarded.
CORPORA = [("products", 2000, "products UPDATE", 8), ("wide40", 2000, "40-column INSERT", 12), ("batch100", 50, "100-row INSERT", 8),
           ("filtered", 2000, "another table, filtered out", 7), ("metadata", 2000, "products + six metadata columns", 8)]
#: Workload, the ratios wanted of encoding generic and binary rows, and the corpus of the Rust benchmark with its rows.
ENCODED = [("products UPDATE", 4, 8, "products", 4000), ("40-column INSERT", 3.5, 6, "wide40", 2000)]
#: Job whose goal is a share of what a free codec gives, and its workload and use in the part `codec`.
JOBS = [("products → blackhole", "products UPDATE"), ("40 columns → blackhole", "40-column INSERT"), ("100 rows → blackhole", "100-row INSERT")]
SHARE = 0.8
#: The function of benches/decode.rs that every message goes through, and that of benches/topics.rs.
DECODE, DECODE_TOPIC = "decode::decode", "topics::decode"
#: Tables in one topic, of which the growth is measured.
TABLES = (1, 8, 16, 64, 500, 5000)
#: How often each of these is timed.
ROUNDS = 5
#: Workload of some of them in the part `codec`, and the ratio wanted.
TURNS, TURNS_WANTED, TURNS_TABLES = "8 tables in one topic", 7, 8
#: Uses of rows whose goal leaves the decoder what reading the rows does not take.
USES = ("every field read", "serialised", "discarded, generic rows")


def program(bench: str) -> Path:
    """A Rust benchmark's program, built if it has to be."""
    built = subprocess.run(["cargo", "bench", "--bench", bench, "--no-run"], cwd=REPO, stderr=subprocess.PIPE, text=True, check=True).stderr
    return REPO / re.search(r"\((target/\S+)\)", built).group(1)


def topic(binary: Path, tables: int, passes: int):
    """Messages of a topic; instructions and data accesses that miss the first and the last cache, of so many passes over it and one that learns."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--cache-sim=yes", "--collect-atstart=no", f"--toggle-collect={DECODE_TOPIC}", binary, str(tables), str(passes)]
    done = subprocess.run(command, cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True)
    told = [int(count) for count in re.search(r"Collected : ([\d ]+)", done.stderr).group(1).split()]
    # Zeros at the end are left out.
    ir, _, _, _, d1_read, d1_write, _, last_read, last_write = told + [0] * (9 - len(told))
    return int(re.search(r"(\d+) messages$", done.stdout.strip()).group(1)), (ir, d1_read + d1_write, last_read + last_write)


def topics(rows):
    """Topics of more and more tables."""
    binary, said = program("topics"), []
    timed = {tables: [] for tables in TABLES}
    # By turns, so that what else the machine does is in all of them.
    for tables in TABLES * ROUNDS:
        found = subprocess.run([binary, str(tables)], cwd=REPO, stdout=subprocess.PIPE, text=True, check=True).stdout
        timed[tables].append(int(re.search(r": (\d+) ns", found).group(1)))
    lines = ["| tables by turns | in Rust alone, ns a message | instructions | data that misses the first cache | and the last |", "|---" * 5 + "|"]
    for tables in TABLES:
        (messages, once), (_, thrice) = (topic(binary, tables, passes) for passes in (1, 3))
        counts = [(more - less) / 2 / messages for less, more in zip(once, thrice)]
        nanos = round(statistics.median(timed[tables]))
        if tables == TURNS_TABLES and (TURNS, "discarded") in rows:
            stock, native, _ = rows[TURNS, "discarded"]
            said = ["", f"{TURNS}: the goal leaves {stock / TURNS_WANTED:,.0f} ns, measured {native:,} ns, of which {nanos} in Rust alone."]
        lines.append(f"| {tables:,} | {nanos:,} | {counts[0]:,.0f} | {counts[1]:,.1f} | {counts[2]:,.1f} |")
    return lines + said


def forms(rows):
    """Goals of other uses than discarding, and of topics, that are missed."""
    lines = ["| decoded | the goal leaves, ns | measured, ns | decoding, rows discarded, ns | the use of rows that are ready, ns |", "|---" * 5 + "|"]
    wanted = dict(line.split("\t")[:2] for line in (OUT / "codec.goals.tsv").read_text().splitlines())
    for (workload, use), (stock, native, ready) in rows.items():
        goal = wanted.get(f"{workload}, {use}", "")
        if use in USES and goal.endswith("×") and stock / native < float(goal.strip("≥ ×")):
            lines.append(f"| {workload}, {use} | {stock / float(goal.strip('≥ ×')):,.0f} | {native:,} | {rows[workload, 'discarded'][1]:,} | {ready} |")
    return lines


def instructions(binary: Path, benchmark: str) -> int:
    """Instructions of all decoding in one pass of a benchmark, and in the check of every corpus before it."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no", f"--toggle-collect={DECODE}",
               binary, "--bench", "--test", benchmark]
    told = subprocess.run(command, cwd=REPO, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True).stderr
    # Criterion also starts a program to see whether it is there; what its process counted until then is told, too.
    return max(int(count) for count in re.findall(r"Collected : (\d+)", told))


def codec_rows():
    """Of each workload and use in the part `codec`: nanoseconds of Flink's codec, of ours, and of rows that are ready (as text; empty where there are none)."""
    rows = {}
    for line in (OUT / "codec.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 12 and cells[3].replace(",", "").isdigit():
            rows[cells[0], cells[1]] = (*(int(cell.replace(",", "")) for cell in cells[3:5]), cells[11])
    return rows


def decoding(rows, binary: Path):
    lines = ["| decoded, rows discarded | the goal leaves, ns | measured, ns | in Rust alone, ns | the rest: call, copies, rows, ns | instructions in Rust | a ns |", "|---" * 7 + "|"]
    check = instructions(binary, "no benchmark has this name")
    for corpus, messages, workload, wanted in CORPORA:
        if (workload, "discarded") not in rows or estimate(corpus, OURS) is None:
            continue
        stock, native, _ = rows[workload, "discarded"]
        rust = estimate(corpus, OURS) / messages
        count = (instructions(binary, f"^{corpus}/{OURS}$") - check) / messages
        lines.append(f"| {workload} | {stock / wanted:,.0f} | {native:,} | {rust:,.0f} | {native - rust:,.0f} | {count:,.0f} | {count / rust:.1f} |")
    return lines


def encoding(rows):
    lines = ["| encoded | the goal leaves, ns | measured, ns | in Rust alone, ns | packing the row, ns | the rest: call, copies, a fresh array, ns |", "|---" * 6 + "|"]
    for workload, generic, binary, corpus, count in ENCODED:
        rust = (estimate(corpus, "flink") or 0) / count
        for use, wanted, other in (("encoded, GenericRowData in", generic, "encoded, BinaryRowData in"), ("encoded, BinaryRowData in", binary, None)):
            if (workload, use) in rows:
                stock, native, _ = rows[workload, use]
                packing = native - rows[workload, other][1] if other else 0
                lines.append(f"| {workload}, {use.removeprefix('encoded, ')} | {stock / wanted:,.0f} | {native:,} | {rust:,.0f} | {packing:,} | {native - packing - rust:,.0f} |")
    return lines


def jobs(rows):
    """What the goal of a job leaves the codec, beside what it takes."""
    lines = ["| job | the goal leaves the codec, µs a message | it takes in the job | and by itself, rows discarded |", "|---" * 4 + "|"]
    file = OUT / "jobs.md"
    for line in file.read_text().splitlines() if file.is_file() else ():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        for job, workload in JOBS:
            if cells and cells[0] == job and (workload, "discarded") in rows:
                native, free = float(cells[3]), float(cells[4])
                lines.append(f"| {job} | {free / SHARE - free:.2f} | {native - free:.2f} | {rows[workload, 'discarded'][1] / 1e3:.2f} |")
    return lines


def main() -> None:
    rows, binary = codec_rows(), program("decode")
    say("counting instructions with callgrind")
    text = ["What a goal leaves is what Flink's codec takes divided by the ratio that is wanted. In Rust alone: `canal-native rows` of the part below, the copy of the "
            "message into the decoder's buffer included. The rest is the JVM's: the same copy, the call, a fresh array with the rows and their objects, which no decoder saves. "
            "Instructions are callgrind's, of the same benchmark; so many a nanosecond leave nothing but to do with fewer.", ""]
    text += decoding(rows, binary)
    text += ["", "Goals of rows that are read, serialised, or objects, as far as they are missed: what is done with the rows takes its part whoever has made them, and objects have to be made.", ""] + forms(rows)
    text += ["", "Topics of more and more tables, decoded in Rust alone (`cargo bench --bench topics`); caches as callgrind simulates them. What a decoder keeps of how messages look is 64 KB, of 512 tables at most; "
             "beyond that a message is read member by member.", ""] + topics(rows)
    text += ["", "Packing: what a row of objects takes more than one that is binary already. In Rust alone: `cargo bench --bench encode`, a binary row into JSON.", ""] + encoding(rows)
    text += ["", f"A job reaches {100 * SHARE:.0f} % of what a free codec gives if the codec takes no more than a quarter of what all the rest of the job takes.", ""] + jobs(rows)
    (OUT / "bounds.md").write_text("\n".join(text) + "\n")
    (OUT / "bounds.goals.tsv").write_text("")


if __name__ == "__main__":
    main()

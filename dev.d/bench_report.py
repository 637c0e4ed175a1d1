"""Makes one report of what the parts of `./dev bench` left in build/bench.

Usage: bench_report.py <command> [--write]. Each part is <name>.md, its plots <name>-*.svg, its goals
<name>.goals.tsv, and <name>.measured, the commit; the Rust benchmark is read from criterion's estimates. Writes build/bench/speed.md; with --write also docs/benchmarks/speed.md with its
plots, and what the README quotes of it, between its marks.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from parts import REPO, say

OUT, DOCS, README = REPO / "build" / "bench", REPO / "docs" / "benchmarks", REPO / "README.md"
CRITERION = REPO / "target" / "criterion"
#: Name of the part, and its title.
PARTS = [("codec", "Codec"), ("growth", "Growth"), ("jobs", "Whole jobs"), ("small", "Small machines"), ("alone", "What the JVM and the machine take by themselves"), ("bounds", "What bounds decoding and encoding")]
CORPORA = ["products", "wide40", "batch100", "filtered", "metadata"]
OURS = "canal-native rows"
#: What native decoding has to beat, as criterion names the directories, and as it is told.
RIVALS = ["simd-json tape", "sonic-rs typed", "sonic-rs rows", "serde_json typed", "serde_json rows"]
BEGIN, END = "<!-- bench: written by ./dev bench --write -->", "<!-- bench: end -->"


def estimate(corpus: str, what: str):
    """Nanoseconds of the median of one pass over the corpus; None where it was not measured."""
    file = CRITERION / corpus / what / "new" / "estimates.json"
    return json.loads(file.read_text())["median"]["point_estimate"] if file.is_file() else None


def rust():
    """The Rust benchmark as Markdown, and its goals as (what, wanted, found, verdict); nothing where it did not run."""
    lines = ["`cargo bench --bench decode`, CPU time of the thread: the median of passes over all messages of a corpus. Ours validates the envelope and writes "
             "Flink's rows. `tape`: structure only. `typed`: serde's visitors, names and texts. `rows`: visitors that convert and write rows; envelope, filter and metadata "
             "are left out.", "", "| corpus | canal-native rows, µs | " + " | ".join(RIVALS) + " |", "|---" * (2 + len(RIVALS)) + "|"]
    goals = []
    for corpus in CORPORA:
        ours = estimate(corpus, OURS)
        rivals = {rival: estimate(corpus, rival) for rival in RIVALS}
        if ours is None or None in rivals.values():
            continue
        lines.append(f"| {corpus} | {ours / 1e3:,.0f} | " + " | ".join(f"{value / 1e3:,.0f} ({value / ours:.1f}×)" for value in rivals.values()) + " |")
        for rival, value in rivals.items():
            goals.append((f"{corpus} in Rust, against {rival}", "> 1×", f"{value / ours:.2f}×", "met" if value > ours else "missed"))
    return ("\n".join(lines) + "\n", goals) if goals else ("", [])


def processor() -> str:
    """The processor's name."""
    found = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found.group(1) if found else platform.machine()


def revision() -> str:
    """The commit that was measured."""
    def git(*arguments):
        return subprocess.run(["git", *arguments], cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if git("status", "--porcelain", "--untracked-files=no") else "")


def goals_table(goals) -> str:
    lines = ["| goal | wanted | measured | |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| {what} | {wanted} | {found} | {verdict if verdict == 'met' else '**missed**'} |" for what, wanted, found, verdict in goals]) + "\n"


def measured() -> str:
    """At which commits the parts were measured; a part may have been measured again since the others."""
    by_commit = {}
    for name in [name for name, _ in PARTS] + ["rust"]:
        file = OUT / f"{name}.measured"
        by_commit.setdefault(file.read_text().strip() if file.is_file() else "not known", []).append(name)
    return "; ".join(f"{commit} ({', '.join(names)})" if len(by_commit) > 1 else commit for commit, names in by_commit.items())


def compose(command: str):
    """The report's text and the names of its plots."""
    texts, goals = [], []
    for name, title in PARTS:
        if (OUT / f"{name}.md").is_file():
            texts.append(f"## {title}\n\n{(OUT / f'{name}.md').read_text().strip()}\n")
            goals += [line.split("\t") for line in (OUT / f"{name}.goals.tsv").read_text().splitlines()]
    text, of_rust = rust()
    if text:
        texts.append(f"## Parsers in Rust\n\n{text}")
        goals += of_rust
    met = sum(goal[3] == "met" for goal in goals)
    head = f"""# Speed

`{command}` wrote this file; nothing in it is typed by hand.

- machine: {processor()}, {os.cpu_count()} processors, {platform.system()} {platform.release()}
- commit, and load average when its run began: {measured()}

## Goals

{met} of {len(goals)} met.

{goals_table(goals)}
"""
    report = head + "\n".join(texts)
    return report, re.findall(r"\]\(([\w-]+\.svg)\)", report)


def quote(report: str) -> str:
    """What the README shows: the plot, and the table's lines of rows that are discarded."""
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in report.splitlines()]
    lines = ["![Messages decoded in the CPU time that Flink's codec takes for one](docs/benchmarks/codec-decoding.svg)", "",
             "| message, rows discarded | bytes | Flink's codec | native | | allocated |", "|---|---|---|---|---|---|"]
    for row in rows:
        if len(row) == 12 and row[1] == "discarded":
            lines.append(f"| {row[0]} | {row[2]} | {row[3]} ns | {row[4]} ns | {row[5].split(' ')[0]} | {row[10]} |")
    return "\n".join(lines)


def write(report: str, plots) -> None:
    """Report and plots into docs/benchmarks, and the README's quotation."""
    # `./dev bench database` has plots of its own.
    for old in set(DOCS.glob("*.svg")) - set(DOCS.glob("database*.svg")):
        old.unlink()
    for plot in plots:
        shutil.copy(OUT / plot, DOCS)
    (DOCS / "speed.md").write_text(report)
    text = README.read_text()
    if BEGIN not in text or END not in text:
        raise SystemExit(f"README.md has no lines {BEGIN} and {END} for what it quotes of the report")
    before, rest = text.split(BEGIN, 1)
    README.write_text(f"{before}{BEGIN}\n{quote(report)}\n{END}{rest.split(END, 1)[1]}")
    say(f"written: docs/benchmarks/speed.md, {len(plots)} plots, and README.md's section on speed")


def main(command: str, into_docs: bool) -> None:
    report, plots = compose(command)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "speed.md").write_text(report)
    if into_docs:
        write(report, plots)
    print(report.split("\n## Codec")[0])
    print(OUT / "speed.md")


if __name__ == "__main__":
    main(sys.argv[1], "--write" in sys.argv[2:])

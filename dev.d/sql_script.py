"""Makes one SQL client script of example files: a broker's address filled in, a job name for each query."""

import re
from pathlib import Path

SETTINGS = """SET 'sql-client.execution.result-mode' = 'tableau';
SET 'table.display.max-column-width' = '120';
SET 'table.local-time-zone' = 'UTC';
"""


def statements(text: str):
    """The statements of a script; a semicolon ends one where it ends a line."""
    return [part.strip() for part in re.split(r";[ \t]*$", text, flags=re.MULTILINE) if part.strip()]


def verb(statement: str) -> str:
    """The statement's first word, in capitals."""
    code = re.sub(r"^\s*--.*$", "", statement, flags=re.MULTILINE).strip()
    return code.split(None, 1)[0].upper() if code else ""


def compose(files, bootstrap: str, cluster: str = "", others=None):
    """The script, the job names of its queries in order, and those of its INSERTs.

    The SQL client runs a whole file in one session, so one start of it serves many files. `@cluster` in a file stands for
    the cluster's name, for topics that each cluster writes; `others` are more texts to replace.
    """
    replaced = {"localhost:9092": bootstrap, "@cluster": cluster, **(others or {})}
    script, queries, inserts = [SETTINGS], [], []
    for file in map(Path, files):
        names = {"SELECT": [], "INSERT": []}
        for statement in statements(file.read_text()):
            of_kind = names.get(verb(statement))
            if of_kind is not None:
                infix = "-" if of_kind is names["SELECT"] else "-insert-"
                of_kind.append(f"{file.stem}{infix}{len(of_kind) + 1}")
                script.append(f"SET 'pipeline.name' = '{of_kind[-1]}';\n")
            for text, instead in replaced.items():
                statement = statement.replace(text, instead)
            script.append(statement + ";\n")
        queries += names["SELECT"]
        inserts += names["INSERT"]
    return "".join(script), queries, inserts

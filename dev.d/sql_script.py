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


def is_query(statement: str) -> bool:
    """Whether the statement prints rows."""
    code = re.sub(r"^\s*--.*$", "", statement, flags=re.MULTILINE).strip()
    return code.upper().startswith("SELECT")


def compose(files, bootstrap: str):
    """The script, and the job names of its queries in order.

    The SQL client runs a whole file in one session, so one start of it serves many files.
    """
    script, jobs = [SETTINGS], []
    for file in map(Path, files):
        number = 0
        for statement in statements(file.read_text()):
            if is_query(statement):
                number += 1
                jobs.append(f"{file.stem}-{number}")
                script.append(f"SET 'pipeline.name' = '{jobs[-1]}';\n")
            script.append(statement.replace("localhost:9092", bootstrap) + ";\n")
    return "".join(script), jobs

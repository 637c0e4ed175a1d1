"""Reads what Flink's SQL client prints in tableau mode, and folds a changelog into the table it stands for."""

import re
import unicodedata


class Changelog:
    """One SELECT's result: column names, and rows of (op, values) in the order printed."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows

    def view(self):
        """The rows that remain: +I and +U add one, -U and -D take an equal one away."""
        left = []
        for op, values in self.rows:
            if op in ("+I", "+U"):
                left.append(values)
            elif values in left:
                # The newest equal row: which of them goes makes no difference to the table.
                del left[len(left) - 1 - left[::-1].index(values)]
            else:
                raise ValueError(f"the changelog retracts {values}, which is not there")
        return left

    def text(self) -> str:
        """One line a row, for comparing."""
        return "".join("\t".join((op, *values)) + "\n" for op, values in [("op", self.columns)] + self.rows)


def _cells(line: str):
    return [cell.strip() for cell in line.strip()[1:-1].split(" | ")]


def read(output: str):
    """All results in the SQL client's output, in order.

    Raises ValueError where a printed row does not have as many cells as the header, as one with " | " in a value.
    """
    results, columns, rows = [], None, []
    for line in output.splitlines():
        if line.startswith("| op |"):
            columns, rows = _cells(line)[1:], []
        elif line.startswith("|") and columns is not None:
            cells = _cells(line)
            if len(cells) != len(columns) + 1:
                raise ValueError(f"{len(cells)} cells instead of {len(columns) + 1} in: {line}")
            rows.append((cells[0], cells[1:]))
        elif line.startswith("Received a total of") and columns is not None:
            results.append(Changelog(columns, rows))
            columns = None
        elif line.strip().endswith("Empty set"):
            results.append(Changelog([], []))
    return results


def error(output: str):
    """The first error the SQL client printed, or None; it runs no statement after one."""
    found = re.search(r"\[ERROR\].*?(?=\nShutting down|\Z)", re.sub(r"\x1b\[[0-9;]*m", "", output), re.DOTALL)
    return found.group(0).strip() if found else None


def _width(text: str) -> int:
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def table(columns, rows, indent="  ") -> str:
    """A table to look at; numbers to the right."""
    widths = [max([_width(str(row[i])) for row in [columns] + rows]) for i in range(len(columns))]
    right = [bool(rows) and all(re.fullmatch(r"-?[\d.]+|<NULL>", str(row[i])) for row in rows) for i in range(len(columns))]

    def line(cells):
        padded = []
        for cell, width, to_right in zip(cells, widths, right):
            space = " " * (width - _width(str(cell)))
            padded.append(space + str(cell) if to_right else str(cell) + space)
        return indent + " | ".join(padded).rstrip() + "\n"
    return line(columns) + indent + "-+-".join("-" * width for width in widths) + "\n" + "".join(line(row) for row in rows)

"""Rows of measurements as one table."""

from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    """One thing that was measured."""

    what: str
    values: list[float]  # one per repetition
    unit: str
    bound: float | None = None  # at most this, in `unit`
    ratio: float | None = None  # to the reference of the same run
    ratio_bound: float | None = None
    at_least: bool = False  # the bound is a lower one

    @property
    def held(self) -> bool | None:
        checks = []
        if self.bound is not None:
            middle = median(self.values)
            checks.append(middle >= self.bound if self.at_least else middle <= self.bound)
        if self.ratio_bound is not None and self.ratio is not None:
            checks.append(self.ratio <= self.ratio_bound)
        return all(checks) if checks else None


def show(rows: list[Row]) -> str:
    """The table as text, one line per row."""
    head = ("what", "n", "median", "range", "unit", "ratio", "bound", "")
    lines = [head]
    for row in rows:
        bounds = []
        if row.bound is not None:
            bounds.append(f"{'>=' if row.at_least else '<='} {row.bound:g} {row.unit}")
        if row.ratio_bound is not None:
            bounds.append(f"<= {row.ratio_bound:g} x")
        lines.append(
            (
                row.what,
                str(len(row.values)),
                number(median(row.values)),
                f"{number(min(row.values))} - {number(max(row.values))}",
                row.unit,
                "" if row.ratio is None else f"{row.ratio:.2f} x",
                ", ".join(bounds),
                {True: "holds", False: "MISSED", None: ""}[row.held],
            )
        )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"

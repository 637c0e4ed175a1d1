"""Bars of what `./dev bench database` found, as SVG: nanoseconds of a row above its source, by workload and route."""

from xml.sax.saxutils import escape

COLOURS = {"light": ("#b9bec6", "#8a919c", "#7fb2e5", "#1f6fbf"), "text": "#57606a", "ground": "#ffffff"}
BAR, GAP, LEFT, RIGHT, WIDTH = 16, 14, 250, 70, 860


def bars(title: str, groups) -> str:
    """`groups`: (workload, [(route, nanoseconds)]); the bars of a group in the order given, the last one in the strongest colour."""
    most = max(nanos for _, routes in groups for _, nanos in routes)
    scale = (WIDTH - LEFT - RIGHT) / most
    lines, y = [], 44
    for workload, routes in groups:
        lines.append(f'<text x="12" y="{y + 12}" font-weight="bold">{escape(workload)}</text>')
        y += 20
        for (route, nanos), colour in zip(routes, COLOURS["light"][-len(routes):]):
            lines.append(f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(route)}</text>'
                         f'<rect x="{LEFT}" y="{y}" width="{max(nanos * scale, 1):.1f}" height="{BAR - 2}" fill="{colour}"/>'
                         f'<text x="{LEFT + nanos * scale + 6:.1f}" y="{y + 12}">{nanos:,.0f} ns</text>')
            y += BAR
        y += GAP
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" font-family="sans-serif" font-size="12" fill="{COLOURS["text"]}">\n'
            f'<rect width="{WIDTH}" height="{y}" fill="{COLOURS["ground"]}"/>\n<text x="12" y="24" font-size="15">{escape(title)}</text>\n' + "\n".join(lines) + "\n</svg>\n")

"""A picture of what docs/measure-large.sh left: python3 docs/large.py large.tsv > large.svg"""

import csv
import math
import sys

COMMANDS = ["generate", "prepare", "train", "evaluate", "export", "serve"]
COLOURS = ["#888888", "#1b9e77", "#d95f02", "#7570b3", "#e7298a", "#66a61e"]
WIDTH, HEIGHT, LEFT, TOP = 380, 260, 70, 40
rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8"), delimiter="\t"))
items = sorted({int(row["items"]) for row in rows})
latent = {int(row["items"]): row["latent"] for row in rows}


def x(count):
    span = math.log(items[-1] / items[0]) or 1
    return LEFT + math.log(count / items[0]) / span * WIDTH


def panel(left, title, column, scale, unit):
    values = [float(row[column]) / scale for row in rows]
    low = 10 ** math.floor(math.log10(max(min(values), 1e-9)))
    high = 10 ** math.ceil(math.log10(max(values)))

    def y(value):
        return TOP + HEIGHT - math.log(value / low) / math.log(high / low) * HEIGHT

    print(f'<g transform="translate({left},0)"><text x="{LEFT}" y="22" class="title">{title}</text>')
    tick = low
    while tick <= high * 1.001:
        print(f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" class="grid"/>')
        print(f'<text x="{LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g} {unit}</text>')
        tick *= 10
    for count in items:
        print(f'<text x="{x(count):.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{count:,}</text>')
        print(f'<text x="{x(count):.1f}" y="{TOP + HEIGHT + 33}" text-anchor="middle">latent {latent[count]}</text>')
    for command, colour in zip(COMMANDS, COLOURS):
        points = sorted((int(row["items"]), float(row[column]) / scale) for row in rows if row["command"] == command)
        line = " ".join(f"{x(count):.1f},{y(value):.1f}" for count, value in points)
        print(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for count, value in points:
            print(
                f'<circle cx="{x(count):.1f}" cy="{y(value):.1f}" r="3.5" fill="{colour}">'
                f"<title>{command}, {count:,} items: {value:.3g} {unit}</title></circle>"
            )
    print("</g>")


print(
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * (WIDTH + LEFT) + 60} {HEIGHT + TOP + 80}" '
    'font-family="sans-serif" font-size="11"><title>Time and memory by the number of items</title>'
    "<style>.grid{stroke:#ddd}.title{font-size:14px;font-weight:bold}</style>"
    '<rect width="100%" height="100%" fill="white"/>'
)
panel(0, "seconds", "seconds", 1, "s")
panel(WIDTH + LEFT + 20, "most memory resident", "peak_mb", 1000, "GB")
for number, (command, colour) in enumerate(zip(COMMANDS, COLOURS)):
    at = LEFT + number * 110
    print(f'<circle cx="{at}" cy="{HEIGHT + TOP + 62}" r="4" fill="{colour}"/>')
    print(f'<text x="{at + 9}" y="{HEIGHT + TOP + 66}">{command}</text>')
print("</svg>")

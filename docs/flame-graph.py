#!/usr/bin/env python3
"""Draws a flame graph of a recording by Java's Flight Recorder.

    java -XX:StartFlightRecording=filename=serve.jfr,settings=profile ...
    jfr print --events jdk.ExecutionSample --stack-depth 64 serve.jfr | docs/flame-graph.py TITLE >serve.svg

A box is a method; what it calls stands above it, and its width is its share of the samples, as is said in its title
(what a browser shows under the pointer). At the bottom stand the kinds of threads. Native threads, such as TensorFlow's,
are not in such a recording. Needs nothing but Python.
"""
import html
import re
import sys

WIDTH, ROW, LETTER, LEAST = 1200, 16, 6.6, 0.0025


def stacks(text):
    for event in text.split('jdk.ExecutionSample {')[1:]:
        thread = re.search(r'sampledThread = "([^"]*)"', event)
        frames = re.findall(r'^\s+([\w.$<>]+)\(', event.split('stackTrace = [')[-1], re.M)
        if thread and frames:
            # vaecf-http-17 is one of many of the kind
            yield [re.sub(r'[-\d]+$', '', thread[1])] + frames[::-1]


def main():
    root = {'count': 0, 'calls': {}}
    for stack in stacks(sys.stdin.read()):
        node = root
        node['count'] += 1
        for frame in stack:
            node = node['calls'].setdefault(frame, {'count': 0, 'calls': {}})
            node['count'] += 1
    total = root['count']
    if not total:
        sys.exit('flame-graph: no samples; is this the output of jfr print --events jdk.ExecutionSample?')
    boxes = []

    def draw(node, left, depth):
        for name, call in sorted(node['calls'].items(), key=lambda one: -one[1]['count']):
            if call['count'] >= LEAST * total:
                boxes.append((name, left, depth, call['count']))
                draw(call, left, depth + 1)
            left += call['count']

    draw(root, 0, 0)
    rows = 1 + max(depth for _, _, depth, _ in boxes)
    height = (rows + 2) * ROW
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="monospace" font-size="11">')
    print(f'<rect width="{WIDTH}" height="{height}" fill="white"/>')
    print(f'<text x="4" y="{ROW - 4}">{html.escape(" ".join(sys.argv[1:]))}; {total:,} samples</text>')
    for name, left, depth, count in boxes:
        x, width = left * WIDTH / total, count * WIDTH / total
        y = height - (depth + 1) * ROW
        ours = 'vaecf' in name
        colour = '#b9cfe8' if depth == 0 else '#f5b971' if ours else '#e6e6e6'
        short = '.'.join(name.split('.')[-2:])
        room = int(width / LETTER)
        label = short if len(short) <= room else short[: room - 1] + '…' if room > 4 else ''
        print(
            f'<g><title>{html.escape(name)}: {100 * count / total:.1f} %</title>'
            f'<rect x="{x:.1f}" y="{y}" width="{max(width - 0.5, 0.2):.1f}" height="{ROW - 1}" fill="{colour}"/>'
            f'<text x="{x + 2:.1f}" y="{y + ROW - 5}">{html.escape(label)}</text></g>')
    print('</svg>')


main()

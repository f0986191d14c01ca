#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What `tare serve` tells, read by another reader.

serve_check.py value FILE NAME [LABEL=VALUE...]   the sum of all samples of NAME with these labels
serve_check.py labels FILE                        every NAME=VALUE of a label, once, but those that have numbers
serve_check.py grows OLD NEW                      no counter of a series that is in both is lower in NEW
serve_check.py histograms FILE                    buckets do not fall, and the last one is the count
serve_check.py hold PORT CONNECTIONS              opens so many, sends half a request on each, says so, and waits
"""
import re
import socket
import sys
import time

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)')


def read(path):
    samples, types = {}, {}
    for line in open(path, encoding='utf-8'):
        line = line.rstrip('\n')
        if line.startswith('# TYPE '):
            _, _, name, kind = line.split(' ')
            types[name] = kind
        if line.startswith('#') or not line:
            continue
        m = SAMPLE.match(line)
        if not m:
            sys.exit(f'no sample: {line}')
        labels = LABEL.findall(m.group(2) or '')
        if ','.join(f'{k}="{v}"' for k, v in labels) != (m.group(2) or ''):
            sys.exit(f'no labels: {line}')
        key = (m.group(1), tuple(sorted(labels)))
        if key in samples:
            sys.exit(f'twice: {line}')
        samples[key] = float(m.group(3))
    return samples, types


def value(path, name, *wanted):
    want = [tuple(w.split('=', 1)) for w in wanted]
    found = [v for (n, labels), v in read(path)[0].items() if n == name and all(w in labels for w in want)]
    print(f'{sum(found):.9f}' if found else 'none')


def labels(path):
    seen = {f'{k}={v}' for (_, pairs) in read(path)[0] for k, v in pairs if k not in ('le', 'pid')}
    print('\n'.join(sorted(seen)))


def grows(old, new):
    before, types = read(old)
    after = read(new)[0]
    common = 0
    for key, v in before.items():
        base = re.sub(r'_(bucket|sum|count)$', '', key[0])
        if key not in after or (types.get(key[0]) != 'counter' and types.get(base) != 'histogram'):
            continue
        common += 1
        if after[key] < v:
            sys.exit(f'{key}: {v} and then {after[key]}')
    if not common:
        sys.exit('no counter is in both')


def histograms(path):
    samples = read(path)[0]
    rows = {}
    for (name, pairs), v in samples.items():
        if name.endswith('_bucket'):
            le = dict(pairs)['le']
            rest = tuple(p for p in pairs if p[0] != 'le')
            rows.setdefault((name[:-len('_bucket')], rest), []).append((float(le), v))
    if not rows:
        sys.exit('there is none')
    for (name, rest), row in rows.items():
        row.sort()
        if any(a[1] > b[1] for a, b in zip(row, row[1:])):
            sys.exit(f'{name} {rest} falls: {row}')
        if row[-1] != (float('inf'), samples[(name + '_count', rest)]):
            sys.exit(f'{name} {rest}: the last bucket is not the count')


def hold(port, number):
    held = []
    for _ in range(int(number)):
        s = socket.create_connection(('127.0.0.1', int(port)))
        s.send(b'GET /metrics HTTP/1.1\r\nHost: x\r\nX-Half: ')
        held.append(s)
    print('held', flush=True)
    time.sleep(3600)


globals()[sys.argv[1]](*sys.argv[2:])

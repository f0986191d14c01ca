#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What `tare serve` tells, read by another reader.

serve_check.py value FILE NAME [LABEL=VALUE...]   the sum of all samples of NAME with these labels
serve_check.py labels FILE                        every NAME=VALUE of a label, once, but those that have numbers
serve_check.py grows OLD NEW                      no counter of a series that is in both is lower in NEW
serve_check.py histograms FILE                    buckets do not fall, and the last one is the count
serve_check.py pushed REQUEST BEFORE AFTER [LABEL=VALUE...]
                                                  an OTLP request has what both pages have: the same names, labels and
                                                  buckets; counters in between; and all figures of series with these
                                                  labels are the pages'
serve_check.py resource REQUEST                   prints its attributes
serve_check.py hold PORT CONNECTIONS              opens so many, sends half a request on each, says so, and waits
"""
import json
import re
import socket
import sys
import time

import otlp_check

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


UNITS = {'': '', 's': '_seconds', 'By': '_bytes'}


def points(path):
    """A request's figures, under the names and labels that a collector's Prometheus exporter gives them."""
    (resource,) = otlp_check.read(path, otlp_check.METRICS)['resource_metrics']
    (scope,) = resource['scope_metrics']
    out = {}

    def put(name, labels, value):
        key = name, tuple(sorted(labels))
        if key in out:
            sys.exit(f'twice: {key}')
        out[key] = value

    for m in scope['metrics']:
        (kind,) = {'gauge', 'sum', 'histogram'} & set(m)
        if not m['description'] or (kind != 'gauge' and m[kind]['aggregation_temporality'] != otlp_check.CUMULATIVE):
            sys.exit(f'{m}')
        name = m['name'].replace('.', '_') + UNITS[m['unit']]
        for p in m[kind]['data_points']:
            labels = list(otlp_check.attributes(p).items())
            if not 0 <= p['time_unix_nano'] - p['start_time_unix_nano'] < 3600 * 10**9 or abs(p['time_unix_nano'] / 1e9 - time.time()) > 600:
                sys.exit(f'{name} {labels}: when it was')
            if kind != 'histogram':
                put(name + ('_total' if kind == 'sum' else ''), labels, p.get('as_double', p.get('as_int')))
                continue
            put(name + '_sum', labels, p['sum'])
            put(name + '_count', labels, p['count'])
            for i, bound in enumerate([*p['explicit_bounds'], float('inf')]):
                put(name + '_bucket', [*labels, ('le', bound)], sum(p['bucket_counts'][:i + 1]))
    return out


def page_points(path):
    """A page's, without labels that are empty, and with bounds as numbers."""
    samples, types = read(path)
    return {(name, tuple(sorted((k, float(v) if k == 'le' else v) for k, v in labels if v))): v
            for (name, labels), v in samples.items()}, types


def pushed(request, before, after, *wanted):
    got = points(request)
    (old, types), (new, _) = page_points(before), page_points(after)
    want = [tuple(w.split('=', 1)) for w in wanted]
    common = set(old) & set(new)
    missing = common - set(got)
    extra = set(got) - set(old) - set(new)
    if missing or extra:
        sys.exit(f'missing: {sorted(missing)[:5]}, more than there is: {sorted(extra)[:5]}')
    same = 0
    for key in common:
        name, labels = key
        low, value, high = old[key], got[key], new[key]
        base = re.sub(r'_(bucket|sum|count)$', '', name)
        if want and all(w in labels for w in want) and name != 'tare_resident_bytes':
            if not low == high == value:
                sys.exit(f'{key}: {value}, and on the pages {low} and {high}')
            same += 1
        if (types.get(name) == 'counter' or types.get(base) == 'histogram') and not low <= value <= high:
            sys.exit(f'{key}: {value} is not from {low} to {high}')
    if want and not same:
        sys.exit('there is no such series')
    print(same)


def resource(request):
    (one,) = otlp_check.read(request, otlp_check.METRICS)['resource_metrics']
    print(json.dumps(otlp_check.attributes(one['resource']), sort_keys=True))


def hold(port, number):
    held = []
    for _ in range(int(number)):
        s = socket.create_connection(('127.0.0.1', int(port)))
        s.send(b'GET /metrics HTTP/1.1\r\nHost: x\r\nX-Half: ')
        held.append(s)
    print('held', flush=True)
    time.sleep(3600)


globals()[sys.argv[1]](*sys.argv[2:])

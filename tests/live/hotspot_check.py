# SPDX-License-Identifier: BSD-2-Clause
"""hotspot_check.py STREAM: what hotspot's parser made of a perf.data, as JSON

{"attributes": {name: its events}, "functions": {innermost function: its samples of the CPU}, "threads": names,
 "files": paths of what is mapped, "errors": number}. The stream is Qt's: big-endian, a length before each message and text.
"""
import collections
import json
import struct
import sys

# enum EventType of perfparser 1.3
COMMAND, LOCATION, SYMBOL, STRING, ERROR, ATTRIBUTES, SAMPLE, TRACEPOINT = 2, 3, 4, 5, 8, 11, 13, 14
NONE = -1


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        values = struct.unpack_from(">" + form, self.data, self.at)
        self.at += struct.calcsize(">" + form)
        return values if len(values) > 1 else values[0]

    def text(self):
        length = self.take("I")
        self.at += length
        return self.data[self.at - length:self.at].decode(errors="replace")


def messages(data):
    if not data.startswith(b"QPERFSTREAM\0"):
        sys.exit("this is not its stream")
    at = 16
    while at < len(data):
        length = struct.unpack_from("<I", data, at)[0]
        yield data[at + 4], Reader(data[at + 5:at + 4 + length])
        at += 4 + length
    if at != len(data):
        sys.exit("it is cut off")


def main(path):
    texts, outer, symbols, attributes = {NONE: ""}, {}, {}, {}
    leaves, nr, commands, errors = collections.Counter(), collections.Counter(), set(), 0
    files = set()
    for kind, r in messages(open(path, "rb").read()):
        if kind == STRING:
            number = r.take("i")
            texts[number] = r.text()
        elif kind == LOCATION:
            number, _, _, _, _, _, parent = r.take("iQiIiii")
            outer[number] = parent
        elif kind == SYMBOL:
            number, name, binary, file, _ = r.take("iiiiB")
            symbols[number] = name
            files.add(file)
        elif kind == ATTRIBUTES:
            number, _, _, name, _, _ = r.take("iIQiBQ")
            attributes[number] = name
        elif kind == COMMAND:
            _, _, _, _, name = r.take("IIQIi")
            commands.add(name)
        elif kind == ERROR:
            errors += 1
        elif kind in (SAMPLE, TRACEPOINT):
            _, _, _, _, nr_frames = r.take("IIQII")
            frames = [r.take("i") for _ in range(nr_frames)]
            _, nr_costs = r.take("BI")
            costs = [r.take("iQ") for _ in range(nr_costs)]
            for attribute, _ in costs:
                nr[attribute] += 1
            if kind == SAMPLE and costs[0][0] == 0:
                leaf = frames[0] if frames else NONE
                while leaf not in symbols and leaf != NONE:
                    leaf = outer[leaf]
                leaves[symbols.get(leaf, NONE)] += 1
    print(json.dumps({
        "attributes": {texts[name]: nr[number] for number, name in attributes.items()},
        "functions": {texts[name]: n for name, n in leaves.most_common()},
        "threads": sorted(texts[n] for n in commands), "files": sorted(texts[n] for n in files), "errors": errors}))


main(*sys.argv[1:])

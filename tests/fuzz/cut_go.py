#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
cut_go.py PROGRAM OUT [pie] [bare] [pointers] [NAME...]

Cuts a Go executable (1.18 or later, not PIE itself) down to a few KB that still have everything the readers of Go
executables look at: the build information, and a function table with the functions NAME and those that follow them,
their lines, files and inlined calls, and a moduledata that leads to it. So the corpora of fuzz_gobuild and
fuzz_pclntab were made, with tests/fuzz/seed.go.txt built by several versions of Go with -trimpath.

  pie       as if linked externally: zeros in the file where the loader relocates, and the relocations
  bare      no section headers
  pointers  build information in the form of Go 1.13 to 1.17
"""
import struct
import sys

INL_TREE, INL_INDEX = 3, 2
NONE = 0xffffffff


def u32(b, at):
    return struct.unpack_from('<I', b, at)[0]


def words(b, at, nr):
    return struct.unpack_from('<%dQ' % nr, b, at)


def leb(b, at):
    value = shift = 0
    while True:
        byte = b[at]
        value |= (byte & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


class Program:
    def __init__(self, path):
        self.b = b = open(path, 'rb').read()
        self.machine = struct.unpack_from('<H', b, 18)[0]
        phoff, shoff = words(b, 32, 2)
        phnum, _, shnum, shstr = struct.unpack_from('<HHHH', b, 56)
        self.loads = []
        for i in range(phnum):
            kind, _, offset, vaddr, _, size = struct.unpack_from('<IIQQQQ', b, phoff + 56 * i)
            if kind == 1:
                self.loads.append((vaddr, offset, size))
        self.sections = {}
        headers = [struct.unpack_from('<IIQQQQ', b, shoff + 64 * i) for i in range(shnum)]
        for name, _, _, addr, offset, size in headers:
            at = headers[shstr][4] + name
            self.sections[b[at:b.index(b'\0', at)].decode()] = (addr, offset, size)
        self.tab_addr, self.tab, _ = self.sections['.gopclntab']
        self.old = u32(b, self.tab) == 0xfffffff0
        self.nr = words(b, self.tab + 8, 1)[0]
        self.names, self.units, self.files, self.pctab, self.funcs = (self.tab + o for o in words(b, self.tab + 32, 5))
        self.func_size = 40 if self.old else 44
        self.module = self.find_module()

    def find_module(self):
        want = struct.pack('<QQ', self.tab_addr, self.tab_addr + self.names - self.tab)
        return list(words(self.b, self.b.index(want), 48))

    def string(self, at):
        return self.b[at:self.b.index(b'\0', at) + 1]

    def at(self, vaddr):
        return next(o + vaddr - v for v, o, size in self.loads if v <= vaddr < v + size)

    def steps(self, table):
        """The bytes of a table of values by address, and its values."""
        at, value, values = self.pctab + table, -1, set()
        while True:
            delta, after = leb(self.b, at)
            if not delta and at != self.pctab + table:
                return self.b[self.pctab + table:after], values
            _, at = leb(self.b, after)
            value += (delta >> 1) ^ -(delta & 1)
            values.add(value)


class Table:
    """Strings or blobs, each once; the offset of each."""

    def __init__(self, first=b''):
        self.bytes, self.seen = bytearray(first), {}

    def add(self, blob, align=1):
        if blob not in self.seen:
            self.bytes += bytes(-len(self.bytes) % align)
            self.seen[blob] = len(self.bytes)
            self.bytes += blob
        return self.seen[blob]


def gofunc_word(p):
    """In a moduledata: what funcdata is relative to."""
    return 38 if p.old else 43 if p.minor >= 27 else 40


def cut(p, wanted):
    b = p.b
    entries = [struct.unpack_from('<II', b, p.funcs + 8 * i) for i in range(p.nr)]
    named = {}
    for i, (_, func) in enumerate(entries):
        named.setdefault(p.string(p.names + u32(b, p.funcs + func + 4))[:-1].decode(), []).append(i)
    keep = sorted({i + k for name in wanted for i in named[name] for k in (0, 1) if i + k < p.nr})
    names, files, pctab, gofunc = Table(b'\0'), Table(), Table(b'\0'), Table(bytes(16))
    units, funcs, functab = bytearray(), bytearray(), []
    inl = (20, 12) if p.old else (16, 4)
    base = p.at(p.module[gofunc_word(p)])
    for i in keep:
        entry, func = entries[i]
        raw = bytearray(b[p.funcs + func:p.funcs + func + p.func_size])
        nr_pcdata, nr_funcdata = u32(raw, 28), raw[-1]
        tables = [u32(b, p.funcs + func + p.func_size + 4 * k) for k in range(nr_pcdata + nr_funcdata)]
        unit = u32(raw, 32)
        struct.pack_into('<I', raw, 4, names.add(p.string(p.names + u32(raw, 4))))
        struct.pack_into('<II', raw, 12, 0, 0)
        struct.pack_into('<I', raw, 32, len(units) // 4)
        for field in (20, 24):
            if u32(raw, field):
                blob, values = p.steps(u32(raw, field))
                struct.pack_into('<I', raw, field, pctab.add(blob))
                if field == 20:
                    for k in range(max(values) + 1):
                        at = u32(b, p.units + 4 * (unit + k))
                        units += struct.pack('<I', at if at == NONE else files.add(p.string(p.files + at)))
        index = tree = 0
        if nr_pcdata > INL_INDEX and tables[INL_INDEX] and nr_funcdata > INL_TREE:
            blob, values = p.steps(tables[INL_INDEX])
            index = pctab.add(blob)
            at = base + tables[nr_pcdata + INL_TREE]
            nodes = bytearray(b[at:at + inl[0] * (max(values) + 1)])
            for k in range(0, len(nodes), inl[0]):
                struct.pack_into('<I', nodes, k + inl[1], names.add(p.string(p.names + u32(nodes, k + inl[1]))))
            tree = gofunc.add(bytes(nodes), 4)
        struct.pack_into('<I', raw, 28, 3)
        raw[-1] = 4
        functab.append((entry, len(funcs)))
        funcs += raw + struct.pack('<7I', 0, 0, index, NONE, NONE, NONE, tree if index else NONE)
    end = u32(b, p.funcs + 8 * (keep[-1] + 1))
    size = 8 * len(functab) + 8
    head = b''.join(struct.pack('<II', e, size + f) for e, f in functab) + struct.pack('<II', end, 0)
    tables = [bytes(names.bytes), bytes(units), bytes(files.bytes), bytes(pctab.bytes), head + bytes(funcs)]
    offsets, blob = [], bytearray(72)
    blob[:32] = b[p.tab:p.tab + 32]
    struct.pack_into('<Q', blob, 8, len(functab))
    for t in tables:
        blob += bytes(-len(blob) % 4)
        offsets.append(len(blob))
        blob += t
    struct.pack_into('<5Q', blob, 32, *offsets)
    return blob, bytes(gofunc.bytes), offsets[0]


def build_info(p, addr, pointers):
    b, (_, at, _) = p.b, p.sections['.go.buildinfo']
    n, at2 = leb(b, at + 32)
    version = b[at2:at2 + n]
    m, at3 = leb(b, at2 + n)
    modinfo = b[at3:at3 + m]
    p.minor = int(version.split(b'.')[1].split(b'-')[0])
    if not pointers:
        return b[at:at3 + m]
    blob = b[at:at + 15] + b'\0' + struct.pack('<QQQQQQ', addr + 32, addr + 48, addr + 64, n, addr + 64 + n, m)
    return blob + version + modinfo


def main():
    path, out, *rest = sys.argv[1:]
    flags = {f for f in ('pie', 'bare', 'pointers') if f in rest}
    p = Program(path)
    data_addr = 0x800000
    info = build_info(p, data_addr, 'pointers' in flags)
    info += bytes(-len(info) % 16)
    tab, gofunc, names = cut(p, [f for f in rest if f not in flags])
    ro_addr, ro_at = 0x700200, 0x200
    ro = tab + bytes(-len(tab) % 16)
    gofunc_addr = ro_addr + len(ro)
    ro += gofunc + bytes(-len(gofunc) % 16)
    module = p.module[:]
    module[0], module[1], module[gofunc_word(p)] = ro_addr, ro_addr + names, gofunc_addr
    module_addr = data_addr + len(info)
    relocs = b''
    if 'pie' in flags:
        kind = 8 if p.machine == 62 else 1027
        for i, w in enumerate(module):
            if w > 0x10000:
                relocs += struct.pack('<QQQ', module_addr + 8 * i, kind, w)
                module[i] = 0
    data = info + struct.pack('<48Q', *module)
    rela_addr = data_addr + len(data)
    data += relocs
    dynamic = len(data)
    data += struct.pack('<6Q', 7, rela_addr, 8, len(relocs), 0, 0)
    data_at = ro_at + len(ro)
    data_at += (data_addr - data_at) % 0x100
    strings = b'\0.gopclntab\0.go.buildinfo\0.symtab\0.shstrtab\0runtime.text\0go:func.*\0'
    symbols_at = data_at + len(data)
    symbols = bytes(24) + struct.pack('<IBBHQQ', strings.index(b'runtime.text'), 2, 0, 1, p.module[22], 0)
    symbols += struct.pack('<IBBHQQ', strings.index(b'go:func.*'), 1, 0, 1, gofunc_addr, len(gofunc))
    strings_at = symbols_at + len(symbols)
    shoff = strings_at + len(strings)
    shoff += -shoff % 8

    def section(name, kind, addr, at, size, link=0):
        return struct.pack('<IIQQQQIIQQ', strings.index(name), kind, 2, addr, at, size, link, 0, 8, 24)

    headers = bytes(64) + section(b'.gopclntab', 1, ro_addr, ro_at, len(tab))
    headers += section(b'.go.buildinfo', 1, data_addr, data_at, len(info))
    headers += section(b'.symtab', 2, 0, symbols_at, len(symbols), 4)
    headers += section(b'.shstrtab', 3, 0, strings_at, len(strings))
    if 'bare' in flags:
        shoff = 0
    text, etext = p.module[22:24]
    loads = [(1, 5, 0, text & -4096, 0x100, etext - (text & -4096)), (1, 4, ro_at, ro_addr, len(ro), len(ro)),
             (1, 6, data_at, data_addr, len(data), len(data) + 4096),
             (2, 6, data_at + dynamic, data_addr + dynamic, len(data) - dynamic, len(data) - dynamic)]
    elf = b'\x7fELF\2\1\1' + bytes(9) + struct.pack(
        '<HHIQQQIHHHHHH', 3 if 'pie' in flags else 2, p.machine, 1, text, 64, shoff, 0, 64, 56, len(loads), 64,
        5 if shoff else 0, 4 if shoff else 0)
    for kind, perms, at, addr, size, mem in loads:
        elf += struct.pack('<IIQQQQQQ', kind, perms, at, addr, addr, size, mem, 16)
    image = bytearray(elf) + bytes(ro_at - len(elf)) + ro
    image += bytes(data_at - len(image)) + data
    if shoff:
        image += symbols + strings
        image += bytes(shoff - len(image)) + headers
    open(out, 'wb').write(image)


main()

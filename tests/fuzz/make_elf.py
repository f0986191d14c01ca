#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
make_elf.py usdt|dwarf FOLDER

Writes small executables into FOLDER: with USDT notes and symbols, or with debug information such as Go writes for its
package runtime. So the corpora of fuzz_usdt and fuzz_dwarf were made.
"""
import os
import struct
import sys
import zlib

X86, ARM = 62, 183
CODE = 0x401000


def elf(machine, sections):
    """sections: name, type, flags, address, bytes, link."""
    names, at, body, headers = b'\0', 64 + 2 * 56, b'', bytes(64)
    sections = sections + [('.shstrtab', 3, 0, 0, None, 0)]
    for name, *_ in sections:
        names += name.encode() + b'\0'
    where = 1
    for name, kind, flags, addr, data, link in sections:
        data = names if data is None else data
        headers += struct.pack('<IIQQQQIIQQ', where, kind, flags, addr, at + len(body), len(data), link, 0, 1,
                               24 if kind == 2 else 0)
        where += len(name) + 1
        body += data
    shoff = at + len(body)
    head = b'\x7fELF\2\1\1' + bytes(9) + struct.pack('<HHIQQQIHHHHHH', 2, machine, 1, CODE, 64, shoff, 0, 64, 56, 2, 64,
                                                      len(sections) + 1, len(sections))
    loads = [(1, 5, 0, CODE, 0x100, 0x4000), (1, 6, at, 0x600000, len(body), len(body))]
    for kind, perms, offset, addr, size, mem in loads:
        head += struct.pack('<IIQQQQQQ', kind, perms, offset, addr, addr, size, mem, 4096)
    return head + body + headers


# ---- USDT ----

def note(words, *strings):
    desc = struct.pack('<3Q', *words) + b''.join(s.encode() + b'\0' for s in strings)
    return struct.pack('<III', 8, len(desc), 3) + b'stapsdt\0' + desc + bytes(-len(desc) % 4)


def symbols(*wanted):
    table, names = bytes(24), b'\0'
    for name, value, size, kind in wanted:
        table += struct.pack('<IBBHQQ', len(names), 16 | kind, 0, 1, value, size)
        names += name.encode() + b'\0'
    return table, names


def usdt(folder):
    args = {
        X86: ['8@%rbx 8@%rbp -4@-16(%rbp) 1@$-7 8@(%rax,%rbx,8)', '2@%r8w 8@name(%rip) 4f@%xmm0', ''],
        ARM: ['8@x19 4@w0 -4@[sp, 16] 1@-7 8@[x0, x1]', '8@[x29] 8@sp 4f@s0', ''],
    }
    for machine, name in ((X86, 'x86'), (ARM, 'arm64')):
        notes = b''.join(note((CODE + 16 * i, 0x500000, 0x600000 + 2 * i), 'weft', 'probe%d' % i, a)
                         for i, a in enumerate(args[machine]))
        notes += note((CODE, 0x500000, 0), 'other', 'probe', '')
        table, names = symbols(('main', CODE, 32, 2), ('assembly', CODE + 48, 0, 2), ('data', 0x600000, 8, 1))
        for base in (0x500000, 0x510000):
            parts = [('.text', 1, 6, CODE, bytes(0x80), 0), ('.note.stapsdt', 7, 0, 0, notes, 0),
                     ('.stapsdt.base', 1, 2, base, b'\0', 0), ('.symtab', 2, 0, 0, table, 5),
                     ('.strtab', 3, 0, 0, names, 0)]
            write(folder, name + ('-moved' if base != 0x500000 else ''), elf(machine, parts))
    table, names = symbols(('exported', CODE, 64, 2))
    write(folder, 'stripped', elf(X86, [('.text', 1, 6, CODE, bytes(0x80), 0), ('.dynsym', 11, 2, 0x700000, table, 3),
                                        ('.dynstr', 3, 2, 0x700100, names, 0)]))


# ---- debug information ----

def leb(n):
    out = b''
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


STRING, UDATA, DATA1, REF_ADDR = 8, 15, 11, 16
ABBREVS = [
    (1, 0x11, 1, [(0x03, STRING), (0x13, DATA1)]),                   # compile unit: name, language
    (2, 0x13, 1, [(0x03, STRING), (0x0b, UDATA)]),                   # struct: name, size
    (3, 0x0d, 0, [(0x03, STRING), (0x38, UDATA), (0x49, REF_ADDR)]),  # member: name, where, type
    (4, 0x16, 0, [(0x03, STRING), (0x49, REF_ADDR)]),                # another name for a type
    (5, 0x24, 0, [(0x03, STRING), (0x0b, UDATA)]),                   # base type: name, size
    (6, 0x2e, 0, [(0x03, STRING)]),                                  # function
]
STRUCTS = [
    ('runtime.cpuStats', 64, [('idleTime', 0, 'u'), ('gcAssistTime', 16, 'u')]),
    ('runtime.consistentHeapStats', 3600, [('stats', 0, 'u'), ('gen', 3528, 'u')]),
    ('runtime.g', 440, [('m', 48, 'u'), ('atomicstatus', 144, 'u'), ('goid', 152, 'u')]),
    ('runtime.m', 400, [('g0', 0, 'u'), ('procid', 72, 'u'), ('curg', 192, 'u'), ('p', 208, 'u')]),
    ('runtime.p', 9000, [('id', 0, 'u'), ('status', 4, 'u'), ('mcache', 56, 'u')]),
    ('runtime.schedt', 7000, [('goidgen', 0, 'u'), ('mnext', 48, 'u')]),
    ('runtime.gcControllerState', 400, [('heapGoal', 104, 'u'), ('heapLive', 136, 'u')]),
    ('runtime.mstats', 13000, [('heapStats', 16, 'named'), ('numgc', 7704, 'u')]),
    ('runtime.workType', 400, [('cpuStats', 96, 'runtime.cpuStats')]),
]


def debug_info(version):
    """One unit of assembly, and that of the package; types by their offsets, so in two passes."""
    where, info = {}, b''
    for _ in range(2):
        info = b''
        for full in (False, True):
            body = leb(1) + b'runtime\0' + bytes([0x16 if full else 0x01])
            head = 12 if version > 4 else 11

            def here():
                return len(info) + head + len(body)
            if full:
                where['u'] = here()
                body += leb(5) + b'uint64\0' + leb(8)
                for name, size, members in STRUCTS:
                    body += leb(6) + b'runtime.function\0'
                    where[name] = here()
                    body += leb(2) + name.encode() + b'\0' + leb(size)
                    for member, at, kind in members:
                        body += leb(3) + member.encode() + b'\0' + leb(at) + struct.pack('<I', where.get(kind, 0))
                    body += b'\0'
                where['named'] = here()
                body += leb(4) + b'runtime.stats\0' + struct.pack('<I', where['runtime.consistentHeapStats'])
            body += b'\0'
            if version > 4:
                rest = struct.pack('<HBBI', version, 1, 8, 0) + body
            else:
                rest = struct.pack('<HIB', version, 0, 8) + body
            info += struct.pack('<I', len(rest)) + rest
    return info


def dwarf(folder):
    abbrev = b''
    for code, tag, children, attrs in ABBREVS:
        abbrev += leb(code) + leb(tag) + bytes([children]) + b''.join(leb(a) + leb(f) for a, f in attrs) + b'\0\0'
    abbrev += b'\0'

    def pack(data):
        return struct.pack('<IIQQ', 1, 0, len(data), 1) + zlib.compress(data)
    for version in (4, 5):
        info = debug_info(version)
        write(folder, 'v%d' % version, elf(X86, [('.debug_info', 1, 0, 0, info, 0),
                                                 ('.debug_abbrev', 1, 0, 0, abbrev, 0)]))
        write(folder, 'v%d-zlib' % version, elf(ARM, [('.debug_abbrev', 1, 0x800, 0, pack(abbrev), 0),
                                                      ('.debug_info', 1, 0x800, 0, pack(info), 0)]))


def write(folder, name, data):
    with open(os.path.join(folder, name), 'wb') as f:
        f.write(data)


{'usdt': usdt, 'dwarf': dwarf}[sys.argv[1]](sys.argv[2])

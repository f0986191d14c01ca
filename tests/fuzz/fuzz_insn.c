// SPDX-License-Identifier: BSD-2-Clause
/*
 * Any bytes as a function's code: what is decoded, where a probe would go, which
 * variables it names. Byte 0 is the architecture, 1 to 8 the address, the rest
 * the code; every function of the runtime is that one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gopattern.h"
#include "probe_site.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int lookup(void *ctx, const char *name, struct code *code)
{
	*code = *(const struct code *)ctx;
	return 0;
}

static void check(bool ok)
{
	if (!ok)
		abort();
}

/* Decode all; returns a target that is called, so that the search for calls finds some. */
static uint64_t walk(const struct code *code)
{
	uint64_t called = code->addr;
	struct insn_iter it;
	struct insn in;
	size_t at = 0;
	int ret;

	check(!insn_iter__open(&it, code));
	while ((ret = insn_iter__next(&it, &in)) > 0) {
		check(in.len && in.len <= code->len - at && in.addr == code->addr + at);
		check((in.reg < 32 || in.reg == INSN_NO_REG) && (in.base < 32 || in.base == INSN_NO_REG));
		check(insn__probe_class(&in, code->arch) <= PROBE_REFUSED);
		at += in.len;
		if (in.kind == INSN_CALL)
			called = in.target;
	}
	insn_iter__close(&it);
	check(ret ? ret == -EILSEQ && code->arch == TARE_ARCH_X86_64 : at == code->len);
	return called;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct probe_site site, sites[2];
	struct code code = { 0 };
	uint64_t called, addr;
	struct gotls tls;
	uint8_t *bytes;
	int ret;

	if (size < 9 || size - 9 > 1024) /* more bytes make it slower, not different */
		return 0;
	code.arch = data[0] & 1 ? TARE_ARCH_X86_64 : TARE_ARCH_ARM64;
	memcpy(&code.addr, data + 1, sizeof(code.addr));
	code.len = size - 9;
	bytes = malloc(code.len ? code.len : 1); /* of exactly that size */
	check(bytes != NULL);
	memcpy(bytes, data + 9, code.len);
	code.bytes = bytes;

	called = walk(&code);
	ret = probe_site__entry(&code, &site);
	check(ret || (site.addr - code.addr < ENTRY_BYTES_MAX && site.addr - code.addr < code.len &&
		      site.class != PROBE_REFUSED));
	ret = probe_site__calls(&code, called, sites, 2);
	for (int i = 0; i < ret && i < 2; i++)
		check(sites[i].addr - code.addr < code.len);
	gopattern__in(&code, called, 8, &addr);
	gopattern__find(gopatterns[0].name, gopatterns[0].from, lookup, &code, &addr);
	gotls__decode(&code, &tls);
	free(bytes);
	return 0;
}

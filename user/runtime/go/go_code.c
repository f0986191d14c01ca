// SPDX-License-Identifier: BSD-2-Clause
/* The functions at an address, and what the walk of a stack must know of Go's code. */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "go.h"
#include "insn_call.h"
#include "util.h"

/* Functions that change stacks, or that are at an end of one (runtime/asm_*.s, runtime/cgo/asm_*.s). */
static const struct go_special {
	const char *name;
	enum runtime_base base;
	bool foreign, resumes;
	bool elsewhere; /* it calls on another stack than its own, where its frame pointer leads back to */
} specials[] = {
	{ .name = "runtime.goexit", .base = RUNTIME_BASE_OUTERMOST },
	{ .name = "runtime.mstart", .base = RUNTIME_BASE_OUTERMOST, .foreign = true },
	{ .name = "runtime.rt0_go", .base = RUNTIME_BASE_OUTERMOST, .foreign = true },
	{ .name = "gogo", .base = RUNTIME_BASE_OUTERMOST }, /* it leaves one stack for the other */
	{ .name = "runtime.mcall", .base = RUNTIME_BASE_SWITCHED },
	{ .name = "runtime.morestack", .base = RUNTIME_BASE_SWITCHED },
	{ .name = "runtime.systemstack", .base = RUNTIME_BASE_CROSSED },
	{ .name = "runtime.asmcgocall", .base = RUNTIME_BASE_CROSSED, .foreign = true },
	{ .name = "runtime.execute", .resumes = true },
	{ .name = "runtime.asmcgocall_landingpad", .foreign = true },
	{ .name = "runtime.asmcgocall_no_g", .foreign = true },
	{ .name = "runtime.racecall", .foreign = true },
	{ .name = "runtime.nanotime1", .foreign = true },
	{ .name = "runtime.walltime", .foreign = true },
	{ .name = "runtime.vgetrandom1", .foreign = true },
	{ .name = "time.now", .foreign = true },
	{ .name = "runtime.cgocallback", .elsewhere = true },
	{ .name = "crosscall2", .foreign = true },
	{ .name = "runtime.sigtramp", .foreign = true },
};

/* Bytes of its frame where it keeps the frame pointer by itself and, Go 1.22 and later, once more. */
#define CROSSCALL2_TWO_LINKS 80

int go__code_at(void *self, uint64_t addr, struct runtime_code *code)
{
	struct go *go = self;
	struct go_func func;
	int bytes = pclntab__frame_bytes(go->pclntab, addr);
	bool elsewhere = false;

	if (pclntab__func_at(go->pclntab, addr, &func))
		return -ENOENT;
	*code = (struct runtime_code){
		.known = true,
		.is_call = insn__follows_call(go->prog->img, addr + 1),
		/* a function without a frame keeps its caller's frame pointer, one frame less to follow */
		.has_frame = bytes > 0,
		.return_at = -1,
	};
	for (size_t i = 0; i < ARRAY_SIZE(specials); i++) {
		const struct go_special *s = &specials[i];

		if (strcmp(func.name, s->name))
			continue;
		code->base = s->base;
		code->foreign = s->foreign;
		code->resumes = s->resumes;
		elsewhere = s->elsewhere && code->is_call;
	}
	/* arm64 may still have it in a register, or above other words of its frame */
	if (bytes >= 0 && bytes <= INT16_MAX && image__machine(go->prog->img) == EM_X86_64 && !elsewhere)
		code->return_at = bytes;
	code->two_links = bytes == CROSSCALL2_TWO_LINKS && !strcmp(func.name, "crosscall2");
	return 0;
}

/* funcID_wrapper (runtime/symtab.go), FuncIDWrapper (internal/abi/symtab.go) of Go 1.19 to 1.27 */
static uint8_t wrapper_id(const struct go *go)
{
	return go->minor >= 25 ? 23 : go->minor >= 22 ? 22 : 21;
}

/* What runtime/pprof leaves out of a heap profile's stacks: writeHeapProto in protomem.go, appendLocsForStack in
 * proto.go */
static uint32_t heap_flags(const char *name)
{
	if (!strcmp(name, "runtime.goexit"))
		return TARE_SYMBOL_HEAP_INNER | TARE_SYMBOL_HEAP_OUTER;
	return !strncmp(name, "runtime.", 8) || !strncmp(name, "internal/runtime/", 17) ? TARE_SYMBOL_HEAP_INNER : 0;
}

int go__symbol_at(void *self, uint64_t addr, struct runtime_symbol *sym)
{
	struct go_frame frames[RUNTIME_INLINED_MAX];
	struct go_func func = { .entry = 0 };
	struct go *go = self;
	int nr = pclntab__frames_at(go->pclntab, addr, frames, RUNTIME_INLINED_MAX);

	if (nr < 1)
		return -ENOENT;
	pclntab__func_at(go->pclntab, addr, &func);
	*sym = (struct runtime_symbol){ .nr = nr, .start = func.entry };
	for (int i = 0; i < nr; i++) {
		sym->frames[i] = (struct runtime_frame){ .name = frames[i].name,
							 .file = frames[i].file,
							 .line = frames[i].line,
							 .wrapper = frames[i].func_id == wrapper_id(go),
							 .owner = go_owner(frames[i].name),
							 .heap = heap_flags(frames[i].name) };
		if (!sym->own && sym->frames[0].owner != TARE_OWNER_PROGRAM &&
		    sym->frames[i].owner == TARE_OWNER_PROGRAM)
			sym->own = i;
	}
	return 0;
}

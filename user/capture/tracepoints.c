// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "kernel_btf.h"
#include "tracepoints.h"
#include "util.h"

static const struct {
	const char *prog, *tracepoint;
	enum tare_when when;
	bool required;
} tracepoints[] = {
#define X(name, tracepoint, when, required, lost) { #name, tracepoint, TARE_##when, required },
	TARE_TRACEPOINTS(X)
#undef X
};

void tracepoints__configure(struct bpf_object *obj)
{
	for (size_t i = 0; i < ARRAY_SIZE(tracepoints); i++) {
		struct bpf_program *prog = bpf_object__find_program_by_name(obj, tracepoints[i].prog);

		bpf_program__set_autoattach(prog, tracepoints[i].when == TARE_ALWAYS);
		/* one that the kernel lacks would keep all from loading */
		if (!tracepoints[i].required)
			bpf_program__set_autoload(prog, kernel_btf__has_tracepoint(tracepoints[i].tracepoint));
	}
}

void tracepoints__attach(struct bpf_object *obj, enum tare_when when, void (*keep)(struct bpf_link *link, void *ctx),
			 void *ctx)
{
	for (size_t i = 0; i < ARRAY_SIZE(tracepoints); i++) {
		struct bpf_program *prog = bpf_object__find_program_by_name(obj, tracepoints[i].prog);
		struct bpf_link *link;

		if (tracepoints[i].when != when || !bpf_program__autoload(prog))
			continue;
		link = bpf_program__attach(prog);
		if (link)
			keep(link, ctx);
		else
			info("nothing comes from the tracepoint %s: %s", tracepoints[i].tracepoint, strerror(errno));
	}
}

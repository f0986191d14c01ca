// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "describing_frames.h"
#include "modules.h"
#include "pid_ns.h"
#include "proc.h"
#include "util.h"

#define ALIGN8(n) (((n) + 7u) & ~7u)

#if defined(__x86_64__)
#define THIS_ARCH TARE_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCH TARE_ARCH_ARM64
#endif

int describing_frames__header(struct writer *w, unsigned nr_cpus)
{
	struct tare_header h = {
		.version = TARE_FORMAT_VERSION,
		.arch = THIS_ARCH,
		.nr_cpus = nr_cpus,
		.page_size = sysconf(_SC_PAGESIZE),
		.mono_ns = now_ns(),
		.boot_ns = boot_now_ns(),
		.real_ns = real_now_ns(),
		.ticks_hz = sysconf(_SC_CLK_TCK),
	};
	struct iovec iov = { &h, sizeof(h) };

	return writer__frame(w, TARE_FRAME_HEADER, 0, h.mono_ns, &iov, 1);
}

int describing_frames__info(struct writer *w, const char *const (*pairs)[2], unsigned nr)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	struct iovec iov;
	int ret;

	if (!f)
		return -ENOMEM;
	for (unsigned i = 0; i < nr; i++)
		fprintf(f, "%s=%s%c", pairs[i][0], pairs[i][1], '\0');
	if (fclose(f)) {
		free(text);
		return -ENOMEM;
	}
	iov = (struct iovec){ text, len };
	ret = writer__frame(w, TARE_FRAME_INFO, 0, now_ns(), &iov, 1);
	free(text);
	return ret;
}

struct names {
	FILE *f;
	pid_t pid;
};

static void on_name(unsigned kind, uint64_t nr, const char *name, void *ctx)
{
	static const char pad[8];
	struct names *names = ctx;
	struct tare_number_name head = { .pid = names->pid, .kind = kind, .number = nr, .text_len = strlen(name) };

	head.size = ALIGN8(sizeof(head) + head.text_len);
	fwrite(&head, sizeof(head), 1, names->f);
	fwrite(name, 1, head.text_len, names->f);
	fwrite(pad, 1, head.size - sizeof(head) - head.text_len, names->f);
}

int describing_frames__names(struct writer *w, pid_t pid, const struct runtime *runtime, void *self)
{
	char *text = NULL;
	size_t len = 0;
	struct names names = { open_memstream(&text, &len), pid };
	struct iovec iov;
	int ret = -ENOMEM;

	if (!names.f)
		return ret;
	runtime->names(self, on_name, &names);
	if (runtime->green_thread)
		on_name(TARE_NAME_GREEN, 0, runtime->green_thread, &names);
	if (!fclose(names.f)) {
		iov = (struct iovec){ text, len };
		ret = writer__frame(w, TARE_FRAME_NAMES, 0, now_ns(), &iov, 1);
	}
	free(text);
	return ret;
}

int describing_frames__host(struct writer *w, const char *cmdline)
{
	char pid[16], text[24], build_id[64], cpu[128], cpu_id[80], memory[24];
	struct utsname u;

	if (uname(&u))
		return -errno;
	snprintf(pid, sizeof(pid), "%d", pid_ns__kernel(getpid()));
	const char *const pairs[][2] = {
		{ "version", TARE_VERSION },
		{ "kernel", u.release },
		{ "kernel_version", u.version },
		{ "machine", u.machine },
		{ "hostname", u.nodename },
		{ "cmdline", cmdline },
		{ TARE_INFO_RECORDER, pid },
		{ TARE_INFO_KERNEL_TEXT, host__kernel_text(text, sizeof(text)) },
		{ TARE_INFO_KERNEL_BUILD_ID, host__kernel_build_id(build_id, sizeof(build_id)) },
		{ TARE_INFO_CPU, host__field("/proc/cpuinfo", "model name", cpu, sizeof(cpu)) },
		{ TARE_INFO_CPU_ID, host__cpu_id(cpu_id, sizeof(cpu_id)) },
		{ TARE_INFO_MEMORY_KB, host__field("/proc/meminfo", "MemTotal", memory, sizeof(memory)) },
	};

	return describing_frames__info(w, pairs, ARRAY_SIZE(pairs));
}

/* By CLOCK_MONOTONIC, to a tick; the same on every call, even across a suspend. */
static uint64_t start_ns(pid_t pid)
{
	uint64_t ns = proc__start_ticks(pid) * (NSEC_PER_SEC / sysconf(_SC_CLK_TCK));
	static uint64_t suspended_ns;
	static bool known;
	struct timespec boot;

	if (!known) {
		clock_gettime(CLOCK_BOOTTIME, &boot);
		suspended_ns = boot.tv_sec * NSEC_PER_SEC + boot.tv_nsec - now_ns();
		known = true;
	}
	return ns > suspended_ns ? ns - suspended_ns : 0;
}

static int write_process(struct writer *w, pid_t pid)
{
	static const char pad[8];
	char cmdline[4096], exe[4096], link[32];
	ssize_t cmdline_len = proc__read(pid, "cmdline", cmdline, sizeof(cmdline)), exe_len;
	struct tare_process p = { .pid = pid, .start_ns = start_ns(pid) };
	struct iovec iov[4];
	long ppid;

	if (cmdline_len < 0)
		return cmdline_len;
	ppid = proc__status(pid, "PPid");
	if (ppid < 0)
		return ppid;
	snprintf(link, sizeof(link), "/proc/%d/exe", pid_ns__here(pid));
	exe_len = readlink(link, exe, sizeof(exe));
	p.ppid = pid_ns__kernel(ppid);
	p.cmdline_len = cmdline_len;
	p.exe_len = exe_len < 0 ? 0 : exe_len;
	p.size = ALIGN8(sizeof(p) + p.cmdline_len + p.exe_len);
	iov[0] = (struct iovec){ &p, sizeof(p) };
	iov[1] = (struct iovec){ cmdline, p.cmdline_len };
	iov[2] = (struct iovec){ exe, p.exe_len };
	iov[3] = (struct iovec){ (void *)pad, p.size - sizeof(p) - p.cmdline_len - p.exe_len };
	return writer__frame(w, TARE_FRAME_PROCESSES, 0, now_ns(), iov, 4);
}

struct module_list {
	FILE *f;
	pid_t pid;
};

static int add_module(const struct module *m, void *ctx)
{
	static const char pad[8];
	struct module_list *list = ctx;
	size_t path_len = strlen(m->path);
	struct tare_module r = {
		.pid = list->pid,
		.size = ALIGN8(sizeof(r) + path_len),
		.start = m->start,
		.end = m->end,
		.offset = m->offset,
		.path_len = path_len,
		.build_id_len = m->build_id_len,
	};

	memcpy(r.build_id, m->build_id, sizeof(r.build_id));
	fwrite(&r, sizeof(r), 1, list->f);
	fwrite(m->path, path_len, 1, list->f);
	fwrite(pad, r.size - sizeof(r) - path_len, 1, list->f);
	return ferror(list->f) ? -ENOMEM : 0;
}

int describing_frames__process(struct writer *w, pid_t pid)
{
	struct module_list list = { .pid = pid };
	struct iovec iov;
	char *data = NULL;
	size_t len = 0;
	int ret = write_process(w, pid);

	if (ret)
		return ret;
	list.f = open_memstream(&data, &len);
	if (!list.f)
		return -ENOMEM;
	ret = modules__for_each(pid, add_module, &list);
	if (fclose(list.f) && !ret)
		ret = -ENOMEM;
	iov = (struct iovec){ data, len };
	if (!ret && len)
		ret = writer__frame(w, TARE_FRAME_MODULES, 0, now_ns(), &iov, 1);
	free(data);
	return ret;
}

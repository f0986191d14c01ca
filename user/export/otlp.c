// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "otlp.h"
#include "report_rows.h"
#include "util.h"

enum {
	KEY_VALUE_KEY = 1,
	KEY_VALUE_VALUE = 2,
	ANY_INT = 3,
	SCOPE_NAME = 1,
	SCOPE_VERSION = 2,
};

void otlp__text(struct pb *pb, uint32_t field, const char *key, const char *value)
{
	char safe[MODEL_MAX_INFO_LEN + 1];
	size_t at, any;

	if (!value || !value[0])
		return;
	at = pb__open(pb, field);
	pb__string(pb, KEY_VALUE_KEY, key);
	any = pb__open(pb, KEY_VALUE_VALUE);
	pb__string(pb, OTLP_ANY_STRING, sanitize(value, strlen(value), safe, sizeof(safe)));
	pb__close(pb, any);
	pb__close(pb, at);
}

static void put_int(struct pb *pb, uint32_t field, const char *key, uint64_t value)
{
	size_t at = pb__open(pb, field), any;

	pb__string(pb, KEY_VALUE_KEY, key);
	any = pb__open(pb, KEY_VALUE_VALUE);
	pb__int(pb, ANY_INT, value);
	pb__close(pb, any);
	pb__close(pb, at);
}

/* As OpenTelemetry calls it. */
static const char *arch_name(const char *machine)
{
	static const char *const names[][2] = { { "x86_64", "amd64" }, { "aarch64", "arm64" } };

	for (size_t i = 0; machine && i < ARRAY_SIZE(names); i++)
		if (!strcmp(machine, names[i][0]))
			return names[i][1];
	return machine;
}

void otlp__host(struct pb *pb, const char *hostname, const char *machine, const char *kernel)
{
	otlp__text(pb, OTLP_RESOURCE_ATTRIBUTES, "host.name", hostname);
	otlp__text(pb, OTLP_RESOURCE_ATTRIBUTES, "host.arch", arch_name(machine));
	otlp__text(pb, OTLP_RESOURCE_ATTRIBUTES, "os.type", "linux");
	otlp__text(pb, OTLP_RESOURCE_ATTRIBUTES, "os.version", kernel);
}

/* Names of OpenTelemetry's semantic conventions 1.44. */
void otlp__resource(struct pb *pb, const struct model *m, uint32_t pid, const char *name, bool only)
{
	size_t at = pb__open(pb, OTLP_RESOURCE);

	otlp__text(pb, OTLP_RESOURCE_ATTRIBUTES, "service.name", pid && name[0] ? name : m->target_comm);
	if (pid) {
		put_int(pb, OTLP_RESOURCE_ATTRIBUTES, "process.pid", pid);
		otlp__text(pb, OTLP_RESOURCE_ATTRIBUTES, "process.executable.name", name);
	}
	if (only) {
		otlp__text(pb, OTLP_RESOURCE_ATTRIBUTES, "process.runtime.name", target_runtime(m));
		otlp__text(pb, OTLP_RESOURCE_ATTRIBUTES, "process.runtime.version", model__info(m, "runtime_version"));
	}
	otlp__host(pb, model__info(m, "hostname"), model__info(m, "machine"), model__info(m, "kernel"));
	pb__close(pb, at);
}

void otlp__scope(struct pb *pb)
{
	size_t at = pb__open(pb, OTLP_SCOPE_SCOPE);

	pb__string(pb, SCOPE_NAME, "tare");
	pb__string(pb, SCOPE_VERSION, TARE_VERSION);
	pb__close(pb, at);
}

uint64_t otlp__begin_ns(const struct model *m)
{
	return m->header.real_ns + (m->begin_ns - m->header.mono_ns);
}

uint64_t otlp__end_ns(const struct model *m)
{
	return otlp__begin_ns(m) + model__duration(m);
}

int otlp__write(const struct pb *pb, FILE *to)
{
	int ret = pb__error(pb);

	errno = 0;
	if (!ret && fwrite(pb->data, 1, pb->len, to) != pb->len)
		ret = -(errno ? errno : EIO);
	return ret;
}

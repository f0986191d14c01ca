// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <linux/perf_event.h>
#include <string.h>

#include "event_names.h"
#include "perf_kinds.h"
#include "schedule.h"
#include "util.h"

#define FIRST_ID     60000 /* above those of any kernel's tracepoints; 16 bits */
#define COMMON_BYTES 8

static const struct {
	const char *c_type, *format;
	uint8_t size;
	bool is_array, is_signed;
} types[] = {
	[PERF_COMM] = { "char", "%s", TARE_COMM_LEN, true, false },
	[PERF_TEXT] = { "char", "%s", 48, true, false },
	[PERF_PID] = { "pid_t", "%d", 4, false, true },
	[PERF_INT] = { "int", "%d", 4, false, true },
	[PERF_CPU] = { "int", "%03d", 4, false, true },
	[PERF_LONG] = { "long", "%ld", 8, false, true },
	[PERF_U64] = { "u64", "%lu", 8, false, false },
	[PERF_S64] = { "s64", "%ld", 8, false, true },
};

static const struct perf_kind kinds[] = {
	[PERF_CPU_CLOCK] = { NULL, "cpu-clock", PERF_COUNT_SW_CPU_CLOCK, 0, { { 0 } } },
	/* as `perf record --off-cpu` calls it */
	[PERF_OFF_CPU] = { NULL, "offcpu-time", PERF_COUNT_SW_BPF_OUTPUT, 0, { { 0 } } },
	[PERF_SCHED_SWITCH] = { "sched",
				"sched_switch",
				0,
				7,
				{ { "prev_comm", PERF_COMM },
				  { "prev_pid", PERF_PID },
				  { "prev_prio", PERF_INT },
				  { "prev_state", PERF_LONG },
				  { "next_comm", PERF_COMM },
				  { "next_pid", PERF_PID },
				  { "next_prio", PERF_INT } } },
	[PERF_SCHED_WAKING] = { "sched",
				"sched_waking",
				0,
				4,
				{ { "comm", PERF_COMM },
				  { "pid", PERF_PID },
				  { "prio", PERF_INT },
				  { "target_cpu", PERF_CPU } } },
	[PERF_SCHED_WAKEUP] = { "sched",
				"sched_wakeup",
				0,
				4,
				{ { "comm", PERF_COMM },
				  { "pid", PERF_PID },
				  { "prio", PERF_INT },
				  { "target_cpu", PERF_CPU } } },
	/* before Linux 6.7: perf's older readers look for the last field */
	[PERF_SCHED_RUNTIME] = { "sched",
				 "sched_stat_runtime",
				 0,
				 4,
				 { { "comm", PERF_COMM },
				   { "pid", PERF_PID },
				   { "runtime", PERF_U64 },
				   { "vruntime", PERF_U64 } } },
	[PERF_GOROUTINE] = { "tare",
			     "goroutine",
			     0,
			     4,
			     { { "goroutine", PERF_U64 },
			       { "p", PERF_INT },
			       { "status", PERF_INT },
			       { "wait_reason", PERF_INT } } },
	[PERF_PAUSE] = { "tare",
			 "pause",
			 0,
			 8,
			 { { "number", PERF_U64 },
			   { "reason", PERF_TEXT },
			   { "total_ns", PERF_U64 },
			   { "stopping_ns", PERF_U64 },
			   { "main_cause", PERF_COMM },
			   { "main_cause_ns", PERF_U64 },
			   { "straggler", PERF_COMM },
			   { "straggler_tid", PERF_PID } } },
	[PERF_PAUSE_CAUSE] = { "tare",
			       "pause_cause",
			       0,
			       6,
			       { { "number", PERF_U64 },
				 { "part", PERF_COMM },
				 { "cause", PERF_COMM },
				 { "ns", PERF_U64 },
				 { "tid", PERF_PID },
				 { "on_cpu", PERF_INT } } },
};

/* An event of the runtime: its goroutine, then the numbers that come with it. */
static struct perf_kind runtime_kind(unsigned event)
{
	struct perf_kind k = { "tare", runtime_event_name(event), 0, 0, { { 0 } } };
	const char *name = "goroutine";

	for (unsigned i = 0; name && k.nr_fields < PERF_MAX_FIELDS; name = runtime_arg_name(event, i++))
		/* signed, so that an unknown number is -1 */
		k.fields[k.nr_fields++] = (struct perf_field){ name, PERF_S64 };
	return k;
}

struct perf_kind perf_kind(unsigned number)
{
	struct perf_kind k = number < PERF_RUNTIME ? kinds[number] : runtime_kind(number - PERF_RUNTIME);

	if (k.system)
		k.config = FIRST_ID + number;
	return k;
}

const char *perf_kind__name(const struct perf_kind *k, char buf[64])
{
	snprintf(buf, 64, "%s%s%s", k->system ?: "", k->system ? ":" : "", k->name);
	return buf;
}

/* A field's offset, which is a multiple of its size, as a compiler places it. */
static unsigned place(unsigned at, enum perf_type type)
{
	unsigned align = types[type].is_array ? 1 : types[type].size;

	return (at + align - 1) / align * align;
}

/* ---- the description ---- */

static void print_field(const char *type, const char *name, const char *array, unsigned at, unsigned size,
			bool is_signed, FILE *to)
{
	fprintf(to, "\tfield:%s %s%s;\toffset:%u;\tsize:%u;\tsigned:%d;\n", type, name, array, at, size, is_signed);
}

/* The states as sched_switch prints them, bits of prev_state, and the one that says preempted. */
static void print_state_format(FILE *to)
{
	fputs("\"prev_comm=%s prev_pid=%d prev_prio=%d prev_state=%s%s ==> next_comm=%s next_pid=%d next_prio=%d\", "
	      "REC->prev_comm, REC->prev_pid, REC->prev_prio, (REC->prev_state & 0xff) ? "
	      "__print_flags(REC->prev_state & 0xff, \"|\", { 0x01, \"S\" }, { 0x02, \"D\" }, { 0x04, \"T\" }, "
	      "{ 0x08, \"t\" }, { 0x10, \"X\" }, { 0x20, \"Z\" }, { 0x40, \"P\" }, { 0x80, \"I\" }) : \"R\", "
	      "REC->prev_state & 0x100 ? \"+\" : \"\", REC->next_comm, REC->next_pid, REC->next_prio\n",
	      to);
}

static bool is_switch(const struct perf_kind *k)
{
	return k->config == FIRST_ID + PERF_SCHED_SWITCH;
}

void perf_kind__print_format(const struct perf_kind *k, FILE *to)
{
	unsigned at = COMMON_BYTES;
	char array[16];

	fprintf(to, "name: %s\nID: %" PRIu64 "\nformat:\n", k->name, k->config);
	print_field("unsigned short", "common_type", "", 0, 2, false, to);
	print_field("unsigned char", "common_flags", "", 2, 1, false, to);
	print_field("unsigned char", "common_preempt_count", "", 3, 1, false, to);
	print_field("int", "common_pid", "", 4, 4, true, to);
	fputc('\n', to);
	for (unsigned i = 0; i < k->nr_fields; i++) {
		const struct perf_field *f = &k->fields[i];

		at = place(at, f->type);
		array[0] = '\0';
		if (types[f->type].is_array)
			snprintf(array, sizeof(array), "[%u]", types[f->type].size);
		print_field(types[f->type].c_type, f->name, array, at, types[f->type].size, types[f->type].is_signed,
			    to);
		at += types[f->type].size;
	}
	fputs("\nprint fmt: ", to);
	if (is_switch(k)) {
		print_state_format(to);
		return;
	}
	for (unsigned i = 0; i < k->nr_fields; i++)
		fprintf(to, "%s%s=%s", i ? " " : "\"", k->fields[i].name, types[k->fields[i].type].format);
	fputc('"', to);
	for (unsigned i = 0; i < k->nr_fields; i++)
		fprintf(to, ", REC->%s", k->fields[i].name);
	fputc('\n', to);
}

/* ---- samples ---- */

unsigned perf_kind__raw(const struct perf_kind *k, uint32_t tid, const struct perf_value *values,
			uint8_t raw[PERF_RAW_MAX])
{
	const uint16_t id = k->config;
	unsigned at = COMMON_BYTES;

	memset(raw, 0, COMMON_BYTES);
	memcpy(raw, &id, sizeof(id));
	memcpy(raw + 4, &tid, sizeof(tid));
	for (unsigned i = 0; i < k->nr_fields; i++) {
		enum perf_type type = k->fields[i].type;
		unsigned begin = place(at, type);

		memset(raw + at, 0, begin + types[type].size - at);
		at = begin;
		if (types[type].is_array) /* terminated */
			memcpy(raw + at, values[i].text, strnlen(values[i].text, types[type].size - 1));
		else
			memcpy(raw + at, &values[i].n, types[type].size); /* little-endian, as the file */
		at += types[type].size;
	}
	memset(raw + at, 0, 7);
	return (at + 3) / 4 * 4;
}

static const char *state_name(uint64_t state)
{
	static const char *const names[] = { "S", "D", "T", "t", "X", "Z", "P", "I" };

	if (state & SCHED_PREEMPTED)
		return "R+";
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (state & 1u << i)
			return names[i];
	}
	return "R";
}

static void print_value(enum perf_type type, const struct perf_value *v, struct line *to)
{
	switch (type) {
	case PERF_COMM:
	case PERF_TEXT:
		line__put(to, v->text, strnlen(v->text, types[type].size - 1));
		break;
	case PERF_CPU:
		line__number(to, (uint32_t)v->n, 3, '0');
		break;
	case PERF_LONG:
		line__text(to, state_name(v->n));
		break;
	case PERF_U64:
		line__number(to, v->n, 0, ' ');
		break;
	default:
		line__signed(to, types[type].size == 4 ? (int64_t)(int32_t)v->n : (int64_t)v->n);
	}
}

void perf_kind__print(const struct perf_kind *k, const struct perf_value *values, struct line *to)
{
	bool arrow = is_switch(k);

	for (unsigned i = 0; i < k->nr_fields; i++) {
		const struct perf_field *f = &k->fields[i];

		if (arrow && !strcmp(f->name, "next_comm"))
			line__text(to, " ==>");
		if (i)
			line__put(to, " ", 1);
		line__text(to, f->name);
		line__put(to, "=", 1);
		print_value(f->type, &values[i], to);
	}
}

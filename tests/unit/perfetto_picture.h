/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of Perfetto's trace: events of a runtime made by hand, and what is drawn from them. */
#ifndef TARE_TEST_PERFETTO_PICTURE_H
#define TARE_TEST_PERFETTO_PICTURE_H

#include "export_sink.h"

enum { PACKET_TIME = 8, SEQUENCE_ID = 10, SEQUENCE_FLAGS = 13, TRACK_EVENT = 11, INTERNED = 12, TRACK_DESCRIPTOR = 60 };
enum { BEGIN = 1, END, INSTANT, COUNTER };
enum { PID = 100, MAX_TRACKS = 64, MAX_OPEN = 16, MAX_DRAWN = 40000, MAX_TEXTS = 20000 };

/* ---- events ---- */

static inline void runtime(struct sink *s, uint64_t ts_ns, uint32_t tid, int event, uint64_t goroutine, int n,
			   uint64_t a, uint64_t b, uint64_t c)
{
	struct event ev = { .kind = EVENT_RUNTIME,
			    .ts_ns = ts_ns,
			    .runtime = {
				    .event = event, .nr_args = n, .tid = tid, .tgid = PID, .goroutine = goroutine } };
	uint64_t args[] = { a, b, c };

	for (int i = 0; i < TARE_RT_MAX_ARGS; i++)
		ev.runtime.args[i] = i < n && i < 3 ? args[i] : TARE_UNKNOWN;
	feed(s, ev);
}

static inline void signal_at(struct sink *s, uint64_t ts_ns, int step, uint32_t tid, uint32_t from)
{
	feed(s, (struct event){ .kind = EVENT_SIGNAL,
				.ts_ns = ts_ns,
				.signal = { .step = step, .tid = tid, .other = from, .tgid = PID, .ip = 0x1234 } });
}

static inline void irq(struct sink *s, uint64_t ts_ns, uint32_t tid, int number, uint32_t ns)
{
	feed(s, (struct event){ .kind = EVENT_IRQ, .ts_ns = ts_ns, .irq = { .number = number, .tid = tid, .ns = ns } });
}

static inline void goroutine(struct sink *s, uint64_t ts_ns, uint32_t tid, uint64_t g, int status, int wait_reason)
{
	feed(s, (struct event){
			.kind = EVENT_GOROUTINE,
			.ts_ns = ts_ns,
			.goroutine = {
				.status = status, .tid = tid, .wait_reason = wait_reason, .p = 1, .goroutine = g } });
}

static inline void number_name(struct sink *s, unsigned kind, uint64_t number, const char *text)
{
	struct tare_number_name head = { .pid = PID, .kind = kind, .number = number, .text_len = strlen(text) };

	feed(s, (struct event){ .kind = EVENT_NUMBER_NAME, .number_name = { lasting(s, &head, sizeof(head)), text } });
}

/* Two threads of one process on two CPUs. */
static inline void begin(struct sink *s)
{
	start(s, &exporter_perfetto);
	number_name(s, TARE_NAME_STOP_REASON, 2, "GC sweep\xff termination");
	number_name(s, TARE_NAME_GC_PHASE, 0, "off");
	number_name(s, TARE_NAME_GC_PHASE, 1, "mark");
	number_name(s, TARE_NAME_WAIT_REASON, 3, "select");
	number_name(s, TARE_NAME_STATUS, 2, "running");
	number_name(s, TARE_NAME_STATUS, 4, "waiting");
	snapshot(s, 1000, 100, "main", 0);
	snapshot(s, 1000, 101, "worker", 1);
}

/* ---- what was drawn: as a viewer takes it, sorted by time, then by the order in the file ---- */

struct drawn {
	uint64_t ts_ns, track, seq, forgotten; /* texts up to that number are not known any more */
	int type;
	struct field event;
};

struct picture {
	struct field *texts; /* by number: no number is used twice, for whichever kind */
	uint64_t last_text, forgotten;
	bool on_lanes; /* look for slices only there; else only elsewhere */
	struct drawn *at;
	unsigned nr, nr_tracks;
	struct {
		uint64_t uuid;
		struct field descriptor;
	} tracks[MAX_TRACKS];
};

static inline int by_time(const void *a, const void *b)
{
	const struct drawn *x = a, *y = b;

	if (x->ts_ns != y->ts_ns)
		return x->ts_ns < y->ts_ns ? -1 : 1;
	return x->seq < y->seq ? -1 : 1;
}

static inline struct field track_of(const struct picture *p, uint64_t uuid)
{
	for (unsigned i = 0; i < p->nr_tracks; i++) {
		if (p->tracks[i].uuid == uuid)
			return p->tracks[i].descriptor;
	}
	fail_msg("an event on a track that is not described before it");
	return (struct field){ 0 };
}

static inline void add_track(struct picture *p, struct field descriptor)
{
	uint64_t uuid = get(descriptor, 1, 0).value, parent = get(descriptor, 5, 0).value;

	assert_true(p->nr_tracks < MAX_TRACKS);
	assert_true(uuid != 0);
	for (unsigned i = 0; i < p->nr_tracks; i++)
		assert_true(p->tracks[i].uuid != uuid);
	if (parent)
		assert_int_equal(get(get(track_of(p, parent), 3, 0), 1, 0).value, PID);
	p->tracks[p->nr_tracks].uuid = uuid;
	p->tracks[p->nr_tracks++].descriptor = descriptor;
}

static inline void add_texts(struct picture *p, struct field data)
{
	struct field entry;

	for (uint32_t kind = 1; data.nr && kind <= 3; kind++) {
		for (unsigned i = 0; (entry = get(data, kind, i)).nr; i++) {
			uint64_t iid = get(entry, 1, 0).value;

			assert_true(iid && iid < MAX_TEXTS && !p->texts[iid].nr);
			p->texts[iid] = get(entry, 2, 0);
			p->last_text = iid;
		}
	}
}

/* The text whose number field @nr of @m has. */
static inline struct field text_of(const struct picture *p, const struct drawn *d, struct field m, uint32_t nr)
{
	struct field iid = get(m, nr, 0);

	assert_true(!iid.nr || (iid.value > d->forgotten && iid.value < MAX_TEXTS && p->texts[iid.value].nr));
	return iid.nr ? p->texts[iid.value] : iid;
}

static inline struct picture look(const struct sink *s)
{
	const uint8_t *pos = (const uint8_t *)s->data;
	struct picture p = { .texts = calloc(MAX_TEXTS, sizeof(*p.texts)), .at = calloc(MAX_DRAWN, sizeof(*p.at)) };
	struct field packet, event;

	assert_true(p.at && p.texts);
	while (next_field(&pos, (const uint8_t *)s->data + s->len, &packet)) {
		event = get(packet, TRACK_DESCRIPTOR, 0);
		if (event.nr)
			add_track(&p, event);
		if (get(packet, SEQUENCE_ID, 0).value == 1) {
			if (get(packet, SEQUENCE_FLAGS, 0).value & 1)
				p.forgotten = p.last_text;
			add_texts(&p, get(packet, INTERNED, 0));
		}
		event = get(packet, TRACK_EVENT, 0);
		if (!event.nr)
			continue;
		assert_true(p.nr < MAX_DRAWN);
		p.at[p.nr] = (struct drawn){ get(packet, PACKET_TIME, 0).value - BOOT_OFFSET,
					     get(event, 11, 0).value,
					     p.nr,
					     p.forgotten,
					     get(event, 9, 0).value,
					     event };
		track_of(&p, p.at[p.nr++].track);
	}
	qsort(p.at, p.nr, sizeof(*p.at), by_time);
	return p;
}

static inline bool is_text(struct field f, const char *text)
{
	return f.data && f.value == strlen(text) && !memcmp(f.data, text, f.value);
}

/* A pause's name goes on with its main cause: "GC sweep termination: runqueue". */
static inline bool is_named(struct field f, const char *name)
{
	size_t len = strlen(name);

	return is_text(f, name) ||
	       (f.data && f.value > len + 2 && !memcmp(f.data, name, len) && !memcmp(f.data + len, ": ", 2));
}

static inline bool is_on_lane(const struct picture *p, const struct drawn *d)
{
	struct field name = get(track_of(p, d->track), 2, 0);

	return name.data && name.value > 2 && !memcmp(name.data, "P ", 2);
}

/* The @index-th slice or instant called @name: where it begins, and where the slice ends (0: it does not). */
static inline const struct drawn *drawn(const struct picture *p, const char *name, unsigned index,
					const struct drawn **end)
{
	const struct drawn *d, *found = NULL;
	int depth = 0;

	if (end)
		*end = NULL;
	for (d = p->at; d < p->at + p->nr && !found; d++) {
		if ((d->type == BEGIN || d->type == INSTANT) && is_on_lane(p, d) == p->on_lanes &&
		    is_named(text_of(p, d, d->event, 10), name) && !index--)
			found = d;
	}
	for (; found && found->type == BEGIN && d < p->at + p->nr && depth >= 0; d++) {
		if (d->track != found->track || (d->type != BEGIN && d->type != END))
			continue;
		depth += d->type == BEGIN ? 1 : -1;
		if (depth < 0 && end)
			*end = d;
	}
	return found;
}

static inline void assert_slice(const struct picture *p, const char *name, unsigned index, uint64_t from_ns,
				uint64_t to_ns)
{
	const struct drawn *end, *d = drawn(p, name, index, &end);

	assert_non_null(d);
	assert_int_equal(d->type, BEGIN);
	assert_int_equal(d->ts_ns, from_ns);
	if (!to_ns) {
		assert_null(end);
		return;
	}
	assert_non_null(end);
	assert_int_equal(end->ts_ns, to_ns);
}

/* The argument called @name; .nr is 0 where there is none. */
static inline struct field arg(const struct picture *p, const struct drawn *d, const char *name)
{
	struct field a, value;

	for (unsigned i = 0; (a = get(d->event, 4, i)).nr; i++) {
		if (!is_text(text_of(p, d, a, 1), name))
			continue;
		for (uint32_t kind = 2; kind <= 7; kind++) {
			value = get(a, kind, 0);
			if (value.nr)
				return value;
		}
	}
	return (struct field){ 0 };
}

static inline void done(struct sink *s, struct picture *p)
{
	free(p->texts);
	free(p->at);
	free(s->data);
}

/* ---- a runtime at its worst ---- */

static inline void feed_runtime_chaos(struct sink *s, uint64_t seed, int nr)
{
	uint64_t ts_ns = 10000;

	for (int i = 0; i < nr; i++) {
		uint64_t r = random_u64(&seed), ts = ts_ns += r >> 54;
		uint32_t tid = 100 + (r & 3), other = 100 + (r >> 2 & 3);

		if (!(r >> 8 & 15))
			ts -= 3000;
		switch (r >> 4 & 15) {
		case 0:
			goroutine(s, ts, tid, r >> 40 & 3, r >> 42 & 15, r >> 46 & 7);
			feed(s, switch_of(ts, r & 1, tid, r >> 50 & 3, r >> 52 & 1, 0));
			break;
		case 1:
			feed(s, switch_of(ts, r & 1, 0, 0, false, tid));
			break;
		case 2:
			signal_at(s, ts, r >> 50 & 1, tid, other);
			break;
		case 3:
			irq(s, ts, tid, r >> 50 & 15, r >> 52);
			break;
		default:
			runtime(s, ts, tid, r >> 40 & 31, r >> 46 & 7, r >> 49 & 3, r >> 51 & 3, r >> 53 & 3,
				r >> 55 & 3);
		}
	}
}

#endif /* TARE_TEST_PERFETTO_PICTURE_H */

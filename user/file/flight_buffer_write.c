// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flight_buffer_impl.h"

#define WRITE_BYTES (4u << 20) /* between two calls of meanwhile() */

static struct tare_array array_of(const struct held *h)
{
	struct tare_array a = { 0 };

	if (h && h->head.len >= sizeof(a))
		memcpy(&a, h->payload, sizeof(a));
	return a;
}

static struct tare_loss loss_at(const struct held *h, uint32_t i)
{
	struct tare_loss l;

	memcpy(&l, h->payload + sizeof(struct tare_array) + i * sizeof(l), sizeof(l));
	return l;
}

/* Running totals continue from those before the begin; those that have not grown since are left out. */
static int write_loss(const struct flight_buffer *s, const struct held *h, struct writer *w)
{
	uint32_t nr = array_of(h).count, nr_before = array_of(s->loss).count, out = 0;
	struct tare_loss *all = calloc(nr + 1, sizeof(*all));
	int ret = 0;

	if (!all)
		return -ENOMEM;
	for (uint32_t i = 0; i < nr; i++) {
		struct tare_loss l = loss_at(h, i);

		for (uint32_t j = 0; j < nr_before; j++) {
			struct tare_loss b = loss_at(s->loss, j);

			if (b.cls == l.cls && b.cpu == l.cpu)
				l.count -= b.count;
		}
		if (l.count)
			all[out++] = l;
	}
	if (out)
		ret = writer__array(w, TARE_FRAME_LOSS, h->head.ts_ns, all, sizeof(*all), out);
	free(all);
	return ret;
}

static struct tare_probe probe_at(const struct held *h, uint32_t i)
{
	struct tare_probe p;

	memcpy(&p, h->payload + sizeof(struct tare_array) + i * sizeof(p), sizeof(p));
	return p;
}

static int write_probes(const struct flight_buffer *s, const struct held *h, struct writer *w)
{
	uint32_t nr = array_of(h).count, nr_before = array_of(s->probes).count;
	struct tare_probe *all = calloc(nr + 1, sizeof(*all));
	int ret;

	if (!all)
		return -ENOMEM;
	for (uint32_t i = 0; i < nr; i++) {
		all[i] = probe_at(h, i);
		for (uint32_t j = 0; j < nr_before; j++) {
			struct tare_probe b = probe_at(s->probes, j);

			if (strncmp(b.name, all[i].name, sizeof(b.name)))
				continue;
			all[i].hits -= b.hits;
			all[i].timed_hits -= b.timed_hits;
			all[i].timed_ns -= b.timed_ns;
		}
	}
	ret = writer__array(w, TARE_FRAME_PROBES, h->head.ts_ns, all, sizeof(*all), nr);
	free(all);
	return ret;
}

static int write_as_is(const struct held *h, struct writer *w)
{
	struct iovec iov = { (void *)h->payload, h->head.len };

	return writer__frame(w, h->head.type, h->head.cpu, h->head.ts_ns, &iov, 1);
}

static int write_end(const struct flight_buffer *s, const struct held *h, struct writer *w)
{
	const struct held *begin = s->frames.first;
	struct iovec iov;
	struct tare_end end;

	if (!begin->is_mark || h->head.len != sizeof(end))
		return write_as_is(h, w);
	memcpy(&end, h->payload, sizeof(end));
	end.self_cpu_ns -= begin->self_cpu_ns;
	iov = (struct iovec){ &end, sizeof(end) };
	return writer__frame(w, TARE_FRAME_END, h->head.cpu, h->head.ts_ns, &iov, 1);
}

static int write_one(const struct flight_buffer *s, const struct held *h, struct writer *w)
{
	if (h->is_mark && h != s->frames.first)
		return 0;
	if (h->is_mark && !h->head.len)
		return 0;
	if (h->is_mark)
		return writer__array(w, TARE_FRAME_TASKS, h->head.ts_ns, h->payload, sizeof(struct tare_task),
				     h->head.len / sizeof(struct tare_task));
	if (h->head.type == TARE_FRAME_LOSS)
		return write_loss(s, h, w);
	if (h->head.type == TARE_FRAME_PROBES)
		return write_probes(s, h, w);
	if (h->head.type == TARE_FRAME_END)
		return write_end(s, h, w);
	return write_as_is(h, w);
}

static bool is_once(const struct held *h, const void *unused)
{
	return h->once;
}

int flight_buffer__write(struct flight_buffer *s, struct writer *w, void (*meanwhile)(void *ctx), void *ctx)
{
	const struct held *starts[] = { s->described.first, s->symbols.first, s->frames.first }, *last = s->frames.last;
	uint64_t passed = 0;
	int ret = 0;

	s->writing = true;
	for (int i = 0; !ret && i < 3; i++) {
		for (const struct held *h = starts[i]; !ret && h; h = h == last ? NULL : h->next) {
			ret = write_one(s, h, w);
			passed += sizeof(h->head) + h->head.len;
			if (!meanwhile || passed < WRITE_BYTES)
				continue;
			passed = 0;
			meanwhile(ctx);
		}
	}
	s->writing = false;
	flight_buffer__purge(s, &s->frames, is_once, NULL);
	return ret;
}

uint64_t flight_buffer__lost_before(const struct flight_buffer *s)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; s->loss && i < array_of(s->loss).count; i++)
		sum += TARE_LOST_EVENTS(loss_at(s->loss, i).cls) ? loss_at(s->loss, i).count : 0;
	return sum;
}

// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "describing_frames.h"
#include "flight.h"
#include "util.h"

#define FLIGHT_BYTES (256ull << 20)
/* A pause becomes known this long after it happened, and what came before it must still be there then. */
#define KNOWN_LATER_NS (2 * NSEC_PER_SEC)

uint64_t self_cpu_ns(void)
{
	struct rusage self;

	getrusage(RUSAGE_SELF, &self);
	return (self.ru_utime.tv_sec + self.ru_stime.tv_sec) * NSEC_PER_SEC +
	       (self.ru_utime.tv_usec + self.ru_stime.tv_usec) * 1000;
}

int flight__open(struct flight *f, const struct session_opts *opts, struct writer **out)
{
	int ret = opts->series ? 0 : writer__check(opts->output);

	if (ret)
		return ret;
	f->opts = opts;
	f->path = opts->output;
	f->buffer = flight_buffer__new(opts->flight_ns + (opts->listener ? KNOWN_LATER_NS : 0), FLIGHT_BYTES);
	ret = f->buffer ? writer__to(flight_buffer__add, f->buffer, out) : -ENOMEM;
	if (ret)
		err("no memory to hold a recording in");
	return ret;
}

void flight__mark(struct flight *f, const struct tare_task *tasks, uint32_t nr)
{
	uint64_t now = now_ns();
	char span[16];

	if (flight_buffer__mark(f->buffer, now, self_cpu_ns(), tasks, nr))
		warn("no memory for a list of the target's threads: what is held begins earlier than it should");
	if (!flight_buffer__was_short(f->buffer) || f->has_said_short)
		return;
	f->has_said_short = true;
	warn("the last %s are more than %llu MB: less than that is held where so much happens",
	     fmt_ns(f->opts->flight_ns, span), FLIGHT_BYTES >> 20);
}

static int flight__fill(struct flight *f, struct writer *w, void (*meanwhile)(void *ctx), void *ctx)
{
	struct tare_loss loss = { TARE_LOST_DISK, 0, flight_buffer__lost_bytes(f->buffer) };
	int ret = flight_buffer__write(f->buffer, w, meanwhile, ctx);

	if (!ret && loss.count)
		ret = writer__array(w, TARE_FRAME_LOSS, now_ns(), &loss, sizeof(loss), 1);
	return ret;
}

int flight__write(struct flight *f, uint64_t since_ns, uint64_t lost_events, void (*meanwhile)(void *ctx), void *ctx)
{
	const char *path = f->path;
	uint64_t begin, now = now_ns();
	struct writer *w;
	char span[16];
	/* all is written at once, and rarely: a budget of CPU time is for what goes on */
	int ret, level = f->opts->compress == WRITER_WITHIN_BUDGET ? 1 : f->opts->compress;

	if (f->bytes && !strcmp(path, "-")) {
		err("one recording was written to standard output already, and a second one cannot follow it");
		return -EEXIST;
	}
	flight_buffer__cut(f->buffer, since_ns);
	ret = writer__open(path, &w);
	if (ret)
		return -EIO;
	ret = writer__compress(w, level) ?: flight__fill(f, w, meanwhile, ctx) ?: writer__flush(w);
	f->lost = lost_events - flight_buffer__lost_before(f->buffer) + flight_buffer__lost_bytes(f->buffer) +
		  writer__lost_bytes(w);
	/* the flight goes on: what was written before is worth more than part of this */
	if (meanwhile && (ret || writer__lost_bytes(w)) && writer__discard(w))
		err("the flight goes on, and %s is what it was; make room, then SIGUSR1 writes it again", path);
	else
		f->bytes = writer__bytes(w);
	if (writer__close(w) || ret)
		return -EIO;
	begin = flight_buffer__begin_ns(f->buffer);
	fprintf(stderr, "tare: wrote %s (%.1f MB) to %s\n",
		begin ? fmt_ns(now - begin, span) : "all since the beginning", f->bytes / 1e6, path);
	return 0;
}

void flight__close(struct flight *f)
{
	flight_buffer__free(f->buffer);
	f->buffer = NULL;
}

// SPDX-License-Identifier: BSD-2-Clause
/* A pause is drawn once it is over and fully known: readers sort by time. */
#include <inttypes.h>
#include <string.h>

#include "pauses.h"
#include "runtime_tracks_impl.h"
#include "util.h"

/*
 * A track that is free from @p's beginning on. Returns 0 with *@track 0 if there is none, as only in a damaged
 * recording.
 */
static int lane(struct runtime_tracks *rt, struct rt_process *process, const struct pause *p, uint64_t *track)
{
	*track = 0;
	for (unsigned i = 0; i < MAX_LANES; i++) {
		int ret;

		if (process->lanes[i].end_ns > p->request_ns)
			continue;
		ret = process->lanes[i].track ?
			      0 :
			      tracks__child(&rt->tracks, process->track, "stop the world", &process->lanes[i].track);
		process->lanes[i].end_ns = p->end_ns;
		*track = process->lanes[i].track;
		return ret;
	}
	return 0;
}

static void put_who(struct tracks *t, const struct pause_who *who, const char *tid, const char *comm,
		    const char *goroutine)
{
	char safe[64];

	if (!who->tid)
		return;
	track_event__int(t, tid, who->tid);
	if (who->comm[0])
		track_event__text(t, comm, sanitize(who->comm, strlen(who->comm), safe, sizeof(safe)));
	if (who->goroutine)
		track_event__int(t, goroutine, who->goroutine);
}

/* Names as in tare.pauses/1. */
static int put_pause(struct runtime_tracks *rt, const struct pause *p, uint64_t track)
{
	char buf[64];
	const char *reason = p->reason_name ? sanitize(p->reason_name, strlen(p->reason_name), buf, sizeof(buf)) :
			     p->reason == TARE_UNKNOWN ? "unknown" :
							 NULL;
	struct tracks *t = &rt->tracks;
	char name[128], sentence[640];
	struct pause_verdict v;

	pause__verdict(p, &v);
	if (!reason)
		snprintf(buf, sizeof(buf), "reason %" PRIu64, p->reason);
	snprintf(name, sizeof(name), "%s: %s", reason ? reason : buf, pause_cause_name(v.cause));
	track_event__open(t, p->request_ns, SLICE_BEGIN, track, "pause", name);
	pause_sentence(rt->whole, p, &(struct pauses_opts){ 0 }, sentence);
	track_event__text(t, "verdict", sentence);
	track_event__text(t, "reason", reason ? reason : buf);
	track_event__text(t, "main_cause", pause_cause_name(v.cause));
	track_event__int(t, "main_cause_ns", v.ns);
	track_event__int(t, "stopping_ns", pause__stopping_ns(p));
	track_event__int(t, "total_ns", pause__total_ns(p));
	track_event__known(t, "own.stopping_ns", p->own_stopping_ns);
	track_event__known(t, "own.total_ns", p->own_total_ns);
	track_event__known(t, "turn_wait_ns", p->turn_ns);
	track_event__known(t, "ps", p->ps);
	put_who(t, &p->initiator, "initiator.tid", "initiator.comm", "initiator.goroutine");
	put_who(t, &p->straggler, "straggler.tid", "straggler.comm", "straggler.goroutine");
	put_who(t, &p->last, "last_to_run.tid", "last_to_run.comm", "last_to_run.goroutine");
	if (p->guessed)
		track_event__bool(t, "guessed", true);
	if (p->lost)
		track_event__bool(t, "lost", true);
	return track_event__close(t);
}

static void put_rival(struct runtime_tracks *rt, const struct pause_seg *s)
{
	const struct task_names *n = &rt->whole->switches.names;
	char safe[64];

	if (s->name >= NAME_FIRST && s->name < n->nr)
		track_event__text(&rt->tracks, "held_by.comm",
				  sanitize(n->names[s->name], strlen(n->names[s->name]), safe, sizeof(safe)));
	if (s->other)
		track_event__int(&rt->tracks, "held_by.tid", s->other);
	track_event__int(&rt->tracks, "cpu", s->cpu);
}

static void put_detail(struct runtime_tracks *rt, const struct pause_seg *s)
{
	struct tracks *t = &rt->tracks;
	char buf[128], text[128];

	switch (s->cause) {
	case PAUSE_USER:
	case PAUSE_SIGNAL:
		if (s->ip)
			track_event__address(t, "ip", s->ip);
		break;
	case PAUSE_FAULT:
		if (s->address)
			track_event__address(t, "address", s->address);
		break;
	case PAUSE_KERNEL:
	case PAUSE_BLOCKED:
		if (switches__stop_text(&rt->whole->switches, s->call, text, sizeof(text)))
			track_event__text(t, "blocked", sanitize(text, sizeof(text), buf, sizeof(buf)));
		else if ((s->call & 0xffff) != TARE_NO_SYSCALL)
			track_event__text(
				t, "syscall",
				syscall_name(rt->whole->header.arch, s->call >> 16 & 1, s->call & 0xffff, buf));
		if (s->cause == PAUSE_BLOCKED && s->other)
			track_event__int(t, "ended_by.tid", s->other);
		break;
	case PAUSE_IRQ:
		if (s->irq != TARE_IRQ_HARD)
			track_event__int(t, "softirq", s->irq);
		break;
	case PAUSE_RUNQUEUE:
		put_rival(rt, s);
		break;
	default:
		break;
	}
}

static int put_segment(struct runtime_tracks *rt, const struct pause_seg *s, uint64_t from_ns, uint64_t to_ns,
		       uint64_t track)
{
	int ret;

	track_event__open(&rt->tracks, from_ns, SLICE_BEGIN, track, "cause", pause_cause_name(s->cause));
	if (s->tid)
		track_event__int(&rt->tracks, "tid", s->tid);
	track_event__bool(&rt->tracks, "on_cpu", s->on_cpu);
	track_event__bool(&rt->tracks, "seen", s->firm);
	put_detail(rt, s);
	ret = track_event__close(&rt->tracks);
	return ret ? ret : tracks__end(&rt->tracks, to_ns, track);
}

static int put_part(struct runtime_tracks *rt, const struct pause *p, enum pause_part part, uint64_t from_ns,
		    uint64_t to_ns, uint64_t track)
{
	int ret;

	if (from_ns >= to_ns)
		return 0;
	track_event__open(&rt->tracks, from_ns, SLICE_BEGIN, track, "pause", pause_part_name(part));
	ret = track_event__close(&rt->tracks);
	for (uint32_t i = 0; i < p->chain.n && !ret; i++) {
		const struct pause_seg *s = &p->chain.at[i];
		uint64_t a = s->start_ns > from_ns ? s->start_ns : from_ns;
		uint64_t b = s->end_ns < to_ns ? s->end_ns : to_ns;

		if (a < b)
			ret = put_segment(rt, s, a, b, track);
	}
	return ret ? ret : tracks__end(&rt->tracks, to_ns, track);
}

static int draw(struct runtime_tracks *rt, const struct pause *p)
{
	struct rt_process *process;
	uint64_t track = 0;
	int ret = rt__process(rt, p->tgid, &process);

	if (!ret && process)
		ret = lane(rt, process, p, &track);
	if (ret || !track)
		return ret;
	ret = put_pause(rt, p, track);
	if (!ret)
		ret = put_part(rt, p, PAUSE_STOPPING, p->request_ns, p->stopped_ns, track);
	if (!ret)
		ret = put_part(rt, p, PAUSE_STOPPED, p->stopped_ns, p->restart_ns, track);
	if (!ret)
		ret = put_part(rt, p, PAUSE_RESTART, p->restart_ns, p->end_ns, track);
	return ret ? ret : tracks__end(&rt->tracks, p->end_ns, track);
}

int rt__pauses(struct runtime_tracks *rt, const struct event *before)
{
	const struct pause *p;
	int ret = 0;

	while (!ret && (p = pause_order__next(&rt->pauses, before)))
		ret = draw(rt, p);
	return ret;
}

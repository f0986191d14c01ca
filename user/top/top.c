// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "pthreads.h"
#include "top.h"
#include "top_goroutines.h"
#include "top_page.h"
#include "top_term.h"
#include "util.h"

#define KEY_MS 100 /* how late the screen may be when new sums are there */

static const int signals_to_end[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

struct top {
	const struct top_opts *opts;
	struct top_feed *feed;
	pthread_t thread;
	int error;	 /* of the thread, which it was ended for */
	bool wants_quit; /* atomic: a signal came once the session was over */

	/* of the thread alone */
	struct top_screen screen;
	struct top_sums first, before, now;
	unsigned long nr_sums, shown;
	bool over; /* no more sums will come */
	struct top_pauses pauses;
	struct top_goroutines goroutines;
};

/* ---- sums ---- */

/* The first ones stay for good, and the last two. Those at the very end come at once: too soon for rates of their own.
 */
static void top__take(struct top *t, struct top_sums *sums)
{
	bool is_soon = sums->at_ns - t->now.at_ns < t->opts->interval_ns / 2;

	if (!t->nr_sums) {
		t->first = *sums;
	} else if (t->nr_sums == 1) {
		t->now = *sums;
	} else {
		top_sums__free(is_soon ? &t->now : &t->before);
		if (!is_soon)
			t->before = t->now;
		t->now = *sums;
	}
	t->nr_sums++;
	top_feed__pauses(t->feed, &t->pauses);
}

/* Until there are two to tell rates from. Returns false if there will not be. */
static bool top__begins(struct top *t)
{
	struct top_sums sums;
	int ret;

	while (t->nr_sums < 2) {
		ret = top_feed__next(t->feed, NSEC_PER_SEC, &sums);
		if (ret < 0)
			return false;
		if (ret > 0)
			top__take(t, &sums);
	}
	return true;
}

/* Returns whether there is something new. */
static bool top__look(struct top *t, uint64_t timeout_ns)
{
	struct top_sums sums;
	int ret = t->over ? -ENODATA : top_feed__next(t->feed, timeout_ns, &sums);

	t->over = ret < 0;
	if (ret > 0)
		top__take(t, &sums);
	return ret > 0;
}

static void top__make_page(struct top *t, struct top_page *page)
{
	const struct top_sums *before = t->before.at_ns ? &t->before : &t->first;
	struct top_data d = { .first = &t->first, .before = before, .now = &t->now, .pauses = &t->pauses };

	if (t->screen.view == TOP_GOROUTINES_VIEW && !t->screen.paused && !t->over)
		top_goroutines__look(&t->goroutines, &t->now.lists[TOP_LIST_PROCESSES]);
	d.goroutines_problem = t->goroutines.problem;
	d.goroutines = t->goroutines.read_ns && !t->goroutines.problem[0] ? &t->goroutines.list : NULL;
	top_page__make(page, &t->screen, &d, t->opts->text);
}

/* ---- as text ---- */

static void top__print(struct top *t)
{
	struct top_page page;

	top__make_page(t, &page);
	if (t->shown++)
		putchar('\n');
	for (size_t i = 0; i < page.nr; i++)
		puts(page.lines[i].text);
	top_page__free(&page);
	t->error = flush_all(stdout);
}

static void top__write(struct top *t)
{
	top__print(t);
	while (!t->error && (!t->opts->screens || t->shown < t->opts->screens)) {
		if (top__look(t, NSEC_PER_SEC))
			top__print(t);
		else if (t->over)
			break;
	}
}

/* ---- on the terminal ---- */

/* The end was asked for from outside; else the last screen stays. */
static bool top__is_interrupted(const struct top *t)
{
	if (__atomic_load_n(&t->wants_quit, __ATOMIC_RELAXED))
		return true;
	return t->over && t->now.end_reason != TARE_END_TARGET_GONE && t->now.end_reason != TARE_END_ERROR;
}

static void top__draw(struct top *t)
{
	struct top_page page;

	top__make_page(t, &page);
	top_term__draw(&page);
	top_page__free(&page);
}

static void top__show(struct top *t)
{
	bool changed = true;
	int key;

	t->error = top_term__open(t->opts->colour);
	if (t->error)
		return;
	top_term__key(&t->screen, 0); /* for the size */
	while (!t->screen.quit && !top__is_interrupted(t)) {
		if (changed) {
			top__draw(t);
			t->shown += !t->screen.paused;
		}
		if (t->opts->screens && t->shown > t->opts->screens)
			break;
		key = top_term__key(&t->screen, KEY_MS);
		changed = key != TOP_KEY_NONE;
		top_screen__key(&t->screen, key);
		if (!t->screen.paused)
			changed |= top__look(t, 0);
	}
	top_term__close();
}

static void *top__run(void *ctx)
{
	struct top *t = ctx;

	/* what goes wrong before is said as usual */
	if (top__begins(t)) {
		if (t->opts->text)
			top__write(t);
		else
			top__show(t);
	}
	top_feed__stop(t->feed);
	return NULL;
}

int top__start(const struct top_opts *opts, struct top **out)
{
	struct top *t = calloc(1, sizeof(*t));
	int ret;

	if (!t)
		return -ENOMEM;
	t->opts = opts;
	t->screen = opts->first;
	ret = top_feed__start(opts->interval_ns, &t->feed);
	if (!ret) {
		ret = pthreads__start(&t->thread, top__run, t);
		if (ret)
			top_feed__free(t->feed);
	}
	if (ret) {
		free(t);
		return ret;
	}
	*out = t;
	return 0;
}

struct session_listener top__listener(struct top *t)
{
	return top_feed__listener(t->feed);
}

int top__end(struct top *t)
{
	struct timespec soon, none = { 0 };
	sigset_t ending;

	top_feed__close(t->feed);
	sigemptyset(&ending);
	for (size_t i = 0; i < ARRAY_SIZE(signals_to_end); i++)
		sigaddset(&ending, signals_to_end[i]);
	pthread_sigmask(SIG_BLOCK, &ending, NULL);
	do {
		if (sigtimedwait(&ending, NULL, &none) > 0)
			__atomic_store_n(&t->wants_quit, true, __ATOMIC_RELAXED);
		clock_gettime(CLOCK_REALTIME, &soon);
		soon.tv_nsec += KEY_MS * 1000000l;
		soon.tv_sec += soon.tv_nsec / 1000000000;
		soon.tv_nsec %= 1000000000;
	} while (pthread_timedjoin_np(t->thread, NULL, &soon));
	return t->error;
}

void top__free(struct top *t)
{
	if (!t)
		return;
	top_feed__free(t->feed);
	top_sums__free(&t->first);
	top_sums__free(&t->before);
	top_sums__free(&t->now);
	top_goroutines__free(&t->goroutines);
	free(t);
}

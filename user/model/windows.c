// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "array.h"
#include "format.h"
#include "windows.h"

#define WIDTH_NS 1000000000ull
#define FEW	 4 /* windows from which no error is estimated */

void windows__free(struct windows *w)
{
	free(w->all);
	*w = (struct windows){ 0 };
}

bool windows__is_due(struct windows *w, uint64_t ts_ns)
{
	uint64_t from = w->nr ? w->all[w->nr - 1].end_ns : w->begin_ns;

	if (w->begin_ns)
		return ts_ns >= from && ts_ns - from >= w->width_ns;
	w->begin_ns = ts_ns;
	w->width_ns = WIDTH_NS;
	return false;
}

int windows__close(struct windows *w, const struct window *now)
{
	if (w->nr == WINDOWS_MAX) {
		for (size_t i = 0; i < WINDOWS_MAX / 2; i++)
			w->all[i] = w->all[2 * i + 1];
		w->nr /= 2;
		w->width_ns *= 2;
	}
	if (ARRAY_GROW(w->all, w->room, w->nr + 1))
		return -ENOMEM;
	w->all[w->nr++] = *now;
	return 0;
}

bool windows__rate(const struct windows *w, enum window_figure figure, struct window_rate *rate)
{
	const struct window *last = w->nr ? &w->all[w->nr - 1] : NULL;
	double squares = 0, seconds, sum;
	size_t n = 0;

	*rate = (struct window_rate){ 0, -1 };
	if (!last || last->sums[figure] == TARE_UNKNOWN || last->end_ns <= w->begin_ns)
		return false;
	seconds = (last->end_ns - w->begin_ns) / 1e9;
	sum = last->sums[figure];
	rate->mean = sum / seconds;
	for (size_t i = 0; i < w->nr; i++) {
		uint64_t before = i ? w->all[i - 1].sums[figure] : 0, from = i ? w->all[i - 1].end_ns : w->begin_ns;
		double span = (w->all[i].end_ns - from) / 1e9, own;

		/* the runtime was not found yet, or a shorter last one */
		if (w->all[i].sums[figure] == TARE_UNKNOWN || before == TARE_UNKNOWN || span < w->width_ns / 2e9)
			continue;
		own = w->all[i].sums[figure] > before ? (w->all[i].sums[figure] - before) / span : 0;
		squares += (own - rate->mean) * (own - rate->mean);
		n++;
	}
	if (n > FEW)
		rate->error = sqrt(squares / (n - 1) / n);
	return true;
}

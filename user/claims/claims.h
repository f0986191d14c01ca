/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Claims: what is said of runtimes, beside what this machine shows. They are data: a table (tools/claims.json) names
 * for each what is said, which programs show it, which figure of the recording is meant and what that figure must be.
 * The order of things: read the table, run the programs several times under `tare run`, take the figures, judge.
 */
#ifndef TARE_CLAIMS_H
#define TARE_CLAIMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MOST_RUNS 100 /* of one program */

/* Where a figure comes from: paths into a run's documents (see figure.h), and what they are divided by. */
struct figure {
	const char *name, *unit, *what;
	json_t *value, *per;  /* a path, or an array of paths that are added up; .per may be NULL */
	json_t *own;	      /* the same by the program's own clock, divided likewise; may be NULL */
	json_t *unless;	      /* a run in which this is more than 0 does not count; may be NULL */
	double times, absent; /* .absent: .value where there is no such; NAN: not known */
};

/* The same figure of several runs; NAN where a run did not give it. */
struct series {
	double of[MOST_RUNS];
	size_t nr;
};

/* One bar of a claim: a program, and what its runs showed. */
struct cell {
	const char *label, *run, *span;
	const struct figure *figure;
	struct series value, own;
	/* shares of the own clock's time that are none of the value */
	struct series waiting, sleeping, stolen, probes;
	char missing[192]; /* why there is no value; "": there is */
};

enum rule_kind { AT_MOST, AT_LEAST, ABOUT, BETWEEN };

/* What a cell, or its ratio to another, must be. */
struct rule {
	const struct cell *of, *over; /* .over may be NULL */
	enum rule_kind kind;
	double low, high;
	bool exact; /* of a count: nothing is "within 2x" of it */
};

struct claim {
	const char *id, *group, *said, *source, *note;
	struct cell *cells;
	size_t nr_cells;
	struct rule *rules;
	size_t nr_rules;
	bool quick, chosen;
	unsigned cpus; /* it needs so many; 0: any number */
	bool once;     /* whether something can be at all: a single run shows it */
};

struct claims {
	json_t *root; /* owns all strings */
	struct figure *figures;
	size_t nr_figures;
	struct claim *claims;
	size_t nr_claims;
};

/*
 * Read the table at @path. Returns 0, or -EINVAL after saying what is wrong with it and where. Free it in any case.
 */
int claims__read(struct claims *c, const char *path);
void claims__free(struct claims *c);

/*
 * Choose the claims that @name means: a group, or else an id, or a part of ids between hyphens. Returns how many;
 * already chosen ones count too.
 */
size_t claims__choose(struct claims *c, const char *name);

/* ---- what the runs showed ---- */

/* Ascending; none is NAN. */
void values__sort(double *values, size_t nr);

struct estimate {
	double median, low, high; /* of the runs' values; NAN: none */
	size_t nr;
};

/*
 * Median, and an interval that holds the true one in 95 of 100 cases (sign test, from 6 runs on; below that, all
 * values: 94 of 100 for 5 runs, 75 for 3).
 */
struct estimate series__estimate(const struct series *s);

/* The same of @a / @b, run by run: what disturbs both does not show. */
struct estimate series__ratio(const struct series *a, const struct series *b);

enum verdict { VERDICT_HOLDS, VERDICT_WITHIN_2X, VERDICT_DOES_NOT, VERDICT_UNKNOWN };

struct judgement {
	enum verdict verdict; /* the worst of the rules' */
	bool steady;	      /* all values in the rules' intervals come to the same verdict; of several runs */
	bool single;	      /* of one run: whether others would say the same is not known */
	const char *why;      /* VERDICT_UNKNOWN: what is missing, of whom */
	const char *of;
};

struct judgement claim__judge(const struct claim *c);
const char *verdict_words(enum verdict v);
/* What follows the words: "; but not in every run ..." or "". */
const char *judgement__doubt(const struct judgement *j);

#endif /* TARE_CLAIMS_H */

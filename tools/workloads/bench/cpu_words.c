// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "cpu.h"

#define MOST_LETTERS 4

struct slot {
	uint32_t at, bytes, count; /* the word in text[] */
};

static char text[CPU_WORDS * MOST_LETTERS];
static uint32_t starts[CPU_WORDS + 1];
static struct slot slots[CPU_SLOTS];

void cpu__make_words(void)
{
	uint32_t x = CPU_SEED, at = 0;

	for (int i = 0; i < CPU_WORDS; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		starts[i] = at;
		for (uint32_t k = 0; k <= (x & 3); k++)
			text[at++] = 'a' + ((x >> (8 + 4 * k)) & 15);
	}
	starts[CPU_WORDS] = at;
}

static uint32_t hash(const char *word, uint32_t bytes)
{
	uint32_t h = 0x811c9dc5; /* FNV-1a's offset basis and prime */

	for (uint32_t i = 0; i < bytes; i++)
		h = (h ^ (uint8_t)word[i]) * 0x01000193;
	return h;
}

/* The slot of a word: its own, or a free one */
static struct slot *find(uint32_t at, uint32_t bytes)
{
	uint32_t i = hash(text + at, bytes) % CPU_SLOTS;

	while (slots[i].count && (slots[i].bytes != bytes || memcmp(text + slots[i].at, text + at, bytes)))
		i = (i + 1) % CPU_SLOTS;
	return &slots[i];
}

int64_t cpu__words(void)
{
	int64_t different = 0;

	memset(slots, 0, sizeof(slots));
	for (int i = 0; i < CPU_WORDS; i++) {
		uint32_t at = starts[i], bytes = starts[i + 1] - at;
		struct slot *s = find(at, bytes);

		if (!s->count++) {
			s->at = at;
			s->bytes = bytes;
			different++;
		}
	}
	return different;
}

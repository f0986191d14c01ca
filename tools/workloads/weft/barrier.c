// SPDX-License-Identifier: BSD-2-Clause
/*
 * The write barrier. While marking, a write makes grey both what the word pointed to (Yuasa) and what it is to point to
 * (Dijkstra). Why a stack need be looked at only once, and before its goroutine runs (root.c):
 *
 * Say that a white block is reached by a running goroutine's stack, which is black, and by nothing grey. It is no new
 * block, for those are black. So the goroutine read its address after its stack was looked at: from a block, a root, a
 * channel, or another's stack. From a block or root: either that one was white or grey, and as long as the word stays
 * the block will be found through it, or the word was overwritten, and then the first half of the barrier made the
 * block grey; or it was black, and then the word was written after it was looked at, and the second half made the block
 * grey. Elements of channels are made grey whenever they are copied, which is also the one way from stack to stack.
 */
#include "gc.h"

static void __attribute__((noinline)) shade(uintptr_t old, uintptr_t new)
{
	struct p_heap *h = this_p()->heap;

	if (old)
		mark__grey(h, old);
	if (new &&new != old)
		mark__grey(h, new);
}

void weft_set(void *slot, void *value)
{
	_Atomic uintptr_t *word = slot;

	if (unlikely(get_relaxed(&gc_marking)))
		shade(get_relaxed(word), (uintptr_t)value);
	/* who finds the block by an acquire finds it written */
	set_release(word, (uintptr_t)value);
}

/* Words that go from `from` to `to` past the barrier. Either may be NULL; what is no pointer does no harm */
void gc__copied(const void *to, const void *from, size_t bytes)
{
	struct p_heap *h = this_p()->heap;

	if (from && !((uintptr_t)from % WORD_BYTES))
		mark__words(h, from, bytes);
	if (to && !((uintptr_t)to % WORD_BYTES))
		mark__words(h, to, bytes);
}

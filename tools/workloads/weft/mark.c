// SPDX-License-Identifier: BSD-2-Clause
/*
 * Marking. A block is white while its mark is not set; grey when it is set and the block waits in a buffer to be looked
 * into; black when it has been looked into, or has no pointers, or is new. Each P has two buffers of its own, and full
 * ones (or, where others starve, half full ones) lie in one list.
 */
#include "gc.h"

#define CHUNK_BYTES                                                                                         \
	(128ul << 10)	 /* large blocks are looked into in pieces, so that several can and none takes long \
			  */
#define LOOK_EACH     64 /* blocks, before the time and the wishes of others are looked at */
#define SHARE_LEAST   8
#define FLUSH_WAIT_NS 50000

_Atomic int gc_marking;
_Atomic uint32_t gc_cycle;

static struct {
	struct lock lock;
	struct grey_buffer *full, *empty;
	_Atomic size_t n_full;
	_Atomic int draining; /* Ps that look into blocks at this moment */
	_Atomic uint32_t flush_round;
} __attribute__((aligned(CACHE_LINE))) grey;

/* ---- buffers ---- */

static struct grey_buffer *take_empty(void)
{
	struct grey_buffer *b;

	lock__acquire(&grey.lock);
	b = grey.empty;
	if (b)
		grey.empty = b->next;
	lock__release(&grey.lock);
	if (!b)
		b = meta__alloc(sizeof(*b));
	b->n = 0;
	return b;
}

static void hand_over(struct grey_buffer *b)
{
	lock__acquire(&grey.lock);
	b->next = grey.full;
	grey.full = b;
	atomic_store(&grey.n_full, get_relaxed(&grey.n_full) + 1);
	lock__release(&grey.lock);
	m__wake_one();
}

/* For an empty one; NULL: there is none */
static struct grey_buffer *exchange_for_full(struct grey_buffer *own)
{
	struct grey_buffer *b;

	if (!get_relaxed(&grey.n_full))
		return NULL;
	lock__acquire(&grey.lock);
	b = grey.full;
	if (b) {
		grey.full = b->next;
		set_relaxed(&grey.n_full, get_relaxed(&grey.n_full) - 1);
		own->next = grey.empty;
		grey.empty = own;
	}
	lock__release(&grey.lock);
	return b;
}

static void swap_buffers(struct p_heap *h)
{
	struct grey_buffer *b = h->grey[0];

	h->grey[0] = h->grey[1];
	h->grey[1] = b;
}

void mark__push(struct p_heap *h, uintptr_t block)
{
	struct grey_buffer *b = h->grey[0];

	if (unlikely(b->n == BUFFER_WORDS)) {
		swap_buffers(h);
		if (h->grey[0]->n == BUFFER_WORDS) {
			hand_over(h->grey[0]);
			h->grey[0] = take_empty();
		}
		b = h->grey[0];
	}
	b->block[b->n++] = block;
}

static uintptr_t pop(struct p_heap *h)
{
	struct grey_buffer *b = h->grey[0];

	if (unlikely(!b->n)) {
		swap_buffers(h);
		b = h->grey[0];
		if (!b->n) {
			b = exchange_for_full(b);
			if (!b)
				return 0;
			h->grey[0] = b;
		}
	}
	return b->block[--b->n];
}

static void flush_heap(struct p_heap *h)
{
	for (int i = 0; i < 2; i++) {
		if (!h->grey[i]->n)
			continue;
		hand_over(h->grey[i]);
		h->grey[i] = take_empty();
	}
}

void mark__flush(struct p *p)
{
	flush_heap(p->heap);
	set_release(&p->heap->flushed, get_acquire(&grey.flush_round));
}

/* Others have nothing to do: half of what is here is theirs */
static void share(struct p_heap *h)
{
	struct grey_buffer *b = h->grey[0], *half;

	if (h->grey[1]->n) {
		half = h->grey[1];
		h->grey[1] = take_empty();
	} else if (b->n >= SHARE_LEAST) {
		half = take_empty();
		for (half->n = 0; half->n < b->n;)
			half->block[half->n++] = b->block[--b->n];
	} else {
		return;
	}
	hand_over(half);
}

void mark__init(void)
{
	for (int i = 0; i < sched.n_procs; i++) {
		sched.p[i].heap->grey[0] = take_empty();
		sched.p[i].heap->grey[1] = take_empty();
	}
}

/* ---- blocks ---- */

static void count_marked(struct p_heap *h, size_t bytes)
{
	set_relaxed(&h->marked_bytes, get_relaxed(&h->marked_bytes) + bytes);
}

void mark__new(struct p_heap *h, struct span *s, uint32_t i)
{
	/* what a stack's stale word seems to point to may have been marked before it was handed out: counted once */
	if (bit__set(s->marks, i))
		count_marked(h, s->block_bytes);
}

static inline void mark_in(struct p_heap *h, struct span *s, uint32_t i)
{
	uintptr_t block;

	if (!bit__set(s->marks, i))
		return;
	count_marked(h, s->block_bytes);
	if (s->noscan)
		return;
	block = s->base + i * s->block_bytes;
	__builtin_prefetch((void *)block);
	mark__push(h, block);
}

void mark__grey(struct p_heap *h, uintptr_t at)
{
	struct span *s = span_of(at);
	uint32_t i;

	if (!s)
		return;
	/* a block that nobody has must not be marked: it would count as alive, and what it last held be kept */
	i = span__index(s, at);
	if (i < get_acquire(&s->free_index) || bit__get(s->taken, i))
		mark_in(h, s, i);
}

reads_anything void mark__words(struct p_heap *h, const void *start, size_t bytes)
{
	const uintptr_t *word = start;

	for (size_t i = 0; i < bytes / WORD_BYTES; i++)
		mark__grey(h, *(const volatile uintptr_t *)&word[i]);
}

static inline void look_at_bits(struct p_heap *h, uintptr_t at, uint64_t bits)
{
	for (; bits; bits &= bits - 1) {
		_Atomic uintptr_t *slot = (_Atomic uintptr_t *)at + __builtin_ctzll(bits);
		uintptr_t value = get_relaxed(slot);

		if (value)
			mark__grey(h, value);
	}
}

static void look_into_small(struct p_heap *h, struct span *s, uintptr_t block)
{
	size_t word = (block - arena.base) / WORD_BYTES, shift = word % 64, words = s->block_bytes / WORD_BYTES;
	_Atomic uint64_t *from = &arena.pointer_bits[word / 64];

	for (size_t i = 0; i < words; i += 64, from++) {
		uint64_t bits = get_relaxed(from) >> shift;

		if (shift && shift + (words - i) > 64)
			bits |= get_relaxed(from + 1) << (64 - shift);
		if (words - i < 64)
			bits &= (1ull << (words - i)) - 1;
		look_at_bits(h, block + i * WORD_BYTES, bits);
	}
}

/* From `at` on, one piece */
static void look_into_large(struct p_heap *h, struct span *s, uintptr_t at)
{
	const struct weft_type *type = get_acquire(&s->type);
	size_t words, from = (at - s->base) / WORD_BYTES, end;

	if (!type || at - s->base >= s->type_bytes)
		return;
	words = type->bytes / WORD_BYTES;
	end = s->type_bytes / WORD_BYTES;
	if (end - from > CHUNK_BYTES / WORD_BYTES)
		end = from + CHUNK_BYTES / WORD_BYTES;
	for (size_t e = from - from % words; e < end; e += words) {
		for (size_t i = 0; i < type->pointer_words; i += 64) {
			uint64_t bits = type->pointers[i / 64];

			if (e + i >= end)
				break;
			if (e + i + 64 > end)
				bits &= (1ull << (end - e - i)) - 1;
			if (e + i < from)
				bits &= from - e - i < 64 ? ~0ull << (from - e - i) : 0;
			look_at_bits(h, s->base + (e + i) * WORD_BYTES, bits);
		}
	}
}

static void look_into(struct p_heap *h, uintptr_t block)
{
	struct span *s = span_of(block);

	block &= ~(uintptr_t)SCAN_ONLY;
	if (likely(s->class != LARGE)) {
		look_into_small(h, s, block);
		return;
	}
	if (block == s->base)
		for (size_t at = CHUNK_BYTES; at < s->block_bytes; at += CHUNK_BYTES)
			mark__push(h, block + at);
	look_into_large(h, s, block);
}

/* ---- the work ---- */

bool mark__work_left(void)
{
	return get_relaxed(&grey.n_full) || root__left();
}

static bool give_way(struct p *p, bool idle_only)
{
	return get_relaxed(&p->preempt) || (idle_only && (get_relaxed(&sched.runq_n) || !runq__empty(p)));
}

/* True: enough */
static bool look_up(struct p *p, uint64_t end_bytes, int64_t until_ns, bool idle_only)
{
	if (give_way(p, idle_only) || get_relaxed(&p->heap->marked_bytes) >= end_bytes ||
	    (until_ns && os__now_ns() >= until_ns))
		return true;
	if (!get_relaxed(&grey.n_full) && atomic_load(&sched.n_idle_p))
		share(p->heap);
	return false;
}

void mark__drain(struct p *p, uint64_t most_bytes, int64_t until_ns, bool idle_only)
{
	struct p_heap *h = p->heap;
	uint64_t start_bytes = get_relaxed(&h->marked_bytes), end_bytes = start_bytes + most_bytes;

	if (end_bytes < start_bytes)
		end_bytes = UINT64_MAX;
	atomic_fetch_add(&grey.draining, 1);
	for (uint32_t n = 1;; n++) {
		uintptr_t block;

		if (n % LOOK_EACH == 0 && look_up(p, end_bytes, until_ns, idle_only))
			break;
		block = pop(h);
		if (block)
			look_into(h, block);
		else if (!root__mark_some(h))
			break;
		else
			n |= LOOK_EACH - 1;
	}
	atomic_fetch_sub(&grey.draining, 1);
}

uint64_t mark__marked_bytes(void)
{
	uint64_t bytes = 0;

	for (int i = 0; i < sched.n_procs; i++)
		bytes += get_relaxed(&sched.p[i].heap->marked_bytes);
	return bytes;
}

/*
 * Marking has come to its end when nobody has a grey block. Those that others have they hand over in their scheduler
 * (sched.c), where Ps that run a goroutine are sent; all other Ps have done so already. Nothing that is looked at here
 * need be of one moment: whether it is the end is seen when the world stands, and this only makes it likely.
 */
bool mark__flush_all(void)
{
	uint32_t round = atomic_fetch_add(&grey.flush_round, 1) + 1;

	mark__flush(this_p());
	for (int i = 0; i < sched.n_procs; i++) {
		struct p *p = &sched.p[i];

		while (get_relaxed(&p->status) == P_RUNNING && (int32_t)(get_acquire(&p->heap->flushed) - round) < 0) {
			if (p == this_p()) {
				mark__flush(p);
				break;
			}
			preempt__request(p);
			weft_sleep(FLUSH_WAIT_NS);
		}
	}
	return !mark__work_left() && !atomic_load(&grey.draining);
}

bool mark__reset(void)
{
	bool none = !mark__work_left();

	for (int i = 0; i < sched.n_procs; i++) {
		struct p_heap *h = sched.p[i].heap;

		none = none && !h->grey[0]->n && !h->grey[1]->n;
		flush_heap(h);
	}
	return none;
}

// SPDX-License-Identifier: BSD-2-Clause
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "usdt.h"

#define NOTE_TYPE	3 /* NT_STAPSDT */
#define NOTES_MAX_BYTES (16u << 20)
#define ALIGN4(n)	(((uint64_t)(n) + 3) & ~3ull)

/* ---- where an argument is: "8@%rax", "-4@-16(%rbp)", "8@$42"; "8@x0", "4@[sp, 16]", "8@42" ---- */

/* struct pt_regs, arch/x86/include/uapi/asm/ptrace.h, by all names of a register and its parts */
static const struct {
	const char *names; /* " rax eax ax al " */
	int offset;
} x86_regs[] = {
	{ " r15 r15d r15w r15b ", 0 },	{ " r14 r14d r14w r14b ", 8 },
	{ " r13 r13d r13w r13b ", 16 }, { " r12 r12d r12w r12b ", 24 },
	{ " rbp ebp bp bpl ", 32 },	{ " rbx ebx bx bl ", 40 },
	{ " r11 r11d r11w r11b ", 48 }, { " r10 r10d r10w r10b ", 56 },
	{ " r9 r9d r9w r9b ", 64 },	{ " r8 r8d r8w r8b ", 72 },
	{ " rax eax ax al ", 80 },	{ " rcx ecx cx cl ", 88 },
	{ " rdx edx dx dl ", 96 },	{ " rsi esi si sil ", 104 },
	{ " rdi edi di dil ", 112 },	{ " rip ", 128 },
	{ " rsp esp sp spl ", 152 },
};

int pt_regs__offset(unsigned machine, const char *name, size_t len)
{
	char word[16];

	if (!len || len > 6 || memchr(name, ' ', len))
		return -ENOENT;
	if (machine == EM_AARCH64) { /* struct user_pt_regs, arch/arm64/include/uapi/asm/ptrace.h */
		long n;
		char *end;

		if (len == 2 && !memcmp(name, "sp", 2))
			return 31 * 8;
		memcpy(word, name, len);
		word[len] = '\0';
		if ((word[0] != 'x' && word[0] != 'w') || word[1] < '0' || word[1] > '9')
			return -ENOENT;
		n = strtol(word + 1, &end, 10);
		return *end || n > 30 ? -ENOENT : (int)n * 8;
	}
	word[0] = word[len + 1] = ' ';
	word[len + 2] = '\0';
	memcpy(word + 1, name, len);
	for (size_t i = 0; i < sizeof(x86_regs) / sizeof(x86_regs[0]); i++)
		if (strstr(x86_regs[i].names, word))
			return x86_regs[i].offset;
	return -ENOENT;
}

static bool set_reg(struct fetch *f, unsigned machine, const char *name, size_t len)
{
	int offset = pt_regs__offset(machine, name, len);

	if (offset < 0)
		return false;
	f->kind = FETCH_REG;
	f->reg = offset;
	return true;
}

static bool set_mem(struct fetch *f, unsigned machine, const char *name, size_t len, long long at)
{
	if (at < INT32_MIN || at > INT32_MAX || !set_reg(f, machine, name, len))
		return false;
	f->depth = 1;
	f->at[0] = at;
	return true;
}

/*
 * Parse a number; @end: where it ends. False if there is none, or it exceeds 64 bits. Compilers write them in decimal.
 */
static bool parse_number(const char *s, char **end, long long *n)
{
	errno = 0;
	*n = strtoll(s, end, 10);
	if (errno == ERANGE && *s != '-') {
		errno = 0;
		*n = strtoull(s, end, 10);
	}
	return *end != s && !errno;
}

/* arm64: [reg] or [reg, n]; a probe cannot follow an index register, nor one that is updated */
static bool parse_arm64_memory(struct fetch *f, unsigned machine, const char *text)
{
	size_t name = strcspn(text + 1, ",]");
	const char *rest = text + 1 + name;
	long long n = 0;
	char *end;

	if (*rest == ',') {
		rest += 1 + strspn(rest + 1, " ");
		if (!parse_number(rest + (*rest == '#'), &end, &n))
			return false;
		rest = end;
	}
	return !strcmp(rest, "]") && set_mem(f, machine, text + 1, name, n);
}

/* @s is one operand, without surrounding blanks. */
static bool parse_operand(struct fetch *f, unsigned machine, const char *s, size_t len)
{
	char text[64], *end, *open;
	bool any;
	long long n;

	if (!len || len >= sizeof(text))
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	if (text[0] == '%')
		return set_reg(f, machine, text + 1, len - 1);
	if (text[0] == '[')
		return parse_arm64_memory(f, machine, text);
	any = parse_number(text + (text[0] == '$' || text[0] == '#'), &end, &n);
	if (any && !*end) {
		f->kind = FETCH_CONST;
		f->value = n;
		return true;
	}
	open = strchr(text, '('); /* x86-64: n(%reg); a probe cannot follow an index */
	if (open && (open == text || (any && end == open)) && open[1] == '%') {
		size_t name = strcspn(open + 2, ",)");

		return !strcmp(open + 2 + name, ")") && set_mem(f, machine, open + 2, name, open == text ? 0 : n);
	}
	return set_reg(f, machine, text, len);
}

/* The length of the "SIZE@" that an argument begins with; 0: none begins at @s. A size "4f" is a float's. */
static size_t size_of_argument(const char *s, long *bytes)
{
	char *end;

	if (*s != '-' && (*s < '0' || *s > '9'))
		return 0;
	*bytes = strtol(s, &end, 10); /* negative: signed */
	*bytes = *bytes < -8 ? 0 : *bytes < 0 ? -*bytes : *bytes;
	if (*end == 'f' && end != s) {
		*bytes = 0;
		end++;
	}
	return *end == '@' && end != s ? end + 1 - s : 0;
}

/* "SIZE@OPERAND SIZE@OPERAND": an operand may contain blanks, and further '@'. */
static void parse_args(struct usdt *u, unsigned machine, const char *s)
{
	s += strspn(s, " ");
	while (u->nr_args < USDT_MAX_ARGS) {
		struct fetch *f = &u->args[u->nr_args];
		long bytes, unused;
		size_t skip = size_of_argument(s, &bytes), len;
		const char *next;

		if (!skip)
			return;
		s += skip;
		for (next = s + strcspn(s, " "); *next; next += strcspn(next, " ")) {
			next += strspn(next, " ");
			if (size_of_argument(next, &unused))
				break;
		}
		for (len = next - s; len && s[len - 1] == ' ';)
			len--;
		if ((bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) || !parse_operand(f, machine, s, len))
			*f = (struct fetch){ .kind = FETCH_NONE };
		else
			f->bytes = bytes;
		u->nr_args++;
		s = next;
	}
}

/* ---- notes ---- */

/* One note's description: three addresses, then provider, name and arguments, each ending with a NUL. */
static int visit_note(struct image *img, const char *desc, size_t len, const char *provider, uint64_t base,
		      int (*visit)(const struct usdt *probe, void *ctx), void *ctx, bool *any)
{
	const char *text = desc + 24, *end = desc + len, *strings[3];
	uint64_t words[3];
	struct usdt u;

	if (len < 24 + 3)
		return 0;
	memcpy(words, desc, sizeof(words));
	for (int i = 0; i < 3; i++) {
		const char *nul = memchr(text, '\0', end - text);

		if (!nul)
			return 0;
		strings[i] = text;
		text = nul + 1;
	}
	if (strcmp(strings[0], provider))
		return 0;
	/* the file was moved after the note was written (prelink): all of it by the same distance */
	if (!base || !words[1])
		base = words[1];
	u = (struct usdt){
		.name = strings[1],
		.address = words[0] + base - words[1],
		.semaphore = words[2] ? words[2] + base - words[1] : 0,
	};
	parse_args(&u, image__machine(img), strings[2]);
	*any = true;
	return visit(&u, ctx);
}

int usdt__for_each(struct image *img, const char *provider, int (*visit)(const struct usdt *probe, void *ctx),
		   void *ctx)
{
	struct image_section notes, base = { 0 };
	const char *p;
	size_t left;
	bool any = false;

	if (image__section(img, ".note.stapsdt", &notes) || notes.size_bytes > NOTES_MAX_BYTES)
		return -ENOENT;
	p = image__view(img, notes.offset, notes.size_bytes);
	if (!p)
		return -ENOENT;
	if (image__section(img, ".stapsdt.base", &base))
		base.addr = 0;
	for (left = notes.size_bytes; left >= sizeof(Elf64_Nhdr);) {
		Elf64_Nhdr head;
		uint64_t name, size;
		int ret = 0;

		memcpy(&head, p, sizeof(head));
		name = ALIGN4(head.n_namesz);
		size = sizeof(head) + name + ALIGN4(head.n_descsz);
		if (size > left)
			break;
		if (head.n_type == NOTE_TYPE && head.n_namesz == 8 && !memcmp(p + sizeof(head), "stapsdt", 8))
			ret = visit_note(img, p + sizeof(head) + name, head.n_descsz, provider, base.addr, visit, ctx,
					 &any);
		if (ret)
			return ret;
		p += size;
		left -= size;
	}
	return any ? 0 : -ENOENT;
}

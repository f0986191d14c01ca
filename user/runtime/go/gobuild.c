// SPDX-License-Identifier: BSD-2-Clause
#include <elf.h>
#include <errno.h>
#include <stdlib.h>

#include "array.h"
#include "gobuild.h"

#define MAGIC	       "\xff Go buildinf:"
#define MAGIC_BYTES    14
#define HEAD_BYTES     32 /* of the blob: magic, pointer size, flags, two pointers */
#define VERSION_MAX    512u
#define MODINFO_MAX    (4u << 20)
#define SETTINGS_MAX   1024
#define CANDIDATES_MAX 16
#define SENTINEL_BYTES 16 /* before and after the module information */

enum { FLAG_BIG_ENDIAN = 1, FLAG_INLINE = 2 };

struct text {
	const char *p;
	uint64_t len;
};

/* ---- the two forms ---- */

/* A length as LEB128, then that many bytes; moves @addr past them. */
static int read_inline(struct image *img, uint64_t *addr, uint64_t max, struct text *t)
{
	const uint8_t *p;
	uint64_t len = 0;

	for (int shift = 0;; shift += 7) {
		p = image__at(img, (*addr)++, 1);
		if (!p || shift > 28)
			return -ENOENT;
		len |= (uint64_t)(*p & 0x7f) << shift;
		if (!(*p & 0x80))
			break;
	}
	t->len = len;
	t->p = len > max ? NULL : image__at(img, *addr, len);
	if (len && !t->p)
		return -ENOENT;
	*addr += len;
	return 0;
}

/* A pointer to a Go string: address and length. */
static int read_pointed(struct image *img, uint64_t header, uint64_t max, struct text *t)
{
	uint64_t string[2];

	t->len = 0;
	if (!header)
		return 0;
	if (image__words(img, header, string, 2) || string[1] > max)
		return -ENOENT;
	t->len = string[1];
	t->p = t->len ? image__at(img, string[0], t->len) : NULL;
	return t->len && !t->p ? -ENOENT : 0;
}

/* The blob at @addr, if it is one: any program that looks for the magic contains it. */
static int read_blob(struct image *img, uint64_t addr, struct text *version, struct text *modinfo)
{
	const uint8_t *p = image__at(img, addr, HEAD_BYTES);
	uint64_t pointers[2];
	int ret;

	if (!p || memcmp(p, MAGIC, MAGIC_BYTES))
		return -ENOENT;
	if (p[15] & FLAG_INLINE) {
		addr += HEAD_BYTES;
		ret = read_inline(img, &addr, VERSION_MAX, version);
		if (!ret && read_inline(img, &addr, MODINFO_MAX, modinfo))
			modinfo->len = 0;
	} else {
		if (p[14] != 8 || (p[15] & FLAG_BIG_ENDIAN) || image__words(img, addr + 16, pointers, 2))
			return -ENOENT;
		ret = read_pointed(img, pointers[0], VERSION_MAX, version);
		if (!ret && read_pointed(img, pointers[1], MODINFO_MAX, modinfo))
			modinfo->len = 0;
	}
	if (ret || version->len < 4)
		return -ENOENT;
	return memcmp(version->p, "go1.", 4) && (version->len < 6 || memcmp(version->p, "devel ", 6)) ? -ENOENT : 0;
}

/* ---- where it is ---- */

static int scan(struct image *img, const struct image_segment *s, struct text *version, struct text *modinfo)
{
	const uint8_t *p = image__view(img, s->offset, s->file_bytes);
	int tries = CANDIDATES_MAX;

	for (uint64_t at = -s->vaddr & 15; p && tries && at + HEAD_BYTES <= s->file_bytes; at += 16) {
		if (memcmp(p + at, MAGIC, MAGIC_BYTES))
			continue;
		if (!read_blob(img, s->vaddr + at, version, modinfo))
			return 0;
		tries--;
	}
	return -ENOENT;
}

/* By its section; else by searching what is loaded, writable segments first, since it is in one of them. */
static int find_blob(struct image *img, struct text *version, struct text *modinfo)
{
	const struct image_segment *segs;
	struct image_section sec;
	size_t nr;

	if (!image__section(img, ".go.buildinfo", &sec) && !read_blob(img, sec.addr, version, modinfo))
		return 0;
	segs = image__segments(img, &nr);
	for (int writable = 1; writable >= 0; writable--) {
		for (size_t i = 0; i < nr; i++) {
			if (!!(segs[i].flags & PF_W) == writable && !(segs[i].flags & PF_X) &&
			    !scan(img, &segs[i], version, modinfo))
				return 0;
		}
	}
	return -ENOENT;
}

/* ---- what it says ---- */

/* "go1.26.10-X:nogreenteagc", "go1.25.12 X:greenteagc", "go1.22.5 (somebody's words)", "devel go1.28-3f5a Mon ..." */
static void parse_version(struct gobuild *b, char *experiments)
{
	const char *p = strstr(b->version, "go1.");

	b->devel = !strncmp(b->version, "devel", 5);
	if (p) {
		int n = 0;

		for (p += 4; *p >= '0' && *p <= '9' && n < 1000; p++)
			n = n * 10 + *p - '0';
		b->minor = n < 1000 ? n : 0;
	}
	for (p = strstr(b->version, "X:"); p && p > b->version; p = strstr(p + 1, "X:")) {
		if (p[-1] != ' ' && p[-1] != '-')
			continue;
		p += 2;
		memcpy(experiments, p, strcspn(p, " "));
		break;
	}
}

/* Unquote a Go string in place; one without quotes stays as it is. Rare escapes are left alone. */
static char *unquote(char *s)
{
	size_t len = strlen(s);
	char quote = s[0], *end, *to = s;

	end = len ? s + len - 1 : s;
	if (end == s || (quote != '"' && quote != '`') || *end != quote)
		return s;
	for (char *from = s + 1; from < end; from++) {
		if (quote == '"' && *from == '\\' && from + 1 < end && (from[1] == '"' || from[1] == '\\'))
			from++;
		*to++ = *from;
	}
	*to = '\0';
	return s;
}

static int add_setting(struct gobuild *b, char *text)
{
	char *end = NULL, *eq;

	/* a key that contains "=" may be quoted */
	if (text[0] == '"')
		end = strchr(text + 1, '"');
	eq = strchr(end ? end : text, '=');
	if (!eq)
		return 0;
	if (ARRAY_GROW(b->settings, b->room_settings, b->nr_settings + 1))
		return -ENOMEM;
	*eq = '\0';
	b->settings[b->nr_settings++] = (struct gobuild_setting){ unquote(text), unquote(eq + 1) };
	return 0;
}

/* Tab-separated lines: "path P", "mod PATH VERSION SUM", "dep ...", "build KEY=VALUE". */
static int parse_modinfo(struct gobuild *b, char *text)
{
	char *line, *field, *rest;
	int ret = 0;

	for (line = strtok_r(text, "\n", &rest); line && !ret; line = strtok_r(NULL, "\n", &rest)) {
		field = strchr(line, '\t');
		if (!field)
			continue;
		*field++ = '\0';
		if (!strcmp(line, "path")) {
			b->path = field;
		} else if (!strcmp(line, "mod")) {
			b->module = strsep(&field, "\t");
			if (field)
				b->module_version = strsep(&field, "\t");
		} else if (!strcmp(line, "build") && b->nr_settings < SETTINGS_MAX) {
			ret = add_setting(b, field);
		}
	}
	return ret;
}

int gobuild__read(struct image *img, struct gobuild *build)
{
	struct text version = { 0 }, modinfo = { 0 };
	char *p;

	*build = (struct gobuild){ .version = "", .experiments = "", .path = "", .module = "", .module_version = "" };
	if (find_blob(img, &version, &modinfo))
		return -ENOENT;
	if (modinfo.len >= 2 * SENTINEL_BYTES + 1 && modinfo.p[modinfo.len - SENTINEL_BYTES - 1] == '\n') {
		modinfo.p += SENTINEL_BYTES;
		modinfo.len -= 2 * SENTINEL_BYTES;
	}
	/* the version, its experiments, and the module information, each ended by a NUL */
	p = build->text = calloc(1, 2 * version.len + modinfo.len + 3);
	if (!p)
		return -ENOMEM;
	memcpy(p, version.p, version.len);
	build->version = p;
	build->experiments = p + version.len + 1;
	parse_version(build, p + version.len + 1);
	p += 2 * (version.len + 1);
	if (modinfo.len)
		memcpy(p, modinfo.p, modinfo.len);
	return parse_modinfo(build, p);
}

void gobuild__free(struct gobuild *build)
{
	free(build->settings);
	free(build->text);
	*build = (struct gobuild){ 0 };
}

const char *gobuild__setting(const struct gobuild *build, const char *key)
{
	for (size_t i = 0; i < build->nr_settings; i++) {
		if (!strcmp(build->settings[i].key, key))
			return build->settings[i].value;
	}
	return NULL;
}

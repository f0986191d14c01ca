// SPDX-License-Identifier: BSD-2-Clause
/* The assembler takes them in as they are: paths are from the project's root, where make runs the compiler. */
#include <stddef.h>

#include "page_files.h"
#include "util.h"

#define EMBED(name, file)                                           \
	extern const char page_##name[], page_##name##_end[];       \
	__asm__(".pushsection .rodata\n"                            \
		".global page_" #name "\npage_" #name ":\n"         \
		".incbin \"user/report/page/" file "\"\n"           \
		".global page_" #name "_end\npage_" #name "_end:\n" \
		".popsection\n");

EMBED(css, "page.css")
EMBED(html, "page.html")
EMBED(util_js, "util.js")
EMBED(tables_js, "tables.js")
EMBED(ledger_js, "ledger.js")
EMBED(timeline_js, "timeline.js")
EMBED(lanes_js, "lanes.js")
EMBED(flame_js, "flame.js")
EMBED(distributions_js, "distributions.js")
EMBED(page_js, "page.js")

struct piece {
	const char *begin, *end;
};
#define PIECE(name)                            \
	{                                      \
		page_##name, page_##name##_end \
	}

static void put(const struct piece *pieces, size_t nr, FILE *to)
{
	for (size_t i = 0; i < nr; i++)
		fwrite(pieces[i].begin, 1, pieces[i].end - pieces[i].begin, to);
}

void page_files__head(FILE *to)
{
	static const struct piece css[] = { PIECE(css) }, html[] = { PIECE(html) };

	/* before anything else: a script that fails is seen by tests, and by whoever looks */
	fputs("<!DOCTYPE html>\n<html lang=\"en\" data-errors=\"0\"><head><meta charset=\"utf-8\">\n"
	      /* should a name of the target ever become more than text, it can reach nothing */
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
	      "script-src 'unsafe-inline'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>tare</title>\n"
	      "<script>onerror = text => { const d = document.documentElement.dataset; d.errors++; d.error = text; };"
	      "</script>\n<style>\n",
	      to);
	put(css, 1, to);
	fputs("</style></head>\n", to);
	put(html, 1, to);
	fputs("<script type=\"application/json\" id=\"data\">", to);
}

void page_files__tail(FILE *to)
{
	/* those that others use come first; page.js begins */
	static const struct piece scripts[] = {
		PIECE(util_js),	 PIECE(tables_js), PIECE(ledger_js),	    PIECE(timeline_js),
		PIECE(lanes_js), PIECE(flame_js),  PIECE(distributions_js), PIECE(page_js),
	};

	fputs("</script>\n<script>\n\"use strict\";\n", to);
	put(scripts, ARRAY_SIZE(scripts), to);
	fputs("</script>\n</body></html>\n", to);
}

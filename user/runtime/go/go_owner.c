// SPDX-License-Identifier: BSD-2-Clause
/* Whose code a Go function is, by the path of its package, which its name begins with. */
#include <string.h>

#include "go.h"
#include "util.h"

/* Packages that make up the runtime, and what lies below them: `go list -deps runtime`, Go 1.19 to 1.27. */
static const char *const of_runtime[] = {
	"runtime",
	"internal/runtime",
	"internal/abi",
	"internal/asan",
	"internal/bytealg",
	"internal/byteorder",
	"internal/chacha8rand",
	"internal/coverage",
	"internal/cpu",
	"internal/goarch",
	"internal/godebugs",
	"internal/goexperiment",
	"internal/goos",
	"internal/msan",
	"internal/profilerecord",
	"internal/race",
	"internal/stringslite",
	"internal/trace",
};

/* How package paths of the standard library begin: the folders of GOROOT/src, Go 1.19 to 1.27. */
static const char *const of_library[] = {
	"archive",  "arena",   "bufio",	  "bytes",    "cmp",	  "compress", "container", "context", "crypto",
	"database", "debug",   "embed",	  "encoding", "errors",	  "expvar",   "flag",	   "fmt",     "go",
	"hash",	    "html",    "image",	  "index",    "internal", "io",	      "iter",	   "log",     "maps",
	"math",	    "mime",    "net",	  "os",	      "path",	  "plugin",   "reflect",   "regexp",  "simd",
	"slices",   "sort",    "strconv", "strings",  "structs",  "sync",     "syscall",   "testing", "text",
	"time",	    "unicode", "unique",  "unsafe",   "vendor",	  "weak",
};

static bool has_path(const char *const *list, size_t nr, const char *path, size_t len)
{
	for (size_t i = 0; i < nr; i++) {
		size_t n = strlen(list[i]);

		if (n <= len && !memcmp(path, list[i], n) && (n == len || path[n] == '/'))
			return true;
	}
	return false;
}

enum tare_owner go_owner(const char *function)
{
	size_t len = strcspn(function, "[("), path = 0;

	/* the compiler's own, "type:.eq.main.T" and "go:..." */
	if (memchr(function, ':', len))
		return TARE_OWNER_RUNTIME;
	/* in the last element of the path, a dot is written as %2e */
	for (size_t i = 0; i < len; i++)
		path = function[i] == '/' ? i + 1 : path;
	path += strcspn(function + path, ".");
	/* assembly may lack the package: "gcWriteBarrier" is the runtime's, "p256SubInternal" the library's */
	if (path >= len || function[path] != '.')
		return TARE_OWNER_UNKNOWN;
	if (has_path(of_runtime, ARRAY_SIZE(of_runtime), function, path))
		return TARE_OWNER_RUNTIME;
	return has_path(of_library, ARRAY_SIZE(of_library), function, path) ? TARE_OWNER_LIBRARY : TARE_OWNER_PROGRAM;
}

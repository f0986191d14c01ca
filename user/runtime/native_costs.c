// SPDX-License-Identifier: BSD-2-Clause
/*
 * Allocators of C, C++ and Rust. A stripped library has only the names that it exports. Names of C++ and Rust are here
 * as in the file and as demangled. Those that end in '*' cover all overloads of an operator, or a library's own prefix.
 */
#include "runtime.h"

#define WITHIN TARE_SYMBOL_COST_WITHIN
#define ALWAYS TARE_SYMBOL_COST_ALWAYS

const struct runtime_cost native_costs[] = {
	/* what finds no memory at hand; first, for more general names follow */
	{ "_int_malloc", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "sysmalloc*", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "arena_get2*", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "tcache_init*", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "je_tcache_alloc_small_hard", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "je_arena_cache_bin_fill_small", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "je_arena_tcache_fill_small", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "je_arena_malloc_hard", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "je_large_malloc", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "_rjem_je_tcache_alloc_small_hard", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "_rjem_je_arena_cache_bin_fill_small", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "_rjem_je_arena_malloc_hard", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "_rjem_je_large_malloc", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "_mi_malloc_generic", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "tcmalloc::ThreadCache::FetchFromCentralCache*", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "_ZN8tcmalloc11ThreadCache21FetchFromCentralCache*", TARE_COST_ALLOC_SLOW, WITHIN },

	/* of calloc and the like */
	{ "memset", TARE_COST_ALLOC_ZERO, WITHIN },
	{ "__memset_*", TARE_COST_ALLOC_ZERO, WITHIN },

	/* the way into the kernel and out of it */
	{ "mmap", TARE_COST_KERNEL_MEMORY, ALWAYS },
	{ "mmap64", TARE_COST_KERNEL_MEMORY, ALWAYS },
	{ "__mmap*", TARE_COST_KERNEL_MEMORY, ALWAYS },
	{ "munmap", TARE_COST_KERNEL_MEMORY, ALWAYS },
	{ "__munmap", TARE_COST_KERNEL_MEMORY, ALWAYS },
	{ "mremap", TARE_COST_KERNEL_MEMORY, ALWAYS },
	{ "__mremap", TARE_COST_KERNEL_MEMORY, ALWAYS },
	{ "mprotect", TARE_COST_KERNEL_MEMORY, ALWAYS },
	{ "__mprotect", TARE_COST_KERNEL_MEMORY, ALWAYS },
	{ "pkey_mprotect", TARE_COST_KERNEL_MEMORY, ALWAYS },
	{ "madvise", TARE_COST_KERNEL_MEMORY, ALWAYS },
	{ "__madvise", TARE_COST_KERNEL_MEMORY, ALWAYS },
	{ "brk", TARE_COST_KERNEL_MEMORY, ALWAYS },
	{ "__brk", TARE_COST_KERNEL_MEMORY, ALWAYS },

	/* giving back */
	{ "free", TARE_COST_ALLOC_FREE, 0 },
	{ "cfree", TARE_COST_ALLOC_FREE, 0 },
	{ "free_sized", TARE_COST_ALLOC_FREE, 0 },
	{ "free_aligned_sized", TARE_COST_ALLOC_FREE, 0 },
	{ "__libc_free*", TARE_COST_ALLOC_FREE, 0 },
	{ "__GI___libc_free", TARE_COST_ALLOC_FREE, 0 },
	{ "_int_free*", TARE_COST_ALLOC_FREE, 0 },
	{ "malloc_trim", TARE_COST_ALLOC_FREE, 0 },
	{ "operator delete*", TARE_COST_ALLOC_FREE, 0 },
	{ "_ZdlPv*", TARE_COST_ALLOC_FREE, 0 },
	{ "_ZdaPv*", TARE_COST_ALLOC_FREE, 0 },
	{ "__rust_dealloc", TARE_COST_ALLOC_FREE, 0 },
	{ "__rdl_dealloc", TARE_COST_ALLOC_FREE, 0 },
	{ "__rg_dealloc", TARE_COST_ALLOC_FREE, 0 },
	{ "__rustc::__rust_dealloc", TARE_COST_ALLOC_FREE, 0 },
	{ "__rustc::__rdl_dealloc", TARE_COST_ALLOC_FREE, 0 },
	{ "__rustc::__rg_dealloc", TARE_COST_ALLOC_FREE, 0 },
	{ "alloc::alloc::dealloc*", TARE_COST_ALLOC_FREE, 0 },
	{ "alloc::alloc::box_free*", TARE_COST_ALLOC_FREE, 0 },
	{ "_ZN5alloc5alloc7dealloc*", TARE_COST_ALLOC_FREE, 0 },
	{ "_ZN5alloc5alloc8box_free*", TARE_COST_ALLOC_FREE, 0 },
	{ "<alloc::alloc::Global as core::alloc::Allocator>::deallocate*", TARE_COST_ALLOC_FREE, 0 },
	{ "<alloc::raw_vec::RawVec<T,A> as core::ops::drop::Drop>::drop*", TARE_COST_ALLOC_FREE, 0 },
	{ "dallocx", TARE_COST_ALLOC_FREE, 0 },
	{ "sdallocx", TARE_COST_ALLOC_FREE, 0 },
	{ "je_free*", TARE_COST_ALLOC_FREE, 0 },
	{ "je_dallocx*", TARE_COST_ALLOC_FREE, 0 },
	{ "je_sdallocx*", TARE_COST_ALLOC_FREE, 0 },
	{ "_rjem_free*", TARE_COST_ALLOC_FREE, 0 },
	{ "_rjem_sdallocx*", TARE_COST_ALLOC_FREE, 0 },
	{ "_rjem_dallocx*", TARE_COST_ALLOC_FREE, 0 },
	{ "mi_free*", TARE_COST_ALLOC_FREE, 0 },
	{ "_mi_free*", TARE_COST_ALLOC_FREE, 0 },
	{ "tc_free*", TARE_COST_ALLOC_FREE, 0 },
	{ "tc_delete*", TARE_COST_ALLOC_FREE, 0 },
	{ "dlfree", TARE_COST_ALLOC_FREE, 0 },
	{ "dlmalloc::dlmalloc::Dlmalloc<A>::free*", TARE_COST_ALLOC_FREE, 0 },
	{ "dlmalloc::dlmalloc::Dlmalloc<A>::dispose_chunk", TARE_COST_ALLOC_FREE, 0 },

	/* handing out */
	{ "malloc", TARE_COST_ALLOC_FAST, 0 },
	{ "calloc", TARE_COST_ALLOC_FAST, 0 },
	{ "realloc", TARE_COST_ALLOC_FAST, 0 },
	{ "reallocarray", TARE_COST_ALLOC_FAST, 0 },
	{ "memalign", TARE_COST_ALLOC_FAST, 0 },
	{ "aligned_alloc", TARE_COST_ALLOC_FAST, 0 },
	{ "posix_memalign", TARE_COST_ALLOC_FAST, 0 },
	{ "valloc", TARE_COST_ALLOC_FAST, 0 },
	{ "pvalloc", TARE_COST_ALLOC_FAST, 0 },
	{ "__libc_malloc*", TARE_COST_ALLOC_FAST, 0 },
	{ "__libc_calloc*", TARE_COST_ALLOC_FAST, 0 },
	{ "__libc_realloc*", TARE_COST_ALLOC_FAST, 0 },
	{ "__libc_memalign*", TARE_COST_ALLOC_FAST, 0 },
	{ "__GI___libc_malloc", TARE_COST_ALLOC_FAST, 0 },
	{ "__GI___libc_realloc", TARE_COST_ALLOC_FAST, 0 },
	{ "_mid_memalign*", TARE_COST_ALLOC_FAST, 0 },
	{ "_int_realloc", TARE_COST_ALLOC_FAST, 0 },
	{ "_int_memalign", TARE_COST_ALLOC_FAST, 0 },
	{ "malloc_consolidate", TARE_COST_ALLOC_FAST, 0 },
	{ "unlink_chunk*", TARE_COST_ALLOC_FAST, 0 },
	{ "operator new*", TARE_COST_ALLOC_FAST, 0 },
	{ "_Znw*", TARE_COST_ALLOC_FAST, 0 },
	{ "_Zna*", TARE_COST_ALLOC_FAST, 0 },
	{ "__rust_alloc*", TARE_COST_ALLOC_FAST, 0 },
	{ "__rust_realloc", TARE_COST_ALLOC_FAST, 0 },
	{ "__rdl_*", TARE_COST_ALLOC_FAST, 0 },
	{ "__rg_*", TARE_COST_ALLOC_FAST, 0 },
	{ "__rustc::__rust_*", TARE_COST_ALLOC_FAST, 0 },
	{ "__rustc::__rdl_*", TARE_COST_ALLOC_FAST, 0 },
	{ "__rustc::__rg_*", TARE_COST_ALLOC_FAST, 0 },
	{ "alloc::alloc::*", TARE_COST_ALLOC_FAST, 0 },
	{ "_ZN5alloc5alloc*", TARE_COST_ALLOC_FAST, 0 },
	{ "<alloc::alloc::Global as core::alloc::Allocator>::*", TARE_COST_ALLOC_FAST, 0 },
	{ "alloc::raw_vec::*", TARE_COST_ALLOC_FAST, 0 }, /* growth of a vector, its realloc */
	{ "_ZN5alloc7raw_vec*", TARE_COST_ALLOC_FAST, 0 },
	{ "mallocx", TARE_COST_ALLOC_FAST, 0 },
	{ "rallocx", TARE_COST_ALLOC_FAST, 0 },
	{ "je_*", TARE_COST_ALLOC_FAST, 0 },
	{ "_rjem_*", TARE_COST_ALLOC_FAST, 0 },
	{ "mi_*", TARE_COST_ALLOC_FAST, 0 },
	{ "_mi_*", TARE_COST_ALLOC_FAST, 0 },
	{ "tc_*", TARE_COST_ALLOC_FAST, 0 },
	{ "tcmalloc::*", TARE_COST_ALLOC_FAST, 0 },
	{ "_ZN8tcmalloc*", TARE_COST_ALLOC_FAST, 0 },
	{ "dlmalloc", TARE_COST_ALLOC_FAST, 0 },
	{ "dlcalloc", TARE_COST_ALLOC_FAST, 0 },
	{ "dlrealloc", TARE_COST_ALLOC_FAST, 0 },
	{ "dlmemalign", TARE_COST_ALLOC_FAST, 0 },
	{ "dlmalloc::*", TARE_COST_ALLOC_FAST, 0 },
	{ 0 },
};

static bool begins_with_one(const char *text, const char *const *beginnings)
{
	for (; *beginnings; beginnings++)
		if (!strncmp(text, *beginnings, strlen(*beginnings)))
			return true;
	return false;
}

bool native_is_library(const char *function, const char *file)
{
	static const char *const folders[] = {
		"/usr/include/", "/usr/lib/gcc/", "/usr/lib/llvm",  "/rustc/",	    "/usr/src/rustc",
		"/rust/deps/",	 "library/core/", "library/alloc/", "library/std/", NULL
	};
	static const char *const spaces[] = { "std::",	"__gnu_cxx::", "core::",   "alloc::",
					      "<std::", "<core::",     "<alloc::", NULL };

	return begins_with_one(function, spaces) || begins_with_one(file, folders) ||
	       strstr(file, "/rustlib/src/rust/");
}

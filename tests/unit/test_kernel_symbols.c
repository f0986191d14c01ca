// SPDX-License-Identifier: BSD-2-Clause
/* The kernel's table of symbols: written here, and this kernel's own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel_symbols.h"
#include "util.h"

static struct kernel_symbols table_of(const char *text, int want)
{
	char path[] = "/tmp/test_kernel_symbols.XXXXXX";
	struct kernel_symbols k = { .next_ns = UINT64_MAX }; /* not this machine's */
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(kernel_symbols__read(&k, path), want);
	unlink(path);
	return k;
}

static void is(struct kernel_symbols *k, uint64_t address, const char *want)
{
	const char *name = kernel_symbols__at(k, address, now_ns(), NULL);

	if (!name != !want || (want && strcmp(name, want)))
		fail_msg("at 0x%llx: %s", (unsigned long long)address, name ? name : "(none)");
}

static void by_address(void **unused)
{
	struct kernel_symbols k = table_of("0000000000000000 A fixed_percpu_data\n"
					   "ffffffff81000000 T _text\n"
					   "ffffffff81000040 t helper\n"
					   "ffffffff81000040 T __vfs_read\n"
					   "ffffffff81000040 T vfs_read\n"
					   "ffffffff81000080 d some_data\n"
					   "ffffffff810000c0 W weak_one\n"
					   "ffffffff81000100 T __ia32_sys_yield\n"
					   "ffffffff81000100 T __x64_sys_yield\n"
					   "ffffffff81000140 t do_compat_wait\n"
					   "ffffffff81000140 t do_wait\n"
					   "ffffffff81000180 T __ia32_sys_alone\n"
					   "ffffffffc0001ff0 t last_of_it\t[other]\n"
					   "ffffffffc0000100 t in_module\t[nf_tables]\n"
					   "ffffffffc0000200 t last_here\t[nf_tables]\n"
					   "ffffffffc0020000 t bpf_prog_6deef7357e7b4530_sd_fw\t[bpf]\n"
					   "ffffffffc0020100 t bpf_trampoline_6442458903\t[bpf]\n"
					   "garbage\n\nffff\nffffffffc0030000 t",
					   0);

	is(&k, 0, NULL);
	is(&k, 0xffffffff80ffffff, NULL);
	is(&k, 0xffffffff81000000, "_text");
	is(&k, 0xffffffff8100003f, "_text");
	is(&k, 0xffffffff81000040, "vfs_read");
	is(&k, 0xffffffff8100007f, "vfs_read");
	is(&k, 0xffffffff81000080, NULL); /* data */
	is(&k, 0xffffffff810000c0, "weak_one");
	is(&k, 0xffffffff810000ff, "weak_one");
	is(&k, 0xffffffff81000100, "__x64_sys_yield"); /* whose code 32-bit programs share */
	is(&k, 0xffffffff81000140, "do_wait");
	is(&k, 0xffffffff81000fff, "__ia32_sys_alone");
	is(&k, 0xffffffff81001000, NULL); /* the kernel's last one does not reach into modules */
	is(&k, 0xffffffffc0000100, "in_module [nf_tables]");
	is(&k, 0xffffffffc0000fff, "last_here [nf_tables]");
	is(&k, 0xffffffffc0001000, NULL);
	is(&k, 0xffffffffc0001ff0, "last_of_it [other]");
	is(&k, 0xffffffffc0020000, "bpf_prog_6deef7357e7b4530_sd_fw");
	is(&k, 0xffffffffc0020100, "bpf_trampoline_6442458903");
	is(&k, UINT64_MAX, NULL);
	kernel_symbols__free(&k);
}

static void hidden_or_empty(void **unused)
{
	struct kernel_symbols k = table_of("0000000000000000 T _text\n0000000000000000 T vfs_read\n", -EPERM);

	is(&k, 0, NULL);
	kernel_symbols__free(&k);
	k = table_of("", -ENOENT);
	kernel_symbols__free(&k);
	assert_int_equal(kernel_symbols__read(&k, "/nonexistent"), -ENOENT);
}

/* What is there stays if it cannot be read again. */
static void read_again(void **unused)
{
	struct kernel_symbols k = table_of("ffffffff81000000 T _text\n", 0);

	assert_int_equal(kernel_symbols__read(&k, "/nonexistent"), -ENOENT);
	is(&k, 0xffffffff81000000, "_text");
	kernel_symbols__free(&k);
}

static void of_this_kernel(void **unused)
{
	struct kernel_symbols k = { 0 };
	unsigned long long address = 0;
	char line[512], name[256];
	FILE *f = fopen("/proc/kallsyms", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx %*c %255s", &address, name) == 2 && !strcmp(name, "vfs_read"))
			break;
	if (f)
		fclose(f);
	if (!address || strcmp(name, "vfs_read")) {
		kernel_symbols__at(&k, 1, now_ns(), NULL);
		kernel_symbols__free(&k);
		skip();
	}
	is(&k, address + 1, "vfs_read");
	is(&k, 1, NULL);
	kernel_symbols__free(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_address),
		cmocka_unit_test(hidden_or_empty),
		cmocka_unit_test(read_again),
		cmocka_unit_test(of_this_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

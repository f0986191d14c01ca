// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "export_output.h"
#include "gzip.h"
#include "util.h"

bool export_output__is_stdout(const struct export_output *out)
{
	return !strcmp(out->path, "-");
}

const char *export_output__name(const struct export_output *out)
{
	return export_output__is_stdout(out) ? "standard output" : out->path;
}

/* @fd: what "-" stands for. */
static int look(const char *path, int fd, struct stat *st)
{
	return strcmp(path, "-") ? stat(path, st) : fstat(fd, st);
}

bool export_output__is(const struct export_output *out, const char *in)
{
	struct stat a, b;

	return !look(in, STDIN_FILENO, &a) && !look(out->path, STDOUT_FILENO, &b) && S_ISREG(a.st_mode) &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Can @fd be written back and forth? Says so if not. */
static bool goes_back(const struct export_output *out, int fd, const char *format)
{
	if (fcntl(fd, F_GETFL) & O_APPEND)
		err("%s is written back and forth, and %s only takes more at its end (>>): name a file with -o", format,
		    export_output__name(out));
	else if (lseek(fd, 0, SEEK_CUR) < 0)
		err("%s is written back and forth, which a pipe cannot take: name a file with -o", format);
	else
		return true;
	return false;
}

static int open_stdout(struct export_output *out, const char *format, bool binary, bool seeks)
{
	if (seeks && !out->compress && !goes_back(out, STDOUT_FILENO, format))
		return EXIT_USAGE;
	if ((binary || out->compress) && isatty(STDOUT_FILENO)) {
		err("%s is binary and standard output is a terminal: name a file with -o",
		    out->compress ? "what is compressed" : format);
		return EXIT_USAGE;
	}
	out->file = stdout;
	return EXIT_OK;
}

static int open_file(struct export_output *out, const char *format, bool seeks)
{
	int fd;

	/* exports also run as root, and in /tmp: never follow a link that somebody else put there */
	fd = open(out->path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd >= 0 && seeks && !out->compress && !goes_back(out, fd, format)) {
		close(fd);
		return EXIT_USAGE;
	}
	if (fd >= 0)
		out->file = fdopen(fd, "w");
	if (out->file)
		return EXIT_OK;
	err("cannot write %s: %s", out->path,
	    errno == ELOOP ? "it is a symbolic link; name the file that it points to" : strerror(errno));
	if (fd >= 0)
		close(fd);
	return EXIT_FAILED;
}

int export_output__open(struct export_output *out, const char *format, bool binary, bool seeks, const char *input)
{
	static char buffer[1 << 18]; /* the C library's own holds a few dozen events */
	int code = EXIT_USAGE;

	if (input && export_output__is(out, input))
		err("%s is the recording itself: name another file with -o", export_output__name(out));
	else
		code = export_output__is_stdout(out) ? open_stdout(out, format, binary, seeks) :
						       open_file(out, format, seeks);
	if (code)
		return code;
	out->to = out->file;
	if (out->file != stdout)
		setvbuf(out->file, buffer, _IOFBF, sizeof(buffer));
	if (!out->compress)
		return EXIT_OK;
	out->gzip = gzip__open(out->file);
	out->to = out->gzip ? gzip__stream(out->gzip) : NULL;
	/* what goes back and forth is compressed when it is whole */
	if (out->gzip && seeks)
		out->to = out->spool = tmpfile();
	if (out->to)
		return EXIT_OK;
	err("cannot compress into %s: %s", export_output__name(out), strerror(errno));
	export_output__close(out);
	return EXIT_FAILED;
}

bool export_output__failed(const struct export_output *out)
{
	return ferror(out->to) || ferror(out->file);
}

/* Compress what was spooled. Returns 0 or a negative errno. */
static int unspool(struct export_output *out)
{
	char piece[65536];
	int ret = flush_all(out->spool);
	size_t n;

	if (!ret && fseek(out->spool, 0, SEEK_SET))
		ret = -errno;
	while (!ret && (n = fread(piece, 1, sizeof(piece), out->spool))) {
		errno = 0;
		if (fwrite(piece, 1, n, gzip__stream(out->gzip)) != n)
			ret = -(errno ?: EIO);
	}
	if (!ret && ferror(out->spool))
		ret = -EIO;
	fclose(out->spool);
	return ret;
}

int export_output__close(struct export_output *out)
{
	int ret = out->spool ? unspool(out) : 0, next;

	/* the first error is the one that says why */
	next = out->gzip ? gzip__close(out->gzip) : 0;
	ret = ret ?: next;
	next = flush_all(out->file);
	ret = ret ?: next;
	if (out->file != stdout && fclose(out->file) && !ret)
		ret = -errno;
	return ret;
}

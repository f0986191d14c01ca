// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workloads.h"
#include "util.h"

#define MOST_WORDS 64
#define MOST_TIME  "300s" /* of one run: a program that hangs ends then, and says nothing */

static volatile sig_atomic_t waited_for; /* process, or below 0 a group of them; 0: none */
static volatile sig_atomic_t ends;

void workloads__end(void)
{
	ends = true;
	if (waited_for)
		kill((pid_t)waited_for, SIGTERM);
}

static void wait_as(pid_t pid)
{
	waited_for = pid;
	if (ends)
		workloads__end(); /* the signal came before it could know */
}

static bool is_there(const char *path, int how)
{
	return !access(path, how);
}

/* The folder that this program is in, without its name. */
static int own_folder(char buf[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", buf, PATH_MAX - 1);
	char *slash;

	if (len < 0)
		return -errno;
	buf[len] = '\0';
	slash = strrchr(buf, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	return 0;
}

/* Where users keep what can be made anew */
static void name_cache(char buf[PATH_MAX])
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	int len = cache && cache[0] == '/' ? snprintf(buf, PATH_MAX, "%s/tare/workloads", cache) :
		  home && home[0] == '/'   ? snprintf(buf, PATH_MAX, "%s/.cache/tare/workloads", home) :
					     snprintf(buf, PATH_MAX, "/var/cache/tare/workloads");

	if (len >= PATH_MAX)
		buf[0] = '\0';
}

static void name_folders(struct workloads *p, const char *own)
{
	const char *const folders[] = { own, p->built, p->shipped, p->sources };
	char real[PATH_MAX];
	size_t len = 0;

	name_cache(p->built);
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		len += (size_t)snprintf(p->path + len, sizeof(p->path) - len, "%s%s", i ? ":" : "",
					realpath(folders[i], real) ? real : folders[i]);
}

int workloads__find(struct workloads *p)
{
	/* below the program's folder: in the tree, installed */
	static const struct {
		const char *shipped, *sources, *table;
	} places[] = {
		{ "workloads", "../tools/workloads", "../tools/claims.json" },
		{ "../libexec/tare", "../share/tare/workloads", "../share/tare/claims.json" },
	};
	char own[PATH_MAX];

	*p = (struct workloads){ .told = json_object() };
	for (size_t i = 0; !own_folder(own) && i < ARRAY_SIZE(places); i++) {
		if (snprintf(p->table, PATH_MAX, "%s/%s", own, places[i].table) >= PATH_MAX ||
		    snprintf(p->shipped, PATH_MAX, "%s/%s", own, places[i].shipped) >= PATH_MAX ||
		    snprintf(p->sources, PATH_MAX, "%s/%s", own, places[i].sources) >= PATH_MAX)
			break;
		if (is_there(p->table, R_OK)) {
			name_folders(p, own);
			return 0;
		}
	}
	err("the table of claims is not beside tare (%s): run it from where it was built, or `make install`", own);
	return -ENOENT;
}

void workloads__free(struct workloads *p)
{
	json_decref(p->told);
}

/* ---- build ---- */

static int make_folders(char *path)
{
	for (char *at = path + 1; (at = strchr(at, '/')); at++) {
		*at = '\0';
		mkdir(path, 0755);
		*at = '/';
	}
	return mkdir(path, 0755) && errno != EEXIST ? -errno : 0;
}

/* Programs from there are run as this user, often root: nobody else may be able to put any there. */
static bool is_own_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 022);
}

static bool make_cache(struct workloads *p)
{
	p->no_cache = make_folders(p->built) || !is_own_folder(p->built) || !is_there(p->built, W_OK | X_OK);
	if (p->no_cache)
		warn("%s is no folder that this user alone can write: nothing but C is measured; XDG_CACHE_HOME names another",
		     p->built);
	return !p->no_cache;
}

/* "NAME: VERSION -> PATH", or "NAME: why not" */
static void take_line(struct workloads *p, char *line)
{
	char *colon = strchr(line, ':'), *arrow;

	line[strcspn(line, "\n")] = '\0';
	if (!colon)
		return;
	*colon = '\0';
	arrow = strstr(colon + 1, " -> ");
	if (arrow)
		*arrow = '\0';
	json_object_set_new(
		p->told, line,
		json_pack("{s:b, s:s}", "built", arrow != NULL, "what", colon + 1 + strspn(colon + 1, " ")));
}

/* In the child: run the script for @names. Its output comes by @fd. */
static _Noreturn void become_script(const struct workloads *p, int fd, const char *const *names, size_t nr)
{
	char script[PATH_MAX + 8];
	const char *argv[MOST_WORDS] = { script, p->built };

	snprintf(script, sizeof(script), "%s/build", p->sources);
	for (size_t i = 0; i < nr && i + 3 < MOST_WORDS; i++)
		argv[i + 2] = names[i];
	setpgid(0, 0); /* a compiler's helpers end with it */
	dup2(fd, STDOUT_FILENO);
	execv(script, (char **)argv);
	_exit(EXIT_NO_COMMAND);
}

void workloads__build(struct workloads *p, const char *const *names, size_t nr)
{
	int pipefd[2], status;
	char *line = NULL;
	size_t room = 0;
	FILE *from;
	pid_t pid;

	if (!make_cache(p) || pipe2(pipefd, O_CLOEXEC))
		return;
	pid = fork();
	if (!pid)
		become_script(p, pipefd[1], names, nr);
	if (pid > 0) {
		setpgid(pid, pid);
		wait_as(-pid);
	}
	close(pipefd[1]);
	from = pid < 0 ? NULL : fdopen(pipefd[0], "r");
	while (from && getline(&line, &room, from) > 0)
		take_line(p, line);
	free(line);
	if (from)
		fclose(from);
	else
		close(pipefd[0]);
	waited_for = 0;
	if (pid < 0 || waitpid(pid, &status, 0) != pid || (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_COMMAND))
		warn("cannot run %s/build: only what was built with tare is measured", p->sources);
}

static bool is_program(char buf[PATH_MAX], const char *folder, const char *name)
{
	return snprintf(buf, PATH_MAX, "%s/%s", folder, name) < PATH_MAX && is_there(buf, X_OK);
}

const char *workloads__path(const struct workloads *p, const char *name, char buf[PATH_MAX], char *why, size_t size)
{
	const json_t *told = json_object_get(p->told, name);

	if (is_program(buf, p->shipped, name) || is_program(buf, p->sources, name) ||
	    (json_is_true(json_object_get(told, "built")) && is_program(buf, p->built, name)))
		return buf;
	snprintf(why, size, "%s",
		 json_string_value(json_object_get(told, "what")) ?:
			 p->no_cache ? "there is no folder to build it in: XDG_CACHE_HOME names one" :
				       "the program is not there");
	return NULL;
}

/* ---- run ---- */

struct words {
	char text[1024];
	char *env[MOST_WORDS], *arg[MOST_WORDS]; /* NAME=VALUE; the rest, ends with NULL */
	size_t nr_env, nr_arg;
};

static bool split(struct words *w, const char *command)
{
	char *save;

	*w = (struct words){ 0 };
	if (snprintf(w->text, sizeof(w->text), "%s", command) >= (int)sizeof(w->text))
		return false;
	for (char *s = strtok_r(w->text, " ", &save); s; s = strtok_r(NULL, " ", &save)) {
		if (w->nr_env + w->nr_arg + 1 >= MOST_WORDS)
			return false;
		if (!w->nr_arg && strchr(s, '='))
			w->env[w->nr_env++] = s;
		else
			w->arg[w->nr_arg++] = s;
	}
	return w->nr_arg;
}

/* A program of the table can name another one: a load generator its server. */
static void find_programs(const struct workloads *p, struct words *w, char paths[2][PATH_MAX])
{
	char why[8];
	size_t nr = 0;

	for (size_t i = 0; i < w->nr_arg && nr < 2; i++) {
		if (i && strcmp(w->arg[i - 1], "--"))
			continue;
		if (workloads__path(p, w->arg[i], paths[nr], why, sizeof(why)))
			w->arg[i] = paths[nr++];
	}
}

static _Noreturn void become(const struct words *w, const char *out, const char *errors, const char *recording)
{
	const char *argv[MOST_WORDS + 10] = { "tare", "run", "-q", "-d", MOST_TIME, "-o", recording, "--" };
	size_t n = 8;
	int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600), fd2 = open(errors, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || fd2 < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd2, STDERR_FILENO) < 0)
		_exit(EXIT_FAILED);
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* nobody waits for its figures then */
	for (size_t i = 0; i < w->nr_env; i++)
		putenv(w->env[i]);
	for (size_t i = 0; i < w->nr_arg; i++)
		argv[n++] = w->arg[i];
	execv("/proc/self/exe", (char **)argv);
	_exit(EXIT_NO_COMMAND);
}

/* The last line of the file at @path for which @is; false: there is none. */
static bool last_line(const char *path, bool (*is)(const char *line), char *buf, size_t size)
{
	char *line = NULL;
	size_t room = 0;
	FILE *f = fopen(path, "re");

	buf[0] = '\0';
	while (f && getline(&line, &room, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (is(line))
			snprintf(buf, size, "%s", line);
	}
	free(line);
	if (f)
		fclose(f);
	return buf[0];
}

static bool is_json(const char *line)
{
	return line[0] == '{';
}

/* Programs say "NAME: what is wrong"; more may follow, such as how to use them. */
static bool is_message(const char *line)
{
	size_t name = strcspn(line, ": ");

	return name && line[name] == ':' && line[name + 1] == ' ' && strncmp(line, "usage:", 6) &&
	       strncmp(line, "tare: the command", 17);
}

static void say_killed(int signo, char *why, size_t size)
{
	snprintf(why, size, "signal %d (%s) ended it: %s", signo, strsignal(signo),
		 signo == SIGKILL ? "had it too much memory for this machine, or its cgroup?" :
		 signo == SIGTERM ? "it took more than " MOST_TIME :
				    "it has a fault, or somebody wanted so");
}

static json_t *result_of(const char *out, const char *errors, int status, char *why, size_t size)
{
	char line[16384], message[160];
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNAL + WTERMSIG(status);
	json_t *own;

	if (code > EXIT_SIGNAL) {
		say_killed(code - EXIT_SIGNAL, why, size);
		return NULL;
	}
	if (code) {
		last_line(errors, is_message, message, sizeof(message));
		snprintf(why, size, "it ended with status %d: %s", code,
			 message[0] ? message :
				      "without a word: is there room in the temporary folder? TMPDIR names another");
		return NULL;
	}
	own = last_line(out, is_json, line, sizeof(line)) ? json_loads(line, 0, NULL) : NULL;
	if (!own)
		snprintf(why, size, "it printed no result: is there room in the temporary folder?");
	return own;
}

json_t *workload__run(const struct workloads *p, const char *command, const char *folder, const char *recording,
		      char *why, size_t size)
{
	char out[PATH_MAX], errors[PATH_MAX], paths[2][PATH_MAX];
	struct words w;
	pid_t pid, ended;
	int status;

	if (!split(&w, command)) {
		snprintf(why, size, "no program in \"%s\"", command);
		return NULL;
	}
	find_programs(p, &w, paths);
	snprintf(out, sizeof(out), "%s/out", folder);
	snprintf(errors, sizeof(errors), "%s/err", folder);
	pid = fork();
	if (!pid)
		become(&w, out, errors, recording);
	wait_as(pid > 0 ? pid : 0);
	ended = pid < 0 ? pid : waitpid(pid, &status, 0);
	waited_for = 0;
	if (ended < 0) {
		snprintf(why, size, "cannot start a process: %s", strerror(errno));
		return NULL;
	}
	return result_of(out, errors, status, why, size);
}

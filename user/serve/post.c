// SPDX-License-Identifier: BSD-2-Clause
#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "post.h"
#include "util.h"

#define DEFAULT_PATH	"/v1/metrics"
#define ANSWER_MAX	4096 /* of it is kept */
#define CONNECT_MAX_NS	(5 * NSEC_PER_SEC)
#define RETRY_AFTER_MAX 300 /* seconds; a server that asks for more is asked again sooner */

#define FUNCTIONS(X)      \
	X(global_init)    \
	X(easy_init)      \
	X(easy_setopt)    \
	X(easy_perform)   \
	X(easy_getinfo)   \
	X(easy_strerror)  \
	X(easy_unescape)  \
	X(easy_cleanup)   \
	X(slist_append)   \
	X(slist_free_all) \
	X(url)            \
	X(url_set)        \
	X(url_get)        \
	X(url_cleanup)    \
	X(free)

/* The headers check the arguments of some by macros of these names. */
static struct {
	void *library;
#define X(name) __typeof__(curl_##name) *name;
	FUNCTIONS(X)
#undef X
} curl;

struct post {
	CURL *easy;
	char *url;
	struct curl_slist *headers;
	char error[CURL_ERROR_SIZE];
	char answer[ANSWER_MAX];
	size_t answer_len;
	const atomic_bool *stop;
};

/* ---- the library ---- */

/* Debian has it with either of two TLS libraries. */
static int load(void)
{
	static const char *const names[] = { "libcurl-gnutls.so.4", "libcurl.so.4" };
	static const struct {
		const char *name;
		void **to;
	} functions[] = {
#define X(name) { "curl_" #name, (void **)&curl.name },
		FUNCTIONS(X)
#undef X
	};

	for (size_t i = 0; i < ARRAY_SIZE(names) && !curl.library; i++)
		curl.library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (!curl.library) {
		err("--otlp needs libcurl, which cannot be loaded: %s; install Debian's libcurl3-gnutls", dlerror());
		return -ENOENT;
	}
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		*functions[i].to = dlsym(curl.library, functions[i].name);
		if (!*functions[i].to) {
			err("--otlp needs a newer libcurl: this one has no %s()", functions[i].name);
			return -ENOENT;
		}
	}
	return curl.global_init(CURL_GLOBAL_DEFAULT) ? -ENOMEM : 0;
}

/* ---- where to, and as whom ---- */

static int bad_url(const char *url, const char *why)
{
	err("--otlp '%s': %s; it takes a URL like http://localhost:4318", url, why);
	return -EINVAL;
}

static bool has_part(CURLU *u, CURLUPart part)
{
	char *text = NULL;
	bool has = !curl.url_get(u, part, &text, 0);

	curl.free(text);
	return has;
}

static bool is_http(CURLU *u)
{
	char *scheme = NULL;
	bool is =
		!curl.url_get(u, CURLUPART_SCHEME, &scheme, 0) && (!strcmp(scheme, "http") || !strcmp(scheme, "https"));

	curl.free(scheme);
	return is;
}

static int take_url(struct post *p, const char *url)
{
	CURLU *u = curl.url();
	char *path = NULL, *whole = NULL;
	int ret = u ? 0 : -ENOMEM;

	if (ret)
		return ret;
	if (curl.url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME))
		ret = bad_url(url, "that is no URL");
	else if (!is_http(u))
		ret = bad_url(url, "only http and https are known");
	else if (has_part(u, CURLUPART_USER) || has_part(u, CURLUPART_PASSWORD))
		ret = bad_url(url,
			      "a password here is seen by everybody; put a header into OTEL_EXPORTER_OTLP_HEADERS");
	else if (!curl.url_get(u, CURLUPART_PATH, &path, 0) && !strcmp(path, "/"))
		curl.url_set(u, CURLUPART_PATH, DEFAULT_PATH, 0);
	if (!ret && !curl.url_get(u, CURLUPART_URL, &whole, 0))
		p->url = strdup(whole);
	curl.free(path);
	curl.free(whole);
	curl.url_cleanup(u);
	return ret ?: p->url ? 0 : -ENOMEM;
}

static int add_header(struct post *p, const char *line)
{
	struct curl_slist *more = curl.slist_append(p->headers, line);

	p->headers = more ?: p->headers;
	return more ? 0 : -ENOMEM;
}

/* "name=value", the value encoded as in a URL. */
static int add_pair(struct post *p, char *pair)
{
	char *value = strchr(pair, '='), *plain, *line = NULL;
	int len, ret = -ENOMEM;

	if (!value || value == pair) {
		err("OTEL_EXPORTER_OTLP_HEADERS is not name=value,name=value");
		return -EINVAL;
	}
	*value++ = '\0';
	plain = curl.easy_unescape(p->easy, value, 0, &len);
	if (plain && (strlen(plain) != (size_t)len || strpbrk(plain, "\r\n"))) {
		err("OTEL_EXPORTER_OTLP_HEADERS: the value of '%s' has a line end in it", pair);
		ret = -EINVAL;
	} else if (plain && asprintf(&line, "%s: %s", pair, plain) >= 0) {
		ret = add_header(p, line);
	}
	free(line);
	curl.free(plain);
	return ret;
}

static int take_headers(struct post *p)
{
	const char *given = getenv("OTEL_EXPORTER_OTLP_HEADERS");
	char *text = given && *given ? strdup(given) : NULL, *rest = NULL;
	int ret = add_header(p, "Content-Type: application/x-protobuf") ?: add_header(p, "Expect:");

	for (char *pair = text ? strtok_r(text, ",", &rest) : NULL; pair && !ret; pair = strtok_r(NULL, ",", &rest))
		ret = add_pair(p, pair + strspn(pair, " "));
	free(text);
	return ret;
}

/* ---- the transfer ---- */

/* Returns @len even for what is not kept: else the transfer would fail. */
static size_t take_answer(char *data, size_t size, size_t len, void *ctx)
{
	struct post *p = ctx;
	size_t part = len < ANSWER_MAX - p->answer_len ? len : ANSWER_MAX - p->answer_len;

	memcpy(p->answer + p->answer_len, data, part);
	p->answer_len += part;
	return len;
}

/* Called at least once a second. */
static int is_stopped(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct post *p = ctx;

	return p->stop && atomic_load(p->stop);
}

static void set_up(struct post *p)
{
	const char *trust = getenv("OTEL_EXPORTER_OTLP_CERTIFICATE");

	curl.easy_setopt(p->easy, CURLOPT_URL, p->url);
	curl.easy_setopt(p->easy, CURLOPT_POST, 1L);
	curl.easy_setopt(p->easy, CURLOPT_HTTPHEADER, p->headers);
	curl.easy_setopt(p->easy, CURLOPT_USERAGENT, "tare/" TARE_VERSION);
	curl.easy_setopt(p->easy, CURLOPT_NOSIGNAL, 1L);
	curl.easy_setopt(p->easy, CURLOPT_ERRORBUFFER, p->error);
	curl.easy_setopt(p->easy, CURLOPT_WRITEFUNCTION, take_answer);
	curl.easy_setopt(p->easy, CURLOPT_WRITEDATA, p);
	curl.easy_setopt(p->easy, CURLOPT_NOPROGRESS, 0L);
	curl.easy_setopt(p->easy, CURLOPT_XFERINFOFUNCTION, is_stopped);
	curl.easy_setopt(p->easy, CURLOPT_XFERINFODATA, p);
	if (trust && *trust)
		curl.easy_setopt(p->easy, CURLOPT_CAINFO, trust);
}

int post__new(const char *url, struct post **out)
{
	struct post *p = calloc(1, sizeof(*p));
	int ret = p ? load() : -ENOMEM;

	if (!ret)
		p->easy = curl.easy_init();
	if (!ret)
		ret = !p->easy ? -ENOMEM : take_url(p, url) ?: take_headers(p);
	if (ret == -ENOMEM)
		err("no memory for --otlp");
	if (ret) {
		post__free(p);
		return ret;
	}
	set_up(p);
	*out = p;
	return 0;
}

const char *post__url(const struct post *p)
{
	return p->url;
}

/* What is said to be worth another try: https://opentelemetry.io/docs/specs/otlp/#failures-1 */
static enum post_result result_of(long status)
{
	if (status >= 200 && status < 300)
		return POST_OK;
	return status == 429 || status == 502 || status == 503 || status == 504 ? POST_LATER : POST_REFUSED;
}

static void say_status(const struct post *p, long status, struct post_answer *answer)
{
	char text[160];

	sanitize(p->answer, p->answer_len < sizeof(text) - 1 ? p->answer_len : sizeof(text) - 1, text, sizeof(text));
	snprintf(answer->why, sizeof(answer->why), "it answers %ld%s%s", status, text[0] ? ": " : "", text);
}

enum post_result post__send(struct post *p, const void *body, size_t len, uint64_t limit_ns, const atomic_bool *stop,
			    struct post_answer *answer)
{
	uint64_t connect_ns = limit_ns < CONNECT_MAX_NS ? limit_ns : CONNECT_MAX_NS;
	curl_off_t retry_after = 0;
	enum post_result result;
	long status = 0;
	CURLcode code;

	p->stop = stop;
	p->answer_len = 0;
	p->error[0] = '\0';
	curl.easy_setopt(p->easy, CURLOPT_POSTFIELDS, body);
	curl.easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
	curl.easy_setopt(p->easy, CURLOPT_TIMEOUT_MS, (long)(limit_ns / 1000000));
	curl.easy_setopt(p->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(connect_ns / 1000000));
	code = curl.easy_perform(p->easy);
	*answer = (struct post_answer){ .body = p->answer, .len = p->answer_len };
	if (code) {
		snprintf(answer->why, sizeof(answer->why), "%s", p->error[0] ? p->error : curl.easy_strerror(code));
		return POST_LATER;
	}
	curl.easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	result = result_of(status);
	if (result != POST_OK)
		say_status(p, status, answer);
	if (result == POST_LATER && !curl.easy_getinfo(p->easy, CURLINFO_RETRY_AFTER, &retry_after) && retry_after > 0)
		answer->wait_ns = (retry_after < RETRY_AFTER_MAX ? retry_after : RETRY_AFTER_MAX) * NSEC_PER_SEC;
	return result;
}

void post__free(struct post *p)
{
	if (!p)
		return;
	if (p->easy)
		curl.easy_cleanup(p->easy);
	if (p->headers)
		curl.slist_free_all(p->headers);
	free(p->url);
	free(p);
}

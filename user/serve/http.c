// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hash.h"
#include "http.h"
#include "util.h"

#define CONNECTIONS_MAX	 64 /* then the oldest is closed for a new one */
#define CONNECTIONS_HARD 256
#define TIMEOUT_S	 10
#define CONNECTION_BYTES 16384		     /* what a request may need; a longer one gets 431 */
#define PAGE_AGE_NS	 (NSEC_PER_SEC / 10) /* whoever asks again so soon gets the same page: it is not free */
#define PAGES_AT_ONCE	 8		     /* for different scrapers in that time */
#define OLD_PAGES_MAX	 8		     /* that are read still: each has some megabytes */

struct peer {
	struct peer *next;
	int fd;
	bool shut;	  /* the library closes it once it sees that */
	uint64_t page_ns; /* it reads the page of then; 0: it has got all */
};

struct page_cache {
	struct MHD_Response *response;
	uint64_t made_ns, scraper; /* when, and for whom */
};

struct http {
	struct MHD_Daemon *daemon;
	struct http_source source;
	char address[NI_MAXHOST + NI_MAXSERV + 4];
	struct page_cache pages[NR_METRICS_FORMATS];
	struct peer *oldest; /* those connected, in the order in which they came */
	unsigned nr_open;    /* of them, those not shut */
	uint64_t window_ns;  /* since then... */
	unsigned made;	     /* ...so many pages were made */
};

/* ---- connections ---- */

static void shut(struct http *h, struct peer *peer)
{
	peer->shut = true;
	h->nr_open--;
	shutdown(peer->fd, SHUT_RDWR);
}

static void shut_oldest(struct http *h)
{
	struct peer *peer = h->oldest;

	while (peer && peer->shut)
		peer = peer->next;
	if (peer)
		shut(h, peer);
}

static bool reads_old_page(const struct http *h, const struct peer *peer)
{
	bool old = peer->page_ns && !peer->shut;

	for (int i = 0; i < NR_METRICS_FORMATS; i++)
		old &= peer->page_ns != h->pages[i].made_ns;
	return old;
}

/* How many old pages there are, each for as long as somebody reads it; *@oldest_ns: which has been for longest. */
static unsigned old_pages(const struct http *h, uint64_t *oldest_ns)
{
	unsigned nr = 0;

	*oldest_ns = UINT64_MAX;
	for (const struct peer *peer = h->oldest, *first; peer; peer = peer->next) {
		if (!reads_old_page(h, peer))
			continue;
		for (first = h->oldest; first->shut || first->page_ns != peer->page_ns;)
			first = first->next;
		nr += first == peer;
		*oldest_ns = peer->page_ns < *oldest_ns ? peer->page_ns : *oldest_ns;
	}
	return nr;
}

static void shut_slowest(struct http *h)
{
	uint64_t oldest_ns;

	while (old_pages(h, &oldest_ns) > OLD_PAGES_MAX) {
		for (struct peer *peer = h->oldest; peer; peer = peer->next)
			if (peer->page_ns == oldest_ns && !peer->shut)
				shut(h, peer);
	}
}

static struct peer *peer_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void on_answered(void *ctx, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode how)
{
	struct peer *peer = peer_of(c);

	if (peer)
		peer->page_ns = 0;
}

/* Its address without the port, and what program it says it is: two on one host are rarely of one kind. */
static uint64_t scraper_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const char *agent = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_USER_AGENT) ?: "";
	uint64_t id = hash__add(HASH_BEGIN, agent, strlen(agent));
	const struct sockaddr *addr = info ? info->client_addr : NULL;

	if (addr && addr->sa_family == AF_INET)
		id = hash__add(id, &((const struct sockaddr_in *)addr)->sin_addr, sizeof(struct in_addr));
	else if (addr && addr->sa_family == AF_INET6)
		id = hash__add(id, &((const struct sockaddr_in6 *)addr)->sin6_addr, sizeof(struct in6_addr));
	return id ?: 1;
}

/* ---- pages ---- */

static const char *const content_types[] = {
	[METRICS_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
	[METRICS_OPEN] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

static enum MHD_Result answer_text(struct MHD_Connection *c, unsigned status, const char *text, const char *allow)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result ret;

	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; charset=utf-8");
	if (allow)
		MHD_add_response_header(r, MHD_HTTP_HEADER_ALLOW, allow);
	ret = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return ret;
}

static enum MHD_Result queue_page(struct MHD_Connection *c, const struct page_cache *page)
{
	struct peer *peer = peer_of(c);

	if (peer)
		peer->page_ns = page->made_ns;
	return MHD_queue_response(c, MHD_HTTP_OK, page->response);
}

/* May @page be told once more? Another scraper has been told other things; but not more than some in that time. */
static bool is_fresh(struct http *h, const struct page_cache *page, uint64_t scraper, uint64_t now)
{
	if (now - h->window_ns >= PAGE_AGE_NS) {
		h->window_ns = now;
		h->made = 0;
	}
	return page->response && now - page->made_ns < PAGE_AGE_NS &&
	       (page->scraper == scraper || h->made >= PAGES_AT_ONCE);
}

static enum MHD_Result answer_metrics(struct http *h, struct MHD_Connection *c)
{
	const char *accept = MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	enum metrics_format format =
		accept && strstr(accept, "application/openmetrics-text") ? METRICS_OPEN : METRICS_TEXT;
	struct page_cache *page = &h->pages[format];
	uint64_t now = now_ns(), scraper = scraper_of(c);
	char *text;
	size_t len;

	if (is_fresh(h, page, scraper, now))
		return queue_page(c, page);
	text = h->source.metrics(h->source.ctx, format, scraper, &len);
	if (!text)
		return answer_text(c, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory\n", NULL);
	if (page->response)
		MHD_destroy_response(page->response);
	page->response = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
	page->made_ns = now;
	page->scraper = scraper;
	h->made++;
	if (!page->response) {
		free(text);
		return MHD_NO;
	}
	MHD_add_response_header(page->response, MHD_HTTP_HEADER_CONTENT_TYPE, content_types[format]);
	shut_slowest(h);
	return queue_page(c, page);
}

static enum MHD_Result answer_health(struct http *h, struct MHD_Connection *c)
{
	const char *problem = h->source.problem(h->source.ctx);
	char text[256];

	snprintf(text, sizeof(text), "%s\n", problem ?: "ok");
	return answer_text(c, problem ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK, text, NULL);
}

static enum MHD_Result answer_root(struct http *h, struct MHD_Connection *c)
{
	return answer_text(c, MHD_HTTP_OK,
			   "tare " TARE_VERSION "\n\n"
			   "/metrics   for Prometheus, or as OpenMetrics\n"
			   "/healthz   200 while it measures\n",
			   NULL);
}

static const struct {
	const char *path;
	enum MHD_Result (*answer)(struct http *h, struct MHD_Connection *c);
} paths[] = {
	{ "/metrics", answer_metrics },
	{ "/healthz", answer_health },
	{ "/", answer_root },
};

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url, const char *method,
				  const char *version, const char *data, size_t *size, void **state)
{
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return answer_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n", "GET, HEAD");
	/* nobody is told anything by HEAD: what has ended must still be there for GET */
	if (!strcmp(method, MHD_HTTP_METHOD_HEAD) && !strcmp(url, "/metrics"))
		return answer_text(c, MHD_HTTP_OK, "", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (!strcmp(url, paths[i].path))
			return paths[i].answer(ctx, c);
	return answer_text(c, MHD_HTTP_NOT_FOUND, "there is /metrics and /healthz\n", NULL);
}

/* ---- who comes and goes ---- */

static void connected(struct http *h, struct MHD_Connection *c, void **socket_ctx)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct peer *peer = info ? malloc(sizeof(*peer)) : NULL, **end = &h->oldest;

	if (!peer)
		return;
	*peer = (struct peer){ .fd = info->connect_fd };
	while (*end)
		end = &(*end)->next;
	*end = peer;
	*socket_ctx = peer;
	if (++h->nr_open > CONNECTIONS_MAX)
		shut_oldest(h);
}

static void disconnected(struct http *h, struct peer *peer)
{
	struct peer **at = &h->oldest;

	while (*at && *at != peer)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = peer->next;
	h->nr_open -= !peer->shut;
	free(peer);
}

static void on_connection(void *ctx, struct MHD_Connection *c, void **socket_ctx,
			  enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		connected(ctx, c, socket_ctx);
	else if (*socket_ctx)
		disconnected(ctx, *socket_ctx);
}

/* ---- listening ---- */

static int no_address(const char *address, const char *why)
{
	err("cannot listen on '%s': %s; --listen takes an address and a port, like 127.0.0.1:9435", address, why);
	return -EINVAL;
}

/* Splits "host:port" or "[host]:port" in place. */
static int split(char *address, const char **host, const char **port)
{
	char *colon = strrchr(address, ':');

	if (!colon)
		return -EINVAL;
	*colon = '\0';
	*port = colon + 1;
	*host = address;
	if (address[0] == '[' && colon > address && colon[-1] == ']') {
		colon[-1] = '\0';
		*host = address + 1;
	}
	return **port ? 0 : -EINVAL;
}

static int bind_to(const struct addrinfo *ai, const char *address)
{
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, ret;

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd >= 0 && !bind(fd, ai->ai_addr, ai->ai_addrlen) && !listen(fd, CONNECTIONS_HARD))
		return fd;
	ret = -errno;
	err("cannot listen on %s: %s%s", address, strerror(-ret),
	    ret == -EADDRINUSE ? "; is another tare serve running? --listen takes another port" : "");
	if (fd >= 0)
		close(fd);
	return ret;
}

static int open_socket(const char *address)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	char text[NI_MAXHOST + NI_MAXSERV + 4];
	const char *host, *port;
	struct addrinfo *found;
	int fd, ret;

	if (snprintf(text, sizeof(text), "%s", address) >= (int)sizeof(text) || split(text, &host, &port))
		return no_address(address, "that is no address");
	ret = getaddrinfo(*host ? host : NULL, port, &hints, &found);
	if (ret)
		return no_address(address, gai_strerror(ret));
	fd = bind_to(found, address);
	freeaddrinfo(found);
	return fd;
}

/* Which port it is, where a free one was asked for. */
static void name_socket(struct http *h, int fd)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getsockname(fd, (struct sockaddr *)&addr, &len) ||
	    getnameinfo((struct sockaddr *)&addr, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV))
		return;
	snprintf(h->address, sizeof(h->address), strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

/* Signals are the first thread's. */
static struct MHD_Daemon *start(struct http *h, int fd)
{
	sigset_t all, before;
	struct MHD_Daemon *daemon;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_ITC, 0, NULL, NULL,
				  on_request, h, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
				  CONNECTIONS_HARD, MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S,
				  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
				  MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_NOTIFY_COMPLETED,
				  on_answered, h, MHD_OPTION_END);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return daemon;
}

int http__start(const char *address, const struct http_source *source, struct http **out)
{
	struct http *h = calloc(1, sizeof(*h));
	int fd;

	if (!h)
		return -ENOMEM;
	h->source = *source;
	fd = open_socket(address);
	if (fd < 0) {
		free(h);
		return fd;
	}
	name_socket(h, fd);
	h->daemon = start(h, fd);
	if (!h->daemon) {
		err("cannot start an HTTP server on %s", h->address);
		close(fd);
		free(h);
		return -EIO;
	}
	*out = h;
	return 0;
}

const char *http__address(const struct http *h)
{
	return h->address;
}

void http__stop(struct http *h)
{
	if (!h)
		return;
	MHD_stop_daemon(h->daemon);
	for (int i = 0; i < NR_METRICS_FORMATS; i++)
		if (h->pages[i].response)
			MHD_destroy_response(h->pages[i].response);
	free(h);
}

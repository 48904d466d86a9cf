/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Answers that are made in threads of their own. See site.h.
 *
 * The loop hands a request over and goes on; the connection is suspended until its answer is there,
 * so there are never more requests than connections. All of libmicrohttpd is called by the loop.
 */
#include "status/site.h"

#include "status/status.h"

#include "core/base/ascii.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define THREADS 8 /* browsers ask six things of one address at a time */
#define ARGUMENTS_MOST 32

/* A request, from when it is handed over until its reply was sent. */
struct job {
    struct job *next;
    struct request *request;
    struct rst_site_argument arguments[ARGUMENTS_MOST];
    struct rst_site_asked asked;
    unsigned status;
    char *json;
};

struct site {
    const struct rst_site *what;
    struct roster_status *status;
    pthread_t threads[THREADS];
    size_t count;
    pthread_mutex_t mutex; /* of what follows */
    pthread_cond_t cond;   /* there is something to do, or it is ending */
    struct job *first, **last;
    struct job *done;
    bool ending; /* set by the endpoint's thread */
};

static void *run(void *arg)
{
    struct site *site = arg;
    struct job *job;

    pthread_mutex_lock(&site->mutex);
    for (;;) {
        while (!site->first && !site->ending)
            pthread_cond_wait(&site->cond, &site->mutex);
        if (site->ending)
            break;
        job = site->first;
        site->first = job->next;
        if (!site->first)
            site->last = &site->first;
        pthread_mutex_unlock(&site->mutex);
        job->status = site->what->answer(site->what->arg, &job->asked, &job->json);
        pthread_mutex_lock(&site->mutex);
        job->next = site->done;
        site->done = job;
        (void)eventfd_write(site->status->stop_fd, 1);
    }
    pthread_mutex_unlock(&site->mutex);
    return NULL;
}

static enum MHD_Result take_argument(void *arg, enum MHD_ValueKind kind, const char *name,
                                     const char *value)
{
    struct job *job = arg;
    size_t n;

    (void)kind;
    for (n = 0; n < job->asked.count; n++)
        if (!strcmp(job->arguments[n].name, name)) {
            job->status = rst_status_request_fail(job->request, MHD_HTTP_BAD_REQUEST,
                                                  "%.64s is given more than once", name);
            return MHD_NO;
        }
    if (job->asked.count == ARGUMENTS_MOST) {
        job->status = rst_status_request_fail(job->request, MHD_HTTP_BAD_REQUEST,
                                              "there are more than %d arguments", ARGUMENTS_MOST);
        return MHD_NO;
    }
    job->arguments[job->asked.count++] = (struct rst_site_argument){name, value ? value : ""};
    return MHD_YES;
}

static const char *header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* A page of another site may send what changes something, even though it cannot read the answer;
 * browsers say so. */
static bool is_same_origin(const struct request *request)
{
    const char *origin = header(request, "Origin"), *fetched = header(request, "Sec-Fetch-Site"),
               *host = header(request, MHD_HTTP_HEADER_HOST);

    if (fetched && strcmp(fetched, "same-origin") != 0 && strcmp(fetched, "none") != 0)
        return false;
    return !origin || (host && !strncmp(origin, "http://", 7) && !strcmp(origin + 7, host));
}

/* Whether the request may be answered: 0, or an HTTP status. */
static unsigned admit(struct request *request, const struct rst_site_page *page, const char *method)
{
    bool reads = !strcmp(method, MHD_HTTP_METHOD_GET) || !strcmp(method, MHD_HTTP_METHOD_HEAD);

    if (!rst_status_rules_is_own_host(request->connection))
        return rst_status_request_fail(request, MHD_HTTP_FORBIDDEN,
                                       "ask by address or as localhost");
    if (request->peer->client->who == NOT_A_USER)
        return rst_status_request_fail(
            request, MHD_HTTP_FORBIDDEN,
            "the kernel does not identify the user of this connection; serve "
            "with --listen=unix:PATH");
    if (request->peer->client->who != 0 && request->peer->client->who != geteuid())
        return rst_status_request_fail(request, MHD_HTTP_FORBIDDEN,
                                       "only the user who started it may connect");
    if (!page)
        return rst_status_request_fail(request, MHD_HTTP_NOT_FOUND, "a cluster has no such page");
    if (page->changes ? strcmp(method, MHD_HTTP_METHOD_POST) != 0 : !reads)
        return rst_status_request_fail(request, MHD_HTTP_METHOD_NOT_ALLOWED,
                                       "not with this method");
    if (page->changes && !is_same_origin(request))
        return rst_status_request_fail(request, MHD_HTTP_FORBIDDEN,
                                       "this was sent by a page of another site");
    return rst_status_rules_condition(request, reads);
}

static const struct rst_site_page *find(const struct site *site, const char *url)
{
    static const struct rst_site_page page = {"/", false, NULL};
    size_t n;

    if (!strcmp(url, page.path))
        return &page;
    for (n = 0; n < site->what->count; n++)
        if (!strcmp(site->what->pages[n].path, url))
            return &site->what->pages[n];
    return NULL;
}

static unsigned hand_over(struct site *site, struct request *request,
                          const struct rst_site_page *page)
{
    const char *given = header(request, MHD_HTTP_HEADER_AUTHORIZATION);
    struct job *job;

    if (site->ending) /* nothing takes it, and what is suspended cannot be closed */
        return rst_status_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, "it is ending");
    job = calloc(1, sizeof(*job));
    if (!job)
        return rst_status_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE, "out of memory");
    request->job = job;
    job->request = request;
    job->asked.page = page;
    job->asked.arguments = job->arguments;
    MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, take_argument, job);
    if (job->status)
        return job->status;
    if (given && ascii_starts(given, strlen(given), "Bearer ", 7))
        job->asked.token = given + 7 + strspn(given + 7, " ");
    MHD_suspend_connection(request->connection);
    pthread_mutex_lock(&site->mutex);
    *site->last = job;
    site->last = &job->next;
    pthread_cond_signal(&site->cond);
    pthread_mutex_unlock(&site->mutex);
    return RST_SITE_LATER;
}

unsigned rst_site_dispatch(struct request *request, const char *url, const char *method,
                           const char **allow)
{
    struct site *site = request->status->site;
    const struct rst_site_page *page = find(site, url);
    struct job *job = request->job;
    unsigned status;

    *allow = page && page->changes ? "POST" : "GET, HEAD";
    if (job) { /* it was resumed */
        if (!job->json)
            return rst_status_request_fail(request, MHD_HTTP_SERVICE_UNAVAILABLE,
                                           "out of memory, or ending");
        rst_status_text_put(&request->text, job->json);
        return job->status;
    }
    status = admit(request, page, method);
    if (status)
        return status;
    return page->what ? hand_over(site, request, page) : rst_status_get_page(request, NULL);
}

void rst_site_job_free(struct request *request)
{
    if (request->job)
        free(request->job->json);
    free(request->job);
    request->job = NULL;
}

static void resume(struct job *job)
{
    struct job *next;

    for (; job; job = next) {
        next = job->next;
        MHD_resume_connection(job->request->connection);
    }
}

void rst_site_resume(struct site *site)
{
    struct job *done;
    eventfd_t count;

    (void)eventfd_read(site->status->stop_fd, &count);
    pthread_mutex_lock(&site->mutex);
    done = site->done;
    site->done = NULL;
    pthread_mutex_unlock(&site->mutex);
    resume(done);
}

static void stop_threads(struct site *site)
{
    pthread_mutex_lock(&site->mutex);
    site->ending = true;
    pthread_cond_broadcast(&site->cond);
    pthread_mutex_unlock(&site->mutex);
    while (site->count)
        pthread_join(site->threads[--site->count], NULL);
}

static void free_site(struct site *site)
{
    pthread_cond_destroy(&site->cond);
    pthread_mutex_destroy(&site->mutex);
    free(site);
}

int rst_site_start(const struct rst_site *what, struct roster_status **made)
{
    struct roster_status_options options = ROSTER_STATUS_OPTIONS_INIT;
    struct site *site = calloc(1, sizeof(*site));
    int err;

    if (!site)
        return -ENOMEM;
    site->what = what;
    site->last = &site->first;
    pthread_mutex_init(&site->mutex, NULL);
    pthread_cond_init(&site->cond, NULL);
    options.address = what->address;
    options.manual = true;
    err = rst_status_open(NULL, &options, site, &site->status);
    if (err) {
        free_site(site);
        return err;
    }
    while (site->count < THREADS && !pthread_create(&site->threads[site->count], NULL, run, site))
        site->count++;
    *made = site->status;
    if (site->count)
        return 0;
    rst_site_stop(site->status);
    return -EAGAIN;
}

void rst_site_stop(struct roster_status *status)
{
    struct site *site = status->site;

    stop_threads(site);
    resume(site->first); /* they get an answer that says so */
    (void)roster_status_run_once(status, 0);
    roster_status_stop(status);
    free_site(site);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "store/base/log.h"

#include "core/base/count.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A line that is to be written, complete. */
struct ready {
    char text[MESSAGE_SIZE];
    enum roster_store_log_level level;
};

void rst_message_format(char *to, size_t size, const char *format, va_list args)
{
    char raw[MESSAGE_SIZE];

    vsnprintf(raw, sizeof(raw), format, args);
    roster_text_show(raw, strlen(raw), to, size);
}

void rst_log_init(struct store_log *log, roster_store_log_fn *fn, void *arg)
{
    *log = (struct store_log){
        .fn = fn, .arg = arg, .mutex = PTHREAD_MUTEX_INITIALIZER, .paid_until = INT64_MIN};
}

/* The line with what it owes, in the same room: the text gives way. */
static void write_summary(struct ready *ready, struct log_line *line, int64_t now)
{
    char owed[64];
    int length =
        snprintf(owed, sizeof(owed), " (repeated %" PRIu64 " time%s in %" PRId64 " s)", line->times,
                 count_s(line->times), rst_store_since(now, line->since) / STORE_NS_PER_S);

    snprintf(ready->text, sizeof(ready->text), "%.*s%s", (int)sizeof(ready->text) - 1 - length,
             line->text, owed);
    ready->level = line->level;
    line->times = 0;
}

/* Under the mutex: the line is written now, and the same one not again for a while. */
static void begin_pause(struct log_line *line, int64_t now)
{
    bool goes_on = rst_store_since(now, line->until) < line->pause;

    line->pause = goes_on ? 2 * line->pause : LOG_PAUSE_NS;
    if (line->pause > LOG_PAUSE_MOST_NS)
        line->pause = LOG_PAUSE_MOST_NS;
    line->until = rst_store_time_add(now, line->pause);
}

static struct log_line *find(struct store_log *log, enum roster_store_log_level level,
                             const char *text)
{
    size_t i;

    for (i = 0; i < LOG_LINES; i++)
        if (log->lines[i].level == level && strcmp(log->lines[i].text, text) == 0)
            return &log->lines[i];
    return NULL;
}

/* The place of the line that may come again first: one that owes nothing, if there is one. */
static struct log_line *oldest(struct store_log *log)
{
    struct log_line *found = &log->lines[0];
    size_t i;

    for (i = 1; i < LOG_LINES; i++) {
        struct log_line *line = &log->lines[i];

        if ((line->times == 0) > (found->times == 0) ||
            ((line->times == 0) == (found->times == 0) && line->until < found->until))
            found = line;
    }
    return found;
}

/* Whether one more line that differs from the last ones may be written. */
static bool pay(struct store_log *log, int64_t now)
{
    int64_t credit = now - LOG_BURST * LOG_EVERY_NS;

    if (log->paid_until < credit)
        log->paid_until = credit;
    if (log->paid_until > now - LOG_EVERY_NS) {
        log->differing++;
        return false;
    }
    log->paid_until += LOG_EVERY_NS;
    return true;
}

/* Under the mutex: what a new line makes ready, at most two lines before itself. */
static unsigned admit(struct store_log *log, enum roster_store_log_level level, const char *text,
                      int64_t now, struct ready ready[3])
{
    struct log_line *line = find(log, level, text);
    unsigned n = 0;

    if (line && now < line->until) {
        if (line->times++ == 0)
            line->since = now;
        return 0;
    }
    if (!line) {
        if (!pay(log, now))
            return 0;
        line = oldest(log);
        if (line->times != 0)
            write_summary(&ready[n++], line, now);
        snprintf(line->text, sizeof(line->text), "%s", text);
        line->level = level;
        line->pause = 0;
        line->until = now;
    }
    if (log->differing != 0) {
        ready[n].level = ROSTER_STORE_LOG_WARNING;
        snprintf(ready[n++].text, sizeof(ready[0].text),
                 "%" PRIu64 " line%s %s left out, because there were too many", log->differing,
                 count_s(log->differing), count_were(log->differing));
        log->differing = 0;
    }
    if (line->times != 0) {
        line->times++;
        write_summary(&ready[n], line, now);
    } else {
        ready[n].level = level;
        snprintf(ready[n].text, sizeof(ready[n].text), "%s", text);
    }
    begin_pause(line, now);
    return n + 1;
}

void rst_log_put(struct store_log *log, enum roster_store_log_level level, const char *text,
                 int64_t now)
{
    struct ready ready[3];
    unsigned n;
    unsigned i;

    if (!log->fn)
        return;
    pthread_mutex_lock(&log->mutex);
    n = admit(log, level, text, now, ready);
    pthread_mutex_unlock(&log->mutex);
    for (i = 0; i < n; i++)
        log->fn(ready[i].level, ready[i].text, log->arg);
}

void rst_log_format(struct store_log *log, enum roster_store_log_level level, const char *format,
                    va_list args)
{
    char text[MESSAGE_SIZE];

    if (!log->fn)
        return;
    rst_message_format(text, sizeof(text), format, args);
    rst_log_put(log, level, text, rst_store_monotonic_ns());
}

/* One line that is owed: false when there is none. */
static bool take_owed(struct store_log *log, int64_t now, bool all, struct ready *ready)
{
    struct log_line *line = NULL;
    size_t i;

    pthread_mutex_lock(&log->mutex);
    for (i = 0; i < LOG_LINES && !line; i++)
        if (log->lines[i].times != 0 && (all || log->lines[i].until <= now))
            line = &log->lines[i];
    if (line) {
        write_summary(ready, line, now);
        begin_pause(line, now);
    }
    pthread_mutex_unlock(&log->mutex);
    return line != NULL;
}

static void write_owed(struct store_log *log, int64_t now, bool all)
{
    struct ready ready;

    while (log->fn && take_owed(log, now, all, &ready))
        log->fn(ready.level, ready.text, log->arg);
}

void rst_log_flush(struct store_log *log, int64_t now)
{
    write_owed(log, now, false);
}

void rst_log_end(struct store_log *log)
{
    write_owed(log, rst_store_monotonic_ns(), true);
}

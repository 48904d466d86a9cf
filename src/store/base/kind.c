/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* What every kind of store needs of the store it is part of. */

#include "store/base/kind.h"

#include "core/base/process.h"
#include "store/base/backoff.h"
#include "store/base/foreign.h"
#include "store/base/log.h"

#include <errno.h>
#include <stdarg.h>

bool rst_store_is_foreign(const struct roster_store *store)
{
    return store->process != rst_process_number();
}

int rst_store_check(const struct roster_store *store)
{
    if (!store)
        return -EINVAL;
    return rst_store_is_foreign(store) ? -ECHILD : 0;
}

unsigned rst_store_rebinds(const struct roster_store *store)
{
    return rst_load_acquire(&store->rebinds); /* roster_store_rebind() */
}

int rst_store_error_set(const struct store_error *error, int err, const char *format, ...)
{
    va_list args;

    if (!error->text || error->size == 0)
        return err;
    va_start(args, format);
    rst_message_format(error->text, error->size, format, args);
    va_end(args);
    return err;
}

void rst_store_begin(struct roster_store *store, const struct roster_store_options *options)
{
    store->options = *options;
    rst_log_init(&store->log, options->log, options->log_arg);
}

void rst_store_log(struct roster_store *store, enum roster_store_log_level level,
                   const char *format, ...)
{
    va_list args;

    va_start(args, format);
    rst_log_format(&store->log, level, format, args);
    va_end(args);
}

int rst_store_random(struct roster_store *store, uint64_t *bits)
{
    int err = rst_random(bits);

    if (err)
        rst_store_log(store, ROSTER_STORE_LOG_ERROR,
                      "the kernel refuses random numbers, which ids are made of; allow the system "
                      "call getrandom()");
    return err;
}

bool rst_store_watch_canceled(struct roster_store_watch *watch)
{
    return rst_load_acquire(&watch->canceled);
}

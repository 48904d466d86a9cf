/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Options: checked one by one, completed with their defaults, and copied. */

#include "core/base/struct_size.h"
#include "store/base/kind.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS (24 * 3600 * 1000)

/* A number's name, default and range. */
struct number {
    const char *name;
    size_t offset;
    int fallback;
    int least;
    int most;
};

#define NUMBER(field, fallback, least, most)                                                       \
    {                                                                                              \
#field, offsetof(struct roster_store_options, field), (fallback), (least), (most)          \
    }

static const struct number numbers[] = {
    NUMBER(call_timeout_ms, 5000, 1, DAY_MS),    NUMBER(poll_interval_ms, 50, 1, 60000),
    NUMBER(attempt_timeout_ms, 2000, 1, DAY_MS), NUMBER(connect_timeout_ms, 1000, 1, DAY_MS),
    NUMBER(backoff_min_ms, 50, 1, DAY_MS),       NUMBER(backoff_max_ms, 5000, 1, DAY_MS),
    NUMBER(watch_check_ms, 10000, 100, DAY_MS),
};
#define N_NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static int complete_numbers(struct roster_store_options *options, const struct store_error *error)
{
    size_t i;

    for (i = 0; i < N_NUMBERS; i++) {
        int *value = (int *)(void *)((char *)options + numbers[i].offset);

        if (*value == 0)
            *value = numbers[i].fallback;
        if (*value < numbers[i].least || *value > numbers[i].most)
            return rst_store_error_set(
                error, -EINVAL, "option %s is %d; give %d to %d, or 0 for the default %d",
                numbers[i].name, *value, numbers[i].least, numbers[i].most, numbers[i].fallback);
    }
    if (options->backoff_min_ms > options->backoff_max_ms)
        return rst_store_error_set(
            error, -EINVAL, "option backoff_min_ms is %d, more than backoff_max_ms, %d; swap them",
            options->backoff_min_ms, options->backoff_max_ms);
    if (options->history == 0)
        options->history = 4096;
    if (options->max_result_bytes == 0)
        options->max_result_bytes = (size_t)8 * 1024 * 1024;
    if (options->max_result_bytes < 4096)
        return rst_store_error_set(
            error, -EINVAL, "option max_result_bytes is %zu; give at least 4096, or 0 for 8 MiB",
            options->max_result_bytes);
    return 0;
}

static int check_strings(const struct roster_store_options *options,
                         const struct store_error *error)
{
    const char *user = options->user;

    if (user && user[0] == '\0')
        return rst_store_error_set(error, -EINVAL,
                                   "option user is empty; give a name, or NULL for none");
    if (user && !options->password)
        return rst_store_error_set(
            error, -EINVAL, "option user is \"%s\" but there is no password; set both or none",
            user);
    if (!user && options->password)
        return rst_store_error_set(error, -EINVAL,
                                   "option password is set but there is no user; set both or none");
    if ((options->tls_cert_file != NULL) != (options->tls_key_file != NULL))
        return rst_store_error_set(error, -EINVAL,
                                   "option %s is set but %s is not; set both or none",
                                   options->tls_cert_file ? "tls_cert_file" : "tls_key_file",
                                   options->tls_cert_file ? "tls_key_file" : "tls_cert_file");
    return 0;
}

/* Newer programs may know more options: they are welcome as long as they do not use them. */
static int copy_known(const struct roster_store_options *from, struct roster_store_options *to,
                      const struct store_error *error)
{
    int err = rst_struct_get(to, sizeof(*to), sizeof(*to), from);

    if (err == -EINVAL)
        return rst_store_error_set(
            error, err, "the options' size is %zu; set it to their sizeof and zero the rest",
            from->size);
    if (err)
        return rst_store_error_set(error, err,
                                   "the options set a field that this library does not know; "
                                   "install the version that the program was compiled with");
    return 0;
}

static char *copy_string(const char *text, bool *failed)
{
    char *copy = text ? strdup(text) : NULL;

    *failed |= text && !copy;
    return copy;
}

static int copy_strings(struct roster_store_options *options)
{
    bool failed = false;

    options->user = copy_string(options->user, &failed);
    options->password = copy_string(options->password, &failed);
    options->tls_ca_file = copy_string(options->tls_ca_file, &failed);
    options->tls_cert_file = copy_string(options->tls_cert_file, &failed);
    options->tls_key_file = copy_string(options->tls_key_file, &failed);
    if (!failed)
        return 0;
    rst_store_options_free(options);
    return -ENOMEM;
}

int rst_store_options_copy(const struct roster_store_options *from, struct roster_store_options *to,
                           const struct store_error *error)
{
    int err = copy_known(from, to, error);

    if (!err)
        err = complete_numbers(to, error);
    if (!err)
        err = check_strings(to, error);
    if (err)
        return err;
    err = copy_strings(to);
    return err ? rst_store_error_set(error, err, "out of memory") : 0;
}

static void free_string(const char **text)
{
    union {
        const char *constant;
        char *owned;
    } copy = {.constant = *text};

    free(copy.owned);
    *text = NULL;
}

void rst_store_options_free(struct roster_store_options *options)
{
    if (options->password)
        explicit_bzero((void *)(uintptr_t)options->password, strlen(options->password));
    free_string(&options->user);
    free_string(&options->password);
    free_string(&options->tls_ca_file);
    free_string(&options->tls_cert_file);
    free_string(&options->tls_key_file);
}

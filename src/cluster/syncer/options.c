/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* Options of a syncer, and what it publishes about its server. */

#include "cluster/syncer/syncer.h"
#include "core/base/clock.h"
#include "core/base/struct_size.h"
#include "store/base/json.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define YEAR_MS (UINT64_C(31536000) * 1000)
#define DAY_MS (UINT64_C(86400) * 1000)
#define MAX_ADDRESS 256 /* bytes of a status address, with its NUL */
#define MAX_INTERVAL_MS (UINT32_C(24) * 3600 * 1000)

static void fill_in(uint32_t *option, uint32_t fallback)
{
    if (*option == 0)
        *option = fallback;
}

static void fill_in_all(struct roster_syncer_options *known)
{
    uint32_t third;

    fill_in(&known->interval_ms, 30000);
    fill_in(&known->ttl_ms, 90000);
    third = known->ttl_ms / 3;
    fill_in(&known->margin_ms, known->ttl_ms / 9);
    fill_in(&known->keep_alive_ms, third);
    fill_in(&known->timeout_ms, third < 5000 ? third : 5000);
    fill_in(&known->backoff_min_ms, 100);
    fill_in(&known->backoff_max_ms, 5000);
    if (known->max_age_ms == 0)
        known->max_age_ms = DAY_MS;
}

static bool in_range(const struct roster_syncer_options *known)
{
    return known->interval_ms >= 10 && known->interval_ms <= MAX_INTERVAL_MS &&
           known->ttl_ms >= 100 && known->ttl_ms <= MAX_INTERVAL_MS &&
           known->margin_ms + (uint64_t)known->keep_alive_ms < known->ttl_ms &&
           known->timeout_ms <= known->ttl_ms && known->backoff_min_ms <= known->backoff_max_ms &&
           known->backoff_max_ms <= MAX_INTERVAL_MS && known->max_age_ms >= 600 * 1000 &&
           known->max_age_ms <= YEAR_MS && (known->labels || known->n_labels == 0) &&
           (!known->status_address || strlen(known->status_address) < MAX_ADDRESS);
}

int rst_syncer_options_complete(struct roster_syncer_options *known,
                                const struct roster_syncer_options *options)
{
    int err = rst_struct_get(known, sizeof(*known), sizeof(*known), options);

    if (err)
        return err;
    fill_in_all(known);
    return in_range(known) ? 0 : -EINVAL;
}

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static json_t *labels_json(const struct roster_syncer_options *options)
{
    json_t *labels = json_object();
    size_t i;

    for (i = 0; i < options->n_labels && labels; i++) {
        json_t *value = json_string(or_empty(options->labels[i].value));

        if (json_object_set_new(labels, or_empty(options->labels[i].key), value)) {
            json_decref(labels);
            labels = NULL;
        }
    }
    return labels;
}

static char *info_json(const struct roster_syncer_options *options)
{
    json_t *labels = labels_json(options), *info;
    char *text = NULL;

    if (!labels)
        return NULL;
    info = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:I, s:I, s:o, s:s*}", "version",
                     or_empty(options->version), "git_hash", or_empty(options->git_hash), "ddl_id",
                     options->server_id, "ip", or_empty(options->ip), "listening_port",
                     (json_int_t)options->port, "status_port", (json_int_t)options->status_port,
                     "lease", or_empty(options->schema_lease), "start_timestamp",
                     (json_int_t)(rst_wall_ms() / 1000), "server_id", (json_int_t)options->number,
                     "labels", labels, "status_address", options->status_address);
    if (info)
        text = rst_json_text(info, JSON_COMPACT);
    json_decref(info);
    return text;
}

int rst_syncer_info_json(const struct roster_syncer_options *options, char **text)
{
    /* jansson reports only that it failed; the reason comes from its allocator. */
    errno = 0;
    *text = info_json(options);
    if (*text)
        return 0;
    return errno == ENOMEM ? -ENOMEM : -EINVAL;
}

int rst_syncer_info_address(const char *info, const char *address, char **text)
{
    json_t *json;

    if (address && strlen(address) >= MAX_ADDRESS)
        return -EINVAL;
    errno = 0;
    *text = NULL;
    json = rst_json_parse(info, strlen(info), 0);
    if (json && !address)
        (void)json_object_del(json, "status_address");
    if (json && (!address || !json_object_set_new(json, "status_address", json_string(address))))
        *text = rst_json_text(json, JSON_COMPACT);
    json_decref(json);
    if (*text)
        return 0;
    return errno == ENOMEM ? -ENOMEM : -EINVAL;
}

int rst_syncer_sign_json(const char *info, int64_t at_ms, const char *record, char **text)
{
    json_t *known = rst_json_parse(info, strlen(info), 0), *sign = NULL;

    *text = NULL;
    if (known)
        sign = json_pack("{s:I, s:O*, s:s}", "at_ms", (json_int_t)at_ms, "status_address",
                         json_object_get(known, "status_address"), "record", record);
    if (sign)
        *text = rst_json_text(sign, JSON_COMPACT);
    json_decref(sign);
    json_decref(known);
    return *text ? 0 : -ENOMEM;
}

struct roster_store_bytes rst_syncer_holder_json(const struct roster_holder *holder, char *text,
                                                 size_t size)
{
    struct roster_store_bytes bytes = {text, 0};
    /* As a number it would be more than jansson reads. */
    const char *quote = holder->session_id > INT64_MAX ? "\"" : "";

    bytes.size = (size_t)snprintf(
        text, size, "{\"kind\":\"%s\",\"session\":%s%" PRIu64 "%s,\"pin\":%" PRIu64 "}",
        holder->kind == ROSTER_HOLDER_PIN ? roster_pin_kind_name(holder->pin_kind) : "transaction",
        quote, holder->session_id, quote, holder->pin_id);
    return bytes;
}

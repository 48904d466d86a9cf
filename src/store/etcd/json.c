/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

#include "store/etcd/json.h"

#include "store/base/arena.h"

#include <errno.h>
#include <stdlib.h>

/* Only decimal digits; strtoull() would also accept spaces and signs. */
static int parse_digits(const char *text, uint64_t most, uint64_t *value)
{
    uint64_t number = 0;

    if (text[0] == '\0')
        return -EPROTO;
    for (; *text != '\0'; text++) {
        unsigned digit = (unsigned)*text - '0';

        if (digit > 9 || number > (most - digit) / 10)
            return -EPROTO;
        number = number * 10 + digit;
    }
    *value = number;
    return 0;
}

static int parse_int(const char *text, int64_t *value)
{
    bool negative = text[0] == '-';
    uint64_t magnitude = 0;
    int err = parse_digits(text + negative, INT64_MAX, &magnitude);

    *value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
    return err;
}

int rst_store_json_get_int(const json_t *object, const char *name, int64_t least, int64_t *value)
{
    const json_t *member = json_object_get(object, name);
    int err = 0;

    *value = 0;
    if (json_is_string(member))
        err = parse_int(json_string_value(member), value);
    else if (json_is_integer(member))
        *value = json_integer_value(member);
    else if (member)
        err = -EPROTO;
    return !err && *value < least ? -EPROTO : err;
}

int rst_store_json_get_id(const json_t *object, const char *name, uint64_t *value)
{
    const json_t *member = json_object_get(object, name);

    *value = 0;
    if (json_is_string(member))
        return parse_digits(json_string_value(member), UINT64_MAX, value);
    if (json_is_integer(member) && json_integer_value(member) >= 0)
        *value = (uint64_t)json_integer_value(member);
    else if (member)
        return -EPROTO;
    return 0;
}

int rst_store_json_get_bool(const json_t *object, const char *name, bool *value)
{
    const json_t *member = json_object_get(object, name);

    *value = json_is_true(member);
    return !member || json_is_boolean(member) ? 0 : -EPROTO;
}

int rst_store_json_get_bytes(const json_t *object, const char *name, void *arena,
                             struct roster_store_bytes *bytes)
{
    const json_t *member = json_object_get(object, name);
    size_t length = json_string_length(member);
    void *data;
    int err;

    bytes->data = NULL;
    bytes->size = 0;
    if (member && !json_is_string(member))
        return -EPROTO;
    if (length == 0)
        return 0;
    data = rst_store_arena_alloc(arena, store_base64_decoded_size(length) + 1);
    if (!data)
        return rst_store_arena_error(arena);
    err = rst_store_base64_decode(json_string_value(member), length, data, &bytes->size);
    bytes->data = data;
    return err;
}

int rst_store_json_get(const json_t *object, const char *name, json_type type,
                       const json_t **member)
{
    *member = json_object_get(object, name);
    return !*member || json_typeof(*member) == type ? 0 : -EPROTO;
}

const char *rst_store_json_peek_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

json_t *rst_store_json_set(json_t *object, const char *name, json_t *member)
{
    if (!object) {
        json_decref(member);
        return NULL;
    }
    if (!json_object_set_new(object, name, member))
        return object;
    json_decref(object);
    return NULL;
}

json_t *rst_store_json_set_int(json_t *object, const char *name, int64_t value)
{
    return rst_store_json_set(object, name, json_sprintf("%lld", (long long)value));
}

json_t *rst_store_json_set_bytes(json_t *object, const char *name, struct roster_store_bytes bytes)
{
    size_t length = store_base64_encoded_size(bytes.size);
    char *text = malloc(length + 1);
    json_t *member = NULL;

    if (text) {
        rst_store_base64_encode(bytes.data, bytes.size, text);
        member = json_stringn(text, length);
        free(text);
    }
    return rst_store_json_set(object, name, member);
}

json_t *rst_store_json_set_text(json_t *object, const char *name, const char *text)
{
    return rst_store_json_set(object, name, json_string(text));
}

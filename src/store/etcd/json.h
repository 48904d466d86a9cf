/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The JSON mapping of protocol buffers: bytes are base64, 64-bit integers are strings (bare numbers
 * are accepted, too), and members that are zero, false or empty are omitted. A member of the wrong
 * type is -EPROTO.
 */
#pragma once

#include <jansson.h>
#include <roster/store.h>
#include <stddef.h>

/* Reading; `object` may be NULL and then has no members. */

/* An integer not below `least`. */
int rst_store_json_get_int(const json_t *object, const char *name, int64_t least, int64_t *value);
int rst_store_json_get_id(const json_t *object, const char *name, uint64_t *value);
int rst_store_json_get_bool(const json_t *object, const char *name, bool *value);
/* Bytes, as a part of `arena`, see base/arena.h; also -ENOMEM and -EMSGSIZE. */
int rst_store_json_get_bytes(const json_t *object, const char *name, void *arena,
                             struct roster_store_bytes *bytes);
/* The member if it is of this type; NULL if omitted. */
int rst_store_json_get(const json_t *object, const char *name, json_type type,
                       const json_t **member);
/* The text of a member, or NULL; never fails. */
const char *rst_store_json_peek_text(const json_t *object, const char *name);

/* Writing; if memory runs out, the object is freed and NULL returned. NULL in, NULL out. */

json_t *rst_store_json_set_int(json_t *object, const char *name, int64_t value);
json_t *rst_store_json_set_bytes(json_t *object, const char *name, struct roster_store_bytes bytes);
json_t *rst_store_json_set_text(json_t *object, const char *name, const char *text);
/* Takes ownership of the member; NULL: memory ran out before. */
json_t *rst_store_json_set(json_t *object, const char *name, json_t *member);

/* base64.c: length of the text for a number of bytes, without a final zero. */
static inline size_t store_base64_encoded_size(size_t size)
{
    return (size + 2) / 3 * 4;
}

/* The most bytes that a text of this length can encode. */
static inline size_t store_base64_decoded_size(size_t length)
{
    return length / 4 * 3;
}

void rst_store_base64_encode(const void *data, size_t size, char *text);

/*
 * Decodes and stores the number of bytes; -EPROTO unless rst_store_base64_encode() would encode
 * those bytes as this text.
 */
int rst_store_base64_decode(const char *text, size_t length, void *data, size_t *size);

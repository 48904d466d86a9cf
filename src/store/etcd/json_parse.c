/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * Parsing what came in.
 *
 * When memory is out at the wrong moment jansson leaves a character out of a string and goes on as
 * if nothing had happened, and a lease or a cluster would have another id: its lex_save() ignores
 * that strbuffer_append_byte() has failed, in 2.14 and in its repository after it. So the bytes
 * of all strings in the text are counted, and must all have arrived. This can go when every jansson
 * that we support looks at that result.
 */

#include "store/etcd/json.h"

#include <string.h>

static unsigned hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    return (unsigned)((c | 0x20) - 'a') + 10;
}

/* How many bytes of UTF-8 an escape stands for; the second half of a pair for none. */
static size_t escaped_size(const char *escape)
{
    unsigned code = 0;
    int i;

    if (escape[1] != 'u')
        return 1;
    for (i = 2; i < 6; i++)
        code = code << 4 | hex_digit(escape[i]);
    if (code < 0x80)
        return 1;
    if (code < 0x800)
        return 2;
    if (code >= 0xd800 && code < 0xdc00)
        return 4;
    return code >= 0xdc00 && code < 0xe000 ? 0 : 3;
}

/* The bytes of all strings in JSON that is known to be well-formed. */
static size_t bytes_in_text(const char *text, size_t size)
{
    bool inside = false;
    size_t bytes = 0;
    size_t i;

    for (i = 0; i < size; i++) {
        if (text[i] == '"') {
            inside = !inside;
        } else if (inside && text[i] == '\\') {
            bytes += escaped_size(text + i);
            i += text[i + 1] == 'u' ? 5 : 1;
        } else if (inside) {
            bytes++;
        }
    }
    return bytes;
}

static size_t bytes_in_tree(const json_t *node)
{
    size_t bytes = json_string_length(node), i;
    const char *name;
    const json_t *member;

    json_object_foreach((json_t *)(uintptr_t)node, name, member) bytes +=
        strlen(name) + bytes_in_tree(member);
    json_array_foreach(node, i, member) bytes += bytes_in_tree(member);
    return bytes;
}

json_t *rst_store_json_parse(const char *text, size_t size, size_t flags)
{
    json_error_t end;
    json_t *root = json_loadb(text, size, flags, &end);

    if (!root || bytes_in_tree(root) == bytes_in_text(text, (size_t)end.position))
        return root;
    json_decref(root);
    return NULL;
}

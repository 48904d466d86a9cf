/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The Accept header, as RFC 9110 has it (12.4.2, 12.5.1): several ranges in several lines, each
 * with a weight; the most specific one that fits a type decides. A range that is malformed is
 * ignored, as if it was not there.
 */
#include "status/status.h"

#include "core/base/ascii.h"

#include <string.h>

struct wanted {
    const char *type, *version;
    int quality; /* -1: no range has fitted yet */
    int specific;
};

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t");
}

/* The length of a token at `at`. */
static size_t token(const char *at)
{
    size_t length = 0;

    while (ascii_is_token(at[length]))
        length++;
    return length;
}

/* A weight: 0, 1, and up to three digits behind the point. -1 for anything else. */
static int parse_weight(const char *at, size_t length)
{
    int weight, digit, unit = 100;

    if (!length || (*at != '0' && *at != '1') || length > 5 || (length > 1 && at[1] != '.'))
        return -1;
    weight = *at == '1' ? 1000 : 0;
    for (at += 2; length > 2; length--, at++, unit /= 10) {
        digit = *at - '0';
        if (digit < 0 || digit > 9)
            return -1;
        weight += digit * unit;
    }
    return weight <= 1000 ? weight : -1;
}

struct range {
    const char *type;
    size_t type_length;
    const char *version;
    size_t version_length;
    int weight;
    bool valid;
    bool other; /* has parameters that are not ours */
};

/* Reads "; name=value" after a range; returns where it goes on. */
static const char *parse_parameter(const char *at, struct range *range)
{
    const char *name = at, *value;
    size_t name_length = token(at), length;

    at += name_length;
    if (!name_length || *at != '=') {
        range->valid = false;
        return at;
    }
    value = ++at;
    if (*at == '"') {
        value = ++at;
        at += strcspn(at, "\"");
        length = (size_t)(at - value);
        if (*at)
            at++;
        else
            range->valid = false;
    } else {
        length = token(at);
        at += length;
    }
    if (name_length == 1 && ascii_is(name, 1, "q")) {
        range->weight = parse_weight(value, length);
        range->valid &= range->weight >= 0;
    } else if (ascii_is(name, name_length, "version")) {
        range->version = value;
        range->version_length = length;
    } else if (!ascii_is(name, name_length, "charset") &&
               !ascii_is(name, name_length, "escaping")) {
        range->other = true;
    }
    return at;
}

/* Reads a range up to the comma behind it. */
static const char *parse_range(const char *at, struct range *range)
{
    *range = (struct range){.type = at, .weight = 1000, .valid = true};
    at += token(at);
    if (*at == '/')
        at += 1 + token(at + 1);
    else
        range->valid = false;
    range->type_length = (size_t)(at - range->type);
    for (at = skip_space(at); *at == ';' && range->valid; at = skip_space(at)) {
        at = skip_space(at + 1);
        if (*at && *at != ';' && *at != ',')
            at = parse_parameter(at, range);
    }
    if (*at && *at != ',')
        range->valid = false;
    return at + strcspn(at, ",");
}

/* How specific a range is about the type; 0: it does not fit. */
static int fits(const struct range *range, const struct wanted *wanted)
{
    size_t slash = strcspn(wanted->type, "/") + 1;

    if (!range->valid || range->other)
        return 0;
    if (range->version && (range->version_length != strlen(wanted->version) ||
                           memcmp(range->version, wanted->version, range->version_length) != 0))
        return 0;
    if (ascii_is(range->type, range->type_length, wanted->type))
        return range->version ? 4 : 3;
    if (range->type_length == slash + 1 && range->type[slash] == '*' &&
        ascii_starts(range->type, range->type_length, wanted->type, slash))
        return 2;
    return range->type_length == 3 && !memcmp(range->type, "*/*", 3);
}

static enum MHD_Result each(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct wanted *wanted = arg;
    struct range range;
    const char *at;
    int specific;

    (void)kind;
    if (!value || !ascii_is(name, strlen(name), MHD_HTTP_HEADER_ACCEPT))
        return MHD_YES;
    for (at = skip_space(value); *at; at = skip_space(at + (*at == ','))) {
        at = parse_range(at, &range);
        specific = fits(&range, wanted);
        if (specific > wanted->specific ||
            (specific && specific == wanted->specific && range.weight > wanted->quality)) {
            wanted->specific = specific;
            wanted->quality = range.weight;
        }
    }
    return MHD_YES;
}

int rst_accept_quality(struct MHD_Connection *connection, const char *type, const char *version)
{
    struct wanted wanted = {type, version, -1, 0};

    MHD_get_connection_values(connection, MHD_HEADER_KIND, each, &wanted);
    return wanted.quality;
}

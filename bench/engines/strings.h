/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The strings of a session, as the engines of ours keep them: inside the session's own memory.
 */
#pragma once

#include "engine.h"

#include <string.h>

struct who_strings {
    char user[WHO_USER];
    char host[WHO_HOST];
    char database[WHO_DATABASE];
};

/* The rooms are as large as the longest that the workloads give. */
static inline void who_put(char *to, size_t room, const char *from)
{
    size_t length = strnlen(from, room - 1);

    memcpy(to, from, length);
    to[length] = '\0';
}

static inline void who_copy(struct who_strings *to, const struct who *from)
{
    who_put(to->user, sizeof(to->user), from->user);
    who_put(to->host, sizeof(to->host), from->host);
    who_put(to->database, sizeof(to->database), from->database);
}

static inline struct who who_of(const struct who_strings *strings)
{
    struct who who = {strings->user, strings->host, strings->database};

    return who;
}

/* What the engines with locks keep of a session, beside its text. */
struct fields {
    uint64_t id;
    uint64_t start_ts;
    uint64_t since;
    uint32_t state;
    uint32_t text_length;
    struct who_strings who;
};

static inline void read_fields(const struct fields *fields, const char *text,
                               struct reading *reading)
{
    struct facts facts = {fields->id,          fields->start_ts,    fields->since,
                          fields->state,       fields->text_length, text,
                          who_of(&fields->who)};

    read_facts(reading, &facts);
}

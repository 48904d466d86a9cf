/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * The hash tables of C++ as engines, for opening, closing and looking up. A table gives
 *
 *     bool insert(uint64_t, const record &), bool erase(uint64_t),
 *     bool visit(uint64_t, reading *)   reads the record while no thread can erase it
 */
#pragma once

#include "engine.h"
#include "strings.h"

#include <cerrno>
#include <new>

struct record {
    uint64_t id;
    uint64_t since;
    who_strings who;
};

static inline void read_record(const record &record, reading *reading)
{
    facts facts = {};

    facts.id = record.id;
    facts.since = record.since;
    facts.who = who_of(&record.who);
    read_facts(reading, &facts);
}

template <class table> struct map_engine {
    static int create(const engine_setup *, void **world)
    {
        *world = new (std::nothrow) table;
        return *world ? 0 : -ENOMEM;
    }

    static void destroy(void *world)
    {
        delete static_cast<table *>(world);
    }

    /* A session is its id. */
    static int open(void *world, uint64_t id, const who *who, void **session)
    {
        record made = {id, engine_since(), {}};

        who_copy(&made.who, who);
        if (!static_cast<table *>(world)->insert(id, made))
            return -EEXIST;
        *session = reinterpret_cast<void *>(static_cast<uintptr_t>(id));
        return 0;
    }

    static int close(void *world, void *session)
    {
        auto id = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(session));

        return static_cast<table *>(world)->erase(id) ? 0 : -EBADF;
    }

    static int lookup(void *world, uint64_t id, reading *reading)
    {
        return static_cast<table *>(world)->visit(id, reading) ? 0 : -ENOENT;
    }

    static constexpr engine make(const char *name, const char *title, const char *(*version)())
    {
        engine made = {};

        made.name = name;
        made.title = title;
        made.can = CAN_LOOKUP;
        made.version = version;
        made.create = create;
        made.destroy = destroy;
        made.open = open;
        made.close = close;
        made.lookup = lookup;
        return made;
    }
};

/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * cuckoo: cuckoohash_map of libcuckoo.
 */
#include "map.hpp"

#include <libcuckoo/cuckoohash_map.hh>

namespace
{

class table
{
  public:
    bool insert(uint64_t id, const record &record)
    {
        return map.insert(id, record);
    }

    bool erase(uint64_t id)
    {
        return map.erase(id);
    }

    bool visit(uint64_t id, reading *reading)
    {
        return map.find_fn(id, [reading](const record &record) { read_record(record, reading); });
    }

  private:
    libcuckoo::cuckoohash_map<uint64_t, record> map;
};

const char *version()
{
    return "libcuckoo (Debian 0.3.1)";
}

} // namespace

extern "C" const engine engine_cuckoo =
    map_engine<table>::make("cuckoo", "libcuckoo::cuckoohash_map, lookup and churn", version);

/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * tbb: concurrent_hash_map of oneTBB.
 */
#include "map.hpp"

#include <tbb/concurrent_hash_map.h>
#include <tbb/version.h>

namespace
{

class table
{
  public:
    bool insert(uint64_t id, const record &record)
    {
        return map.insert({id, record});
    }

    bool erase(uint64_t id)
    {
        return map.erase(id);
    }

    bool visit(uint64_t id, reading *reading)
    {
        tbb::concurrent_hash_map<uint64_t, record>::const_accessor found;

        if (!map.find(found, id))
            return false;
        read_record(found->second, reading);
        return true;
    }

  private:
    tbb::concurrent_hash_map<uint64_t, record> map;
};

const char *version()
{
    return "oneTBB " TBB_VERSION_STRING;
}

} // namespace

extern "C" const engine engine_tbb =
    map_engine<table>::make("tbb", "tbb::concurrent_hash_map, lookup and churn", version);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/*
 * The layouts of connection ids. Rows of the TiDB page: "Connection ids. 32 bit: server (11 bits) |
 * local (20) | 0. 64 bit: 0 | server (22) | local (40) | 1", "Bit 0 tells the width", "Parsing".
 */

#include <errno.h>
#include <inttypes.h>

#include <criterion/criterion.h>

#include <roster/conn_id.h>

struct parsed {
    uint64_t id;
    int err;
    struct roster_conn_id parts;
};

static const struct parsed table[] = {
    /* 32 bits */
    {UINT64_C(0x2), 0, {1, 0, 32}},
    {UINT64_C(0x200002), 0, {1, 1, 32}},
    {UINT64_C(0xfffffffe), 0, {0xfffff, 2047, 32}},
    {UINT64_C(0x1ffffe), 0, {0xfffff, 0, 32}},
    {UINT64_C(0xffe00002), 0, {1, 2047, 32}},
    /* 64 bits */
    {UINT64_C(0x20000000003), 0, {1, 1, 64}},
    {UINT64_C(0x7fffffffffffffff), 0, {UINT64_C(0xffffffffff), 0x3fffff, 64}},
    {UINT64_C(0x100000001), 0, {UINT64_C(0x80000000), 0, 64}},
    {UINT64_C(0x7ffffe0000000003), 0, {1, 0x3fffff, 64}},
    /* bit 63 */
    {UINT64_C(0x8000000000000000), -EOVERFLOW, {0, 0, 0}},
    {UINT64_C(0xffffffffffffffff), -EOVERFLOW, {0, 0, 0}},
    {UINT64_C(0x8000000000000002), -EOVERFLOW, {0, 0, 0}},
    /* half of a 64-bit id */
    {UINT64_C(0x1), -EMSGSIZE, {0, 0, 0}},
    {UINT64_C(0x3), -EMSGSIZE, {0, 0, 0}},
    {UINT64_C(0xffffffff), -EMSGSIZE, {0, 0, 0}},
    /* marked as 32 bits but longer */
    {UINT64_C(0x100000000), -EBADMSG, {0, 0, 0}},
    {UINT64_C(0x7ffffffffffffffe), -EBADMSG, {0, 0, 0}},
    /* no local part */
    {UINT64_C(0x0), -EINVAL, {0, 0, 0}},
    {UINT64_C(0x200000), -EINVAL, {0, 0, 0}},
    {UINT64_C(0x20000000001), -EINVAL, {0, 0, 0}},
};

Test(conn_id, every_id_is_taken_apart_or_refused_for_its_own_reason)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct roster_conn_id parts = {11, 22, 33};

        cr_assert_eq(roster_conn_id_parse(table[i].id, &parts), table[i].err, "%#" PRIx64,
                     table[i].id);
        if (table[i].err) {
            cr_assert(parts.local == 11 && parts.server == 22 && parts.width == 33,
                      "%#" PRIx64 " was refused and changed the parts", table[i].id);
            continue;
        }
        cr_assert_eq(parts.local, table[i].parts.local, "%#" PRIx64, table[i].id);
        cr_assert_eq(parts.server, table[i].parts.server, "%#" PRIx64, table[i].id);
        cr_assert_eq(parts.width, table[i].parts.width, "%#" PRIx64, table[i].id);
    }
    cr_assert_eq(roster_conn_id_parse(2, NULL), -EINVAL);
}

Test(conn_id, what_is_composed_is_parsed_to_the_same_parts)
{
    static const uint64_t locals[] = {1, 2, 0x7ffff, 0xfffff, 0x100000, UINT64_C(0xffffffffff)};
    static const uint32_t servers[] = {1, 2, 1024, 2047, 2048, 0x3fffff};

    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 6; j++)
            for (uint32_t width = 32; width <= 64; width += 32) {
                struct roster_conn_id parts = {locals[i], servers[j], width}, again;
                int fits = width == 64 || (locals[i] <= 0xfffff && servers[j] <= 2047);
                uint64_t id = 0;

                cr_assert_eq(roster_conn_id_compose(&parts, &id), fits ? 0 : -EINVAL);
                if (!fits)
                    continue;
                cr_assert_eq(id & 1, width == 64);
                cr_assert_eq(roster_conn_id_parse(id, &again), 0);
                cr_assert(again.local == parts.local && again.server == parts.server &&
                          again.width == parts.width);
            }
}

Test(conn_id, parts_that_no_id_has_are_refused)
{
    static const struct roster_conn_id wrong[] = {
        {0, 1, 32},        {0, 1, 64},        {1, 2048, 32},
        {0x100000, 1, 32}, {1, 0x400000, 64}, {UINT64_C(1) << 40, 1, 64},
        {1, 0, 64}, /* its high half would be empty */
        {1, 1, 0},         {1, 1, 33},
    };
    struct roster_conn_id parts = {1, 1, 32};
    uint64_t id = 7;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        cr_assert_eq(roster_conn_id_compose(&wrong[i], &id), -EINVAL, "row %zu", i);
    cr_assert_eq(roster_conn_id_compose(NULL, &id), -EINVAL);
    cr_assert_eq(roster_conn_id_compose(&parts, NULL), -EINVAL);
    cr_assert_eq(id, 7);
}

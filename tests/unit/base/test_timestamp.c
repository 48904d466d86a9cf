/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Roster developers */

/* The parts of a timestamp, and going back in time by it. */

#include <criterion/criterion.h>

#include <roster/timestamp.h>

Test(timestamp, parts_come_back)
{
    uint64_t ts = roster_ts_compose(UINT64_C(1700000000123), 4711);

    cr_assert_eq(roster_ts_physical_ms(ts), UINT64_C(1700000000123));
    cr_assert_eq(roster_ts_logical(ts), 4711);
    cr_assert_eq(ts, (UINT64_C(1700000000123) << 18) + 4711, "the layout is TiDB's");
}

Test(timestamp, the_logical_part_is_cut_to_its_bits)
{
    cr_assert_eq(roster_ts_compose(1, ROSTER_TS_LOGICAL_MASK + 1), roster_ts_compose(1, 0));
    cr_assert_eq(roster_ts_compose(1, ROSTER_TS_LOGICAL_MASK), roster_ts_compose(2, 0) - 1);
}

Test(timestamp, before_goes_back_by_milliseconds)
{
    uint64_t ts = roster_ts_compose(5000, 7);

    cr_assert_eq(roster_ts_before(ts, 1000), roster_ts_compose(4000, 7));
    cr_assert_eq(roster_ts_before(ts, 4999), roster_ts_compose(1, 7));
}

Test(timestamp, before_stops_at_the_epoch)
{
    cr_assert_eq(roster_ts_before(roster_ts_compose(5000, 7), 5000), 7);
    cr_assert_eq(roster_ts_before(roster_ts_compose(5000, 7), 5001), 0);
    cr_assert_eq(roster_ts_before(roster_ts_compose(5000, 7), UINT64_MAX), 0);
    cr_assert_eq(roster_ts_before(0, 0), 0);
}

/* Oracles that merely count stay below the first millisecond; their rosters collect too. */
Test(timestamp, no_time_before_is_the_timestamp_itself)
{
    cr_assert_eq(roster_ts_before(1001, 0), 1001);
    cr_assert_eq(roster_ts_before(ROSTER_TS_MAX, 0), ROSTER_TS_MAX);
}

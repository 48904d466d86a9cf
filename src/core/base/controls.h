/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * Code that tests compile into the core; a normal build contains none of its instructions.
 *
 * A control deliberately breaks one guarantee in one place, to show that its checker can fail:
 * rst_control(NAME) is the constant 1 when the file is compiled with -DROSTER_CONTROL_NAME, else
 * the constant 0. tests/torture/CONTROLS.md lists all of them.
 *
 * A test point marks a place where the order of two steps matters. With -DROSTER_TEST_DELAYS it
 * calls the test program, which lets time pass or other threads run, so that a wrong order shows
 * without an unlucky interrupt.
 */
#pragma once

/* A macro that was defined by -D is 1, and only then does the paste below make an extra argument.
 */
#define RST_CONTROL_IS_1 0,
#define rst_control_second(first, second, ...) second
/* NOLINTNEXTLINE(bugprone-macro-parentheses): `extra` is no expression */
#define rst_control_choose(extra) rst_control_second(extra 1, 0, 0)
#define rst_control_paste(value) rst_control_choose(RST_CONTROL_IS_##value)
#define rst_control_value(value) rst_control_paste(value)
#define rst_control(name) rst_control_value(ROSTER_CONTROL_##name)

#ifdef ROSTER_TEST_DELAYS
/* Defined by the test program. */
void rst_test_point_reached(const char *name);
#define rst_test_point(name) rst_test_point_reached(name)
#else
#define rst_test_point(name) ((void)0)
#endif

/*
 * SPDX-License-Identifier: LGPL-2.1-or-later
 * SPDX-FileCopyrightText: 2026 The Roster developers
 *
 * What the programs in this folder share: they run one test under relacy, which executes its
 * threads in many interleavings and lets each load return whatever the rules of C11 allow.
 *
 *     PROGRAM [EXECUTIONS [MUTANT]]
 *
 * explores that many executions, chosen at random but the same ones each time, and exits 0 when
 * none of them broke an assertion or raced. With a mutant's name, the test runs with the fault of
 * that name in it. The names are in each program's first comment.
 *
 * Membarrier is no part of C11. It stands here as what the library uses without it: a sequentially
 * consistent fence on both sides. Plain memory is an rl::var, whose races relacy reports.
 */
#ifndef ROSTER_TESTS_MODEL_RELACY_EXPLORE_HPP
#define ROSTER_TESTS_MODEL_RELACY_EXPLORE_HPP

#include <relacy/relacy.hpp>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <sstream>

#define full_fence() rl::atomic_thread_fence(rl::memory_order_seq_cst)

/* The mutant that was asked for. */
static char const *mutant_name = "";

/* Whether it is this one. Asked millions of times, so the answer is kept. */
#define mutant(name)                                                                               \
    ([]() -> bool {                                                                                \
        static bool const is_it = std::strcmp(mutant_name, #name) == 0;                            \
        return is_it;                                                                              \
    }())

/* One line, and what went wrong when something did and $VERBOSE is set. Ends the program. */
template <typename test> int explore(int argc, char **argv)
{
    rl::test_params params;
    std::ostringstream words;

    params.output_stream = &words;
    params.progress_stream = &words;
    params.iteration_count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 100000;
    params.execution_depth_limit = 10000;
    mutant_name = argc > 2 ? argv[2] : "";
    bool passed = rl::simulate<test>(params);
    std::cout << (passed ? "passed " : "refuted ") << params.stop_iteration << " "
              << rl::test_result_str(params.test_result) << std::endl;
    if (!passed && std::getenv("VERBOSE"))
        std::cout << words.str();
    /* After a failure relacy's own destructors free memory twice: past them. */
    std::_Exit(passed ? 0 : 1);
}

#endif /* ROSTER_TESTS_MODEL_RELACY_EXPLORE_HPP */

/* verify_program.h - what the files of this program share. */
#ifndef VERIFY_PROGRAM_H
#define VERIFY_PROGRAM_H

#include <chaoschain/chaoschain.h>

#include "programs/common/common.h"

#define PROGRAM "chaoschain-verify"

/* The answer when there is no verdict, because a fault of the caller or of ours kept us from judging: a
 * message, or, with the time of judgement in `json_now`, a complete verdict object with verified = null.
 * Returns `code`. */
int report_fault(const int64_t *json_now, int code, const chaos_error *err);

/* Tells on standard error which collateral this quote needs and which command is going to fetch it. */
void report_missing_collateral(chaos_slice quote, const char *path);

#endif

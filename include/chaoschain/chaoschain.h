/* chaoschain.h - everything, in the order in which data flows. */
#ifndef CHAOSCHAIN_CHAOSCHAIN_H
#define CHAOSCHAIN_CHAOSCHAIN_H

#include <chaoschain/base.h>
#include <chaoschain/evidence.h>
#include <chaoschain/verify.h>
#include <chaoschain/appraise.h>
#include <chaoschain/check.h>

#endif

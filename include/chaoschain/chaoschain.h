/* chaoschain.h - everything, in the order in which data flows: first what judges evidence (libchaoschain-verify has
 * that much), then what makes it (libchaoschain). A program that only judges includes the first group by name. */
#ifndef CHAOSCHAIN_CHAOSCHAIN_H
#define CHAOSCHAIN_CHAOSCHAIN_H

#include <chaoschain/base.h>
#include <chaoschain/evidence.h>
#include <chaoschain/verify.h>
#include <chaoschain/appraise.h>
#include <chaoschain/check.h>

#include <chaoschain/provider.h>
#include <chaoschain/tee.h>
#include <chaoschain/net.h>
#include <chaoschain/eth.h>
#include <chaoschain/erc8004.h>
#include <chaoschain/agent.h>
#include <chaoschain/validator.h>

#endif

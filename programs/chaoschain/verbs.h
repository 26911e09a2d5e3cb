/* verbs.h - the verbs of chaoschain: one function, one file each. */
#ifndef CHAOSCHAIN_VERBS_H
#define CHAOSCHAIN_VERBS_H

#include "programs/common/common.h"

/* argv[0] is the verb. Each returns the exit code. */
int verb_verify(int argc, char **argv);
int verb_bundle(int argc, char **argv);
int verb_inspect(int argc, char **argv);
int verb_policy(int argc, char **argv);
int verb_forge(int argc, char **argv);
int verb_collateral(int argc, char **argv);
int verb_tee(int argc, char **argv); /* providers, keygen, attest, sign */
int verb_chain(int argc, char **argv); /* validation, feedback, chain, account, check, ... */
int verb_agent(int argc, char **argv); /* agent, receipts */
int verb_doctor(int argc, char **argv);
int verb_provider(int argc, char **argv); /* provider new, provider check */

/* Becomes the program `name` that lies beside this one, with the rest of the command line; never looks in
 * PATH. Returns only when it cannot. */
int exec_beside(const char *name, char **argv);

#endif

/* forge_program.h - the rooms of chaoschain-forge. */
#ifndef FORGE_PROGRAM_H
#define FORGE_PROGRAM_H

#include "programs/common/common.h"
#include "sim/sim.h"

#define PROGRAM "chaoschain-forge"

/* All breaks, to standard output: a table for people, or one line of JSON. Returns the exit code. */
int list_breaks(bool as_json);

/* Everything into `folder`, which is made if it is not there: all files or none, each complete before it
 * gets its name. What an earlier run left there and this one does not have is removed. Returns the exit
 * code. */
int write_evidence(const char *folder, const forge_result *made, const forge_break *broken);

/* The same for a bundle: bundle.jsonl, the contents of a folder, what a relying party holds, and what it can know. */
int write_bundle(const char *folder, const forge_bundle *made, const forge_break *broken);

#endif

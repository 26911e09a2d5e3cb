/* anvil.h - a local chain for tests: the anvil of tests/npm/chain, on a free port, ended by its pid. */
#ifndef SUPPORT_ANVIL_H
#define SUPPORT_ANVIL_H

#include "base/base.h"

/* Its binary: CHAOS_ANVIL, else that of tests/npm/chain. NULL: not installed (then say SKIPPED). Static. */
const char *anvil_path(void);

typedef struct anvil anvil;

/* `arguments` (ended by NULL; NULL: none) are added to --host, --port 0 and --chain-id 31337. Listens when it returns;
 * ends the test when it cannot. */
anvil *anvil_start(const char *const *arguments);
const char *anvil_url(const anvil *a);
/* SIGTERM, which writes --state, or SIGKILL, which does not; and waits. */
void anvil_stop(anvil *a, bool kill);

#endif

/* collateral.h - what the files about collateral share: the service, a platform's collateral, the
 * folder it is kept in. */
#ifndef NET_COLLATERAL_H
#define NET_COLLATERAL_H

#include <chaoschain/net.h>

#include "net/net.h"
#include "verify/verify.h"

#define COLLATERAL_MAX_PATH 4096

/* USAGE, with the option that is wrong. collateral_fetch.c */
CHAOS_MUST_USE chaos_status collateral_check_service(const chaos_collateral_service *service, chaos_error *err);
CHAOS_MUST_USE chaos_status collateral_check_platform(const chaos_platform *platform, chaos_error *err);
/* Is the text genuine and in time, and this platform's? Its facts, then. collateral_judge.c */
/* Are both statements of this evaluation? 0: any will do. TCB_INFO_MISMATCH. */
CHAOS_MUST_USE chaos_status collateral_check_number(uint32_t wanted, const chaos_collateral_facts *facts,
                                                    chaos_error *err);
CHAOS_MUST_USE chaos_status collateral_judge(chaos_slice text, const chaos_platform *platform, const chaos_trust *trust,
                                             int64_t now, chaos_collateral_facts *facts, chaos_error *err);

/* --------------------------------------------------------------- the folder ---- */

#define COLLATERAL_NAME_SIZE 40
#define COLLATERAL_FLOOR "floor.json"
/* "tdx-00806f050000-platform.json" */
void collateral_name(const chaos_platform *platform, char name[COLLATERAL_NAME_SIZE]);

/* Makes the folder's last part. */
CHAOS_MUST_USE chaos_status collateral_folder_make(const char *folder, chaos_error *err);
/* One writer at a time, of all processes and threads; a few seconds are waited for it, then it is LOCKED. */
CHAOS_MUST_USE chaos_status collateral_folder_lock(const char *folder, int *lock, chaos_error *err);
void collateral_folder_unlock(int lock);
/* Appends the file's bytes, up to the limit of `bytes`; one more is LIMIT. *there false: there is no such file. */
CHAOS_MUST_USE chaos_status collateral_folder_read(const char *folder, const char *name, chaos_buffer *bytes,
                                                   bool *there, chaos_error *err);
/* Whole or not at all, and on the disk when it returns. Under the lock. */
CHAOS_MUST_USE chaos_status collateral_folder_write(const char *folder, const char *name, chaos_slice bytes,
                                                    chaos_error *err);

#endif

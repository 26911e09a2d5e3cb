/* eth.h (inside) - what the files of this folder share. */
#ifndef ETH_ETH_H
#define ETH_ETH_H

#include <chaoschain/eth.h>

#include "base/base.h"
#include "codec/codec.h"
#include "crypto/crypto.h"
#include "keys/keys.h"

/* An account over a key, which it takes (*key is then NULL) unless it fails. account.c */
CHAOS_MUST_USE chaos_status account_from_key(guarded_key **key, chaos_account **account, chaos_error *err);

/* chaos_transaction_write for a signature that guarded_key_sign has just made over this transaction's digest: it has
 * been recovered and compared once, and is not again. transaction.c */
CHAOS_MUST_USE chaos_status transaction_write_own(const chaos_transaction *transaction,
                                                  const chaos_signature65 *signature, chaos_buffer *raw,
                                                  chaos_keccak *hash, chaos_error *err);

CHAOS_CLEANUP(chaos_account);

#endif

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

CHAOS_CLEANUP(chaos_account);

#endif

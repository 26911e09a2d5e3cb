/* eth.h (inside) - what the files of this folder share. */
#ifndef ETH_ETH_H
#define ETH_ETH_H

#include <chaoschain/eth.h>

#include "base/base.h"
#include "codec/codec.h"
#include "crypto/crypto.h"

#endif

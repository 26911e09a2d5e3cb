/* resign.h - a valid set of evidence taken apart into what is signed. Any of it may be changed at any byte; put
 * together again, each part is signed anew by the key that signs it. So a test or a fuzzer gets past the signatures, to
 * whatever reads and judges what they cover. */
#ifndef SIM_RESIGN_H
#define SIM_RESIGN_H

#include "sim/recipe.h"

typedef enum resign_part {
    RESIGN_PCK,         /* TBSCertificate of the leaf */
    RESIGN_CA,
    RESIGN_TCB_SIGNER,
    RESIGN_ROOT_CRL,    /* TBSCertList */
    RESIGN_PCK_CRL,
    RESIGN_TCB_INFO,    /* JSON */
    RESIGN_QE_IDENTITY,
    RESIGN_QE_REPORT,
    RESIGN_QUOTE,       /* header and body */
    RESIGN_PARTS
} resign_part;

extern const char *const resign_names[RESIGN_PARTS];

typedef struct resign_set {
    forge_result made;              /* the valid set; its root is to be trusted */
    sim_keyring keys;
    chaos_evidence *evidence;       /* of made.quote */
    chaos_collateral *collateral;
    chaos_buffer root;              /* DER, as presented */
    chaos_buffer parts[RESIGN_PARTS]; /* change these, also in length */
} resign_set;

CHAOS_MUST_USE bool resign_begin(resign_set *set, forge_kind kind, const forge_options *options);
void resign_end(resign_set *set);
/* Quote and collateral of the parts as they are. False: out of memory, or the quote is not of its size any more. */
CHAOS_MUST_USE bool resign_make(const resign_set *set, chaos_buffer *quote, chaos_buffer *collateral);

#endif

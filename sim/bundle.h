/* bundle.h - a bundle as knobs with sound defaults. A break turns one before the receipts are chained and signed, or
 * after, or in the order of the lines, or in the text. Private to sim/ and its tests. */
#ifndef SIM_BUNDLE_H
#define SIM_BUNDLE_H

#include "sim/recipe.h"

#define BUNDLE_SESSIONS 2
#define SESSION_SECONDS 86400
#define BUNDLE_ITEMS 32 /* of a bundle that can be broken */

typedef struct receipt_spec {
    chaos_receipt receipt;
    unsigned session;      /* whose envelope is named ... */
    unsigned signing_session; /* ... and whose key signs, unless `scalar` is set */
    const uint8_t *scalar;
    bool keeps_previous, keeps_evidence; /* what the action says stays */
} receipt_spec;

typedef struct content_spec {
    char text[32];
    chaos_keccak hash;
} content_spec;

typedef struct line_spec {
    bundle_kind kind;
    size_t index; /* of the session, receipt or content */
} line_spec;

typedef struct bundle_recipe {
    const forge_bundle_options *options;
    bundle_header header;
    forge_result sessions[BUNDLE_SESSIONS];
    agent_keyring keys[BUNDLE_SESSIONS];
    receipt_spec *receipts;
    size_t receipt_count;
    content_spec contents[FORGE_MAX_CONTENTS];
    size_t content_count;
    line_spec *lines;
    size_t line_count;
    /* Knobs that are turned before the evidence is made. */
    void (*change[BUNDLE_SESSIONS])(recipe *r);
    const char *break_of[BUNDLE_SESSIONS]; /* a break of evidence */
    unsigned stage[BUNDLE_SESSIONS];
    bool at_one_time; /* both sessions begin at the same second */
} bundle_recipe;

typedef struct bundle_break {
    forge_break shown;
    void (*evidence)(bundle_recipe *r); /* before the sessions' evidence is made */
    void (*before)(bundle_recipe *r);   /* before receipts are chained and signed */
    void (*after)(bundle_recipe *r);    /* after that; the order of lines, too */
    text_edit edit;                     /* of the whole text */
} bundle_break;

extern const bundle_break bundle_breaks[];
extern const size_t bundle_break_count;

#endif

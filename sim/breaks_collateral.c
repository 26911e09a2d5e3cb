/* breaks_collateral.c - breaks of the interchange JSON around the signed statements. */
#include "sim/recipe.h"

#define RENAMED(member)                                     \
    BREAK("collateral-no-" member, COLLATERAL_FORMAT, BOTH, \
          EDIT(collateral_edit, "\"" member "\":", "\"x\":"), "the member has another name")

static const break_row rows[] = {
    RENAMED("pck_crl_issuer_chain"),
    RENAMED("root_ca_crl"),
    RENAMED("pck_crl"),
    RENAMED("tcb_info_issuer_chain"),
    RENAMED("tcb_info"),
    RENAMED("tcb_info_signature"),
    RENAMED("qe_identity_issuer_chain"),
    RENAMED("qe_identity"),
    RENAMED("qe_identity_signature"),
    BREAK("collateral-duplicate-member", JSON_DUPLICATE_KEY, BOTH,
          EDIT(collateral_edit, "{\"pck_crl_issuer_chain\"", "{\"pck_crl\":\"\",\"pck_crl_issuer_chain\""),
          "a member comes twice"),
    BREAK("collateral-number-for-text", COLLATERAL_FORMAT, BOTH,
          EDIT(collateral_edit, "\"tcb_info_signature\":\"", "\"tcb_info_signature\":1,\"x\":\""),
          "a number where a text must be"),
    BREAK("collateral-array", COLLATERAL_FORMAT, BOTH, EDIT(collateral_edit, "{", "[{"),
          "an array, not an object"),
    BREAK("collateral-trailing-text", JSON, BOTH, EDIT(collateral_edit, NULL, "x"), "text after the object"),
    BREAK("collateral-stray-comma", JSON, BOTH, EDIT(collateral_edit, "{", "{,"),
          "a comma before the first member"),
    BREAK("collateral-byte-order-mark", JSON, BOTH, EDIT(collateral_edit, "", "\xef\xbb\xbf"),
          "a byte order mark"),
    BREAK("collateral-not-utf8", JSON, BOTH, EDIT(collateral_edit, "{", "{\"\xff\":0,"),
          "a byte that is not UTF-8"),
};

BREAK_GROUP(breaks_collateral, rows);
